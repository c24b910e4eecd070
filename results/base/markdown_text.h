#pragma once

#include <string>

namespace brokenpipe::markdown {

/// Text between markup: nothing in it is markup.
std::string escaped(const std::string& text);

/// Text as code, also in the cell of a table, where only `|` needs care.
std::string code(const std::string& text);

}  // namespace brokenpipe::markdown
