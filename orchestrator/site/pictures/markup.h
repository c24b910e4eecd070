#pragma once

#include <pugixml.hpp>
#include <string>

/// Elements and attributes of any text: whatever a guest or a package said is escaped, and what
/// XML 1.0 cannot hold at all (control characters) becomes a question mark.
namespace brokenpipe {

pugi::xml_node append(pugi::xml_node parent, const char* name, const std::string& text = {});

void set(pugi::xml_node node, const char* name, const std::string& value);
void set(pugi::xml_node node, const char* name, int value);

/// The element as markup, without an XML declaration; no element is written as `<name/>`, which
/// HTML does not know.
std::string markup(const pugi::xml_document& document);

}  // namespace brokenpipe
