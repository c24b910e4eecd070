#pragma once

#include <string>

#include "results/diff.h"

/// Badges: a verdict in a few words, to stand in a page of somebody else.
namespace brokenpipe {

enum class BadgeColour { good, attention, bad, unknown };

/// A flat badge as an SVG file: `label` on grey, `message` on its colour. Both are escaped.
std::string badge(const std::string& label, const std::string& message, BadgeColour colour);

/// `debian-6.12: 0 unexplained, 3 not asked`, of one kernel.
std::string kernel_badge(const Diff& diff);

/// `matrix: as predicted`, of a whole run.
std::string matrix_badge(ExitCode code);

}  // namespace brokenpipe
