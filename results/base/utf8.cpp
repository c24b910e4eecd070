#include "results/base/utf8.h"

#include <algorithm>

namespace brokenpipe {
namespace {

unsigned byte_of(char c) {
  return static_cast<unsigned char>(c);
}

bool continues(char c) {
  return (byte_of(c) & 0xc0U) == 0x80U;
}

/// How many bytes the character has that begins with this one; 0 where none does.
std::size_t length_by(char lead) {
  const unsigned byte = byte_of(lead);
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
  const std::size_t length = length_by(text[at]);
  if (length == 0 || length > text.size() - at) return {};
  if (length == 1) return {byte_of(text[at]), 1, true};
  char32_t code = byte_of(text[at]) & (0x7fU >> length);
  for (const char c : text.substr(at + 1, length - 1)) {
    if (!continues(c)) return {};
    code = (code << 6U) | (byte_of(c) & 0x3fU);
  }
  const bool longer_than_need_be = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (longer_than_need_be || surrogate || code > 0x10ffff) return {};
  return {code, length, true};
}

std::size_t unfinished_bytes(std::string_view text) {
  const std::size_t most = std::min<std::size_t>(text.size(), 3);
  for (std::size_t back = 1; back <= most; ++back) {
    const char c = text[text.size() - back];
    if (!continues(c)) return length_by(c) > back ? back : 0;
  }
  return 0;
}

bool is_misleading(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  return within(0, 0x1f) || within(0x7f, 0x9f) || c == 0x61c || within(0x200e, 0x200f) ||
         within(0x2028, 0x202e) || within(0x2066, 0x2069);
}

}  // namespace brokenpipe
