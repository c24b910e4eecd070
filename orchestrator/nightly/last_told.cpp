#include "orchestrator/nightly/last_told.h"

#include "results/base/file.h"
#include "results/base/json_file.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

constexpr int schema = 1;

fs::path file_in(const fs::path& state) {
  return state / "unexplained.json";
}

}  // namespace

std::optional<LastTold> read_last_told(const fs::path& state) {
  const fs::path file = file_in(state);
  if (!fs::exists(file)) return std::nullopt;
  const nlohmann::json document = read_json(file, schema);
  const JsonPlace root(document, file.string());
  LastTold last;
  if (const auto night = root.find("night")) last.night = night->text();
  for (const JsonPlace& item : root.at("unexplained").items()) {
    last.unexplained.insert({item.at("kernel").text(), item.at("scenario").text(),
                             item.at("place").text(), item.at("expected").text(),
                             item.at("got").text()});
  }
  return last;
}

void write_last_told(const fs::path& state, const LastTold& last) {
  nlohmann::ordered_json json = {
      {"schema", schema}, {"night", last.night}, {"unexplained", nlohmann::ordered_json::array()}};
  for (const Unexplained& difference : last.unexplained) {
    json["unexplained"].push_back({{"kernel", difference.kernel},
                                   {"scenario", difference.scenario},
                                   {"place", difference.place},
                                   {"expected", difference.expected},
                                   {"got", difference.got}});
  }
  write_file(file_in(state), json_text(json));
}

}  // namespace brokenpipe
