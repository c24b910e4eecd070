#pragma once

#include <string>

#include "orchestrator/summary/report_data.h"

/// A run that was made to do harm where it is told, and what would be harm.
namespace brokenpipe {

/// Begins every line that hostile words forge.
inline constexpr const char* forged = "FORGED";

/// Escapes of terminals, C1, bidirectional marks, ends of lines, markup, ends of scripts, cells,
/// quotes, directives and formulas. As JSON has strings: UTF-8.
std::string hostile_words();

/// The same with bytes that are not UTF-8, as a file's name or a console may have them.
std::string hostile_bytes();

/// How long the longest of the run's words are.
inline constexpr std::size_t hostile_length = 1000000;

/// Whatever a guest, a package, a file's name or a file beside ours can say in a result is hostile:
/// scenarios that differ, are killed, break, flake and are not asked; a kernel that failed, one
/// that no mirror offers; some of it `hostile_length` long.
ReportData hostile_run();

/// A result such as that run has of a kernel, and what it is held against.
RunResult hostile_result();
RunResult hostile_reference();

/// Two such results beside each other.
ReportData hostile_comparison();

/// What in a text a terminal or an eye would take for something else, with what stands around it;
/// empty where there is nothing. A newline and a tab are none.
std::string harm_in(const std::string& text);

/// Expects of a text by lines that no words have begun one.
bool has_forged_line(const std::string& text);

}  // namespace brokenpipe
