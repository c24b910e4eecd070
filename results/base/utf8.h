#pragma once

#include <cstddef>
#include <string_view>

/// Text taken apart into characters, as UTF-8 has them (RFC 3629).
namespace brokenpipe {

struct Character {
  char32_t code = 0;       ///< where it is valid
  std::size_t length = 1;  ///< in bytes; 1 of what is not valid
  bool valid = false;
};

/// What begins at a byte of the text, which must have it. Longer forms than need be, surrogates and
/// what is beyond U+10FFFF are not valid.
Character character_at(std::string_view text, std::size_t at);

/// How many bytes at the text's end are the start of a character whose others are yet to come.
std::size_t unfinished_bytes(std::string_view text);

/// Whether a terminal or an eye takes a character for another thing than a letter to be read:
/// controls (C0, DEL, C1), the order of bidirectional text, ends of lines and paragraphs.
bool is_misleading(char32_t character);

}  // namespace brokenpipe
