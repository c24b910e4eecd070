#include "orchestrator/site/templates.h"

#include <algorithm>
#include <array>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace {

namespace mustache = kainjow::mustache;
using Json = nlohmann::ordered_json;

/// What we have made, and what is nothing if not whole: numbers for a script, markup of safe words,
/// which a template takes over by `{{{ }}}`; and a guest's log, of which a page has all that is
/// given to it.
bool is_whole(std::string_view name) {
  constexpr std::array names{"answers", "body", "console", "diagram", "differences", "heat_map"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

mustache::data data_of(const Json& json, std::string_view name = {}) {
  if (json.is_object()) {
    mustache::object object;
    for (const auto& [key, value] : json.items()) object.emplace(key, data_of(value, key));
    return object;
  }
  if (json.is_array()) {
    mustache::list list;
    list.reserve(json.size());
    for (const Json& item : json) list.push_back(data_of(item));
    return list;
  }
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.empty()) return false;
    return page_text(text, is_whole(name) ? unlimited : longest_words);
  }
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_null()) return false;
  return json.dump();
}

}  // namespace

mustache::mustache& Templates::parsed(const std::string& name) {
  const auto known = parsed_.find(name);
  if (known != parsed_.end()) return known->second;
  const std::filesystem::path file = folder_ / (name + ".mustache");
  mustache::mustache parsed(read_file(file));
  if (!parsed.is_valid())
    throw Error("reading the template " + file.string(), parsed.error_message(),
                "Install brokenpipe again, or mend the template.");
  return parsed_.emplace(name, std::move(parsed)).first->second;
}

std::string Templates::render(const std::string& name, const Json& data) {
  const mustache::data filling = data_of(data);
  mustache::context<std::string> context;
  context.push(&filling);
  return parsed(name).render(context);
}

}  // namespace brokenpipe
