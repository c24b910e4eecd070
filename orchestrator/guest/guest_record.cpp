// What a guest says becomes values, or a fault that is named.
#include "orchestrator/guest/guest_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "results/base/error.h"
#include "results/base/json_file.h"
#include "results/base/json_parse.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace {

using nlohmann::json;

/// An observation has 6 levels.
constexpr JsonLimits record_limits{.bytes = longest_record, .depth = 10, .values = 50'000};

/// Of a name or a word; uname(2)'s have 64 bytes at most.
constexpr std::size_t longest_word = 256;

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

bool is_of_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/// results/schema/definitions.json: family/situation, variants after plus signs.
bool is_scenario_id(std::string_view id) {
  if (id.size() > longest_word || id.find('/') == std::string_view::npos) return false;
  bool variants = false;
  bool begun = false;  // the part between two signs
  for (const char c : id) {
    if (is_of_id(c)) {
      begun = true;
      continue;
    }
    const bool separates = c == '+' || (c == '/' && !variants);
    if (!separates || !begun) return false;
    variants = variants || c == '+';
    begun = false;
  }
  // A slash must have come before the first plus sign.
  return begun && id.find('/') < id.find('+');
}

/// A word that goes into lines and tables.
std::string word(const JsonPlace& place) {
  std::string text = place.text();
  if (text.size() > longest_word)
    place.fail(fmt::format("{} bytes, of {} at most", text.size(), longest_word));
  if (!std::all_of(text.begin(), text.end(), is_printable))
    place.fail("bytes that are no printable characters");
  return text;
}

ProbeRecord probe_from(const JsonPlace& place) {
  ProbeRecord probe;
  probe.version = word(place.at("version"));
  probe.release = word(place.at("release"));
  probe.kernel_version = word(place.at("kernel_version"));
  probe.machine = word(place.at("machine"));
  if (probe.release.empty()) place.at("release").fail("empty");
  if (const auto log = place.find("kernel_log")) probe.kernel_log = log->boolean();
  if (const auto failed = place.find("modules_failed")) {
    if (!failed->value().is_object()) failed->fail("not an object");
    for (const auto& [module, error] : failed->value().items()) {
      const json name = module;
      probe.modules_failed[word(JsonPlace(name, "a module's name"))] = word(failed->at(module));
    }
  }
  return probe;
}

EndRecord end_from(const JsonPlace& place) {
  const JsonPlace count = place.at("observations");
  if (!count.value().is_number_unsigned()) count.fail("no count");
  return {count.value().get<std::uint64_t>()};
}

Observation observation_from(const JsonPlace& place) {
  if (const auto disagreeing = place.find("disagreeing"))
    disagreeing->fail("a probe does not say it of itself");
  Observation seen = observation_from_record(place.value());
  if (!is_scenario_id(seen.scenario)) place.at("scenario").fail("no scenario's id");
  return seen;
}

OtherRecord other_from(const std::string& kind, const JsonPlace& place) {
  OtherRecord other{kind, {}};
  for (const auto& [key, value] : place.value().items()) {
    if (key != "record") other.texts[key] = place.at(key).text();
  }
  return other;
}

GuestRecord record_from(const JsonPlace& place) {
  const std::string kind = word(place.at("record"));
  if (kind == "probe") return probe_from(place);
  if (kind == "begin") return BeginRecord{word(place.at("scenario"))};
  if (kind == "observation") return observation_from(place);
  if (kind == "end") return end_from(place);
  return other_from(kind, place);
}

/// Of an error of reading, what is wrong: without what was being read and the advice to its owner,
/// who is a guest here.
std::string what_is_wrong(std::string why) {
  why = why.substr(0, why.rfind("\n  "));
  const std::string_view reading = "reading ";
  return why.starts_with(reading) ? why.substr(reading.size()) : why;
}

}  // namespace

std::string excerpt(std::string_view text) {
  constexpr std::size_t shown = 60;
  const std::string printable = printable_ascii(text.substr(0, shown));
  return text.size() > shown ? printable + "..." : printable;
}

std::variant<GuestRecord, RecordFault> guest_record(std::string_view payload) {
  const auto parsed = parse_json(payload, record_limits);
  if (const auto* fault = std::get_if<JsonFault>(&parsed))
    return RecordFault{fmt::format("payload is refused at its byte {}: {}: \"{}\"", fault->byte,
                                   printable_ascii(fault->what), excerpt(payload))};
  const auto& document = std::get<json>(parsed);
  if (!document.is_object())
    return RecordFault{fmt::format("payload is no JSON object: \"{}\"", excerpt(payload))};
  try {
    return record_from(JsonPlace(document, "a record of the probe"));
  } catch (const Error& error) {
    // An error quotes what it complains of, which may be all of the payload.
    constexpr std::size_t longest = 240;
    const std::string why = printable_ascii(what_is_wrong(error.what()));
    return RecordFault{why.size() > longest ? why.substr(0, longest) + "..." : why};
  }
}

std::string RecordOrder::wrong_with(const GuestRecord& record) {
  if (ended_) return "comes after the end";
  return std::visit(
      [this](const auto& value) -> std::string {
        using Kind = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Kind, ProbeRecord>) {
          if (std::exchange(introduced_, true)) return "the probe says twice what it is";
        } else if constexpr (std::is_same_v<Kind, Observation>) {
          if (!scenarios_.insert(value.scenario).second)
            return fmt::format("scenario {} is there twice", value.scenario);
          ++observations_;
        } else if constexpr (std::is_same_v<Kind, EndRecord>) {
          ended_ = true;
          return wrong_with_end(value);
        }
        return {};
      },
      record);
}

std::string RecordOrder::wrong_with_end(const EndRecord& end) const {
  if (end.observations != observations_)
    return fmt::format("the end counts {} observations, {} were received", end.observations,
                       observations_);
  if (observations_ > 0 && !introduced_) return "the probe has not said what it runs on";
  return {};
}

}  // namespace brokenpipe
