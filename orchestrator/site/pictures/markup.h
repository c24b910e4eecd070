#pragma once

#include <cstddef>
#include <pugixml.hpp>
#include <string>

#include "results/base/text.h"

/// Elements and attributes of any text: whatever a guest or a package said is escaped, as
/// xml_text() has it.
namespace brokenpipe {

pugi::xml_node append(pugi::xml_node parent, const char* name, const std::string& text = {},
                      std::size_t longest = longest_words);

void set(pugi::xml_node node, const char* name, const std::string& value);
void set(pugi::xml_node node, const char* name, int value);

/// The element as markup, without an XML declaration; no element is written as `<name/>`, which
/// HTML does not know.
std::string markup(const pugi::xml_document& document);

}  // namespace brokenpipe
