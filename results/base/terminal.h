#pragma once

#include <cstdio>

/// What a stream that people may read can show.
namespace brokenpipe {

/// Whether to live-paint and colour this stream: a terminal, and for colour no NO_COLOR
/// (https://no-color.org).
bool is_terminal(std::FILE* stream);
bool wants_color(std::FILE* stream);

}  // namespace brokenpipe
