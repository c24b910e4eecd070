#pragma once

#include <string>

namespace brokenpipe {

/// Text between markup: nothing in it is markup.
std::string markdown_text(const std::string& text);

/// Text as code, also in the cell of a table, where only `|` needs care.
std::string markdown_code(const std::string& text);

}  // namespace brokenpipe
