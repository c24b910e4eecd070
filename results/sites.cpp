#include "results/sites.h"

#include <algorithm>

#include "results/base/json_file.h"

namespace brokenpipe {
namespace {

bool in_order(const Site& one, const Site& next) {
  return one.site < next.site;
}

Site site_from(const JsonPlace& place) {
  place.only({"site", "does", "unreached"});
  Site site{place.at("site").text(), place.at("does").text(), {}};
  if (const auto why = place.find("unreached")) site.unreached = why->text();
  return site;
}

/// What its command finds and is no site is for readers of the file: nothing here asks for it.
void check_left_out(const JsonPlace& place) {
  place.only({"site", "why"});
  place.at("site").text();
  place.at("why").text();
}

}  // namespace

Sites read_sites(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file, Sites::schema);
  const JsonPlace root(document, file.string());
  root.only({"schema", "kernel", "command", "searched", "sites", "left_out"});
  Sites sites{root.at("kernel").text(), root.at("command").text(), {}};
  root.at("searched").text();
  for (const JsonPlace& item : root.at("left_out").items()) check_left_out(item);
  for (const JsonPlace& item : root.at("sites").items()) {
    sites.sites.push_back(site_from(item));
    const auto& all = sites.sites;
    if (all.size() > 1 && !in_order(all.at(all.size() - 2), all.back()))
      item.fail("it is there twice, or out of order");
  }
  return sites;
}

}  // namespace brokenpipe
