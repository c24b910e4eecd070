#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

#include "results/base/text.h"

/// Formatting whose every argument may have come from outside: strings pass through terminal_text()
/// (results/base/text.h), so that only the format itself breaks lines. Text that is safe already
/// and has lines or colours of its own is put beside it by `+`.
namespace brokenpipe {

/// What an argument is formatted as. A range is none: join it first, so that its words are seen.
template <typename Argument>
using Shown = std::conditional_t<std::is_arithmetic_v<Argument>, Argument, std::string>;

template <typename Argument>
Shown<Argument> shown(const Argument& argument) {
  if constexpr (std::is_arithmetic_v<Argument>) {
    return argument;
  } else {
    static_assert(std::convertible_to<const Argument&, std::string_view>);
    return terminal_text(argument);
  }
}

template <typename... Arguments>
std::string safe_format(fmt::format_string<Shown<Arguments>...> format,
                        const Arguments&... arguments) {
  return fmt::format(format, shown(arguments)...);
}

/// Prints it, to stdout or stderr.
template <typename... Arguments>
void safe_print(std::FILE* stream, fmt::format_string<Shown<Arguments>...> format,
                const Arguments&... arguments) {
  fmt::print(stream, "{}", safe_format<Arguments...>(format, arguments...));
}

}  // namespace brokenpipe
