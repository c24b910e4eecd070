#include "results/base/markdown_text.h"

#include <string_view>

namespace brokenpipe::markdown {

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>#|&").find(c) != std::string_view::npos) safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

std::string code(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  // A longer fence than any in the text, and room for a backtick at its ends.
  return text.find('`') == std::string::npos ? "`" + safe + "`" : "`` " + safe + " ``";
}

}  // namespace brokenpipe::markdown
