#include "orchestrator/site/pictures/markup.h"

#include <sstream>

namespace brokenpipe {

pugi::xml_node append(pugi::xml_node parent, const char* name, const std::string& text,
                      std::size_t longest) {
  pugi::xml_node node = parent.append_child(name);
  if (!text.empty()) node.text().set(xml_text(text, longest).c_str());
  return node;
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

void set(pugi::xml_node node, const char* name, int value) {
  node.append_attribute(name).set_value(value);
}

std::string markup(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(
      text, "",
      pugi::format_raw | pugi::format_no_declaration | pugi::format_no_empty_element_tags);
  return text.str();
}

}  // namespace brokenpipe
