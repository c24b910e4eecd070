#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/changes.h"
#include "results/run_directory.h"
#include "results/run_result.h"
#include "results/sites.h"
#include "results/waivers.h"
#include "tests/support/schema.h"
#include "tests/support/scratch_folder.h"

/// Holds what reads a file against the schema that describes it, so that the two do not drift
/// apart: a valid file with one thing wrong, in every place and in every way, is accepted by both
/// or refused by both. Of words a reader may take more than the schema lists (results/seen.h). Half
/// of the file is the valid files, one for each schema, which belong beside what is made of them.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using Place = Json::json_pointer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path schemas = fs::path(PROJECT_FILES) / "results/schema";

struct Kind {
  std::vector<std::string> schemas;  ///< a file is valid by one of them
  std::function<void(const fs::path&)> read;
  std::string file = "file.json";
};

const Kind result_or_reference{{"run_result.json", "reference.json"}, read_run_result};

/// Every key that the schema speaks of is in it.
Json run_result() {
  return Json::parse(R"({"schema":1,
    "kernel":{"id":"linux-6.1","release":"6.1.0","version":"#1","machine":"x86_64",
              "package":"linux=6.1","sha256":""},
    "guest":{"ending":"oops","reason":"BUG","accelerator":"tcg","clock":"warp","qemu":"7.2",
             "libvirt":"9.0","boot_image":"pvh","cmdline":"panic=-1","modules":["sctp"],
             "modules_failed":{"sctp":"ENOMEM"},"initramfs":"","domain":"",
             "kernel_log":true,"timings":{"boot":1.5}},
    "probe":{"version":"0.1.0","sha256":"","selection":["tcp/*"]},
    "lacks":{"ax25":"CONFIG_AX25 is not set"},
    "observations":[
      {"scenario":"tcp/a","ending":"killed","signal":"SIGSEGV","steps":[]},
      {"scenario":"tcp/b","ending":"unsupported","reason":"no io_uring","feature":"io_uring",
       "proof":"ENOSYS","steps":[]},
      {"scenario":"tcp/c","ending":"completed","shortened":["net.ipv4.tcp_fin_timeout=2"],
       "steps":[{"step":"send#1","call":"send","args":"1","returned":-1,"errno":"EPIPE",
                 "signals":[{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}]},
                {"step":"look#1","call":"look","args":"","revents":["POLLIN"],"state":"CLOSE",
                 "so_error":"0","status":"exited 0","blocked":true,"elapsed":"60 s","value":3,
                 "completion":{"returned":"fd","errno":"EPIPE"},"count":0,"pending":["SIGPIPE"],
                 "siginfo":{"signal":"SIGPIPE","code":"SI_USER","pid":"self","uid":"self"},
                 "core_dumped":false,"events":[["POLLIN"]],"segments":["R 1:1"],
                 "queued":[{"signal":"SIGRTMIN","code":"POLL_IN","band":["POLLIN"]}]},
                {"step":"kernel#1","call":"kernel","args":"log","report":"WARNING in tcp_foo"}],
       "disagreeing":[{"scenario":"tcp/c","ending":"completed",
                       "steps":[{"step":"send#1","call":"send","args":"1","returned":1}]}]}]})");
}

/// As `brokenpipe record` writes it.
Json recorded_reference() {
  Json reference = run_result();
  for (Json& observation : reference["observations"]) {
    observation.erase("disagreeing");
    observation.update({{"basis", "derived"}, {"lines", "net/ipv4/tcp.c:1131"}});
    for (Json& step : observation["steps"])
      step.update({{"basis", "derived"}, {"lines", "net/ipv4/tcp.c:1131"}});
  }
  return reference;
}

Json reference_from_sources() {
  Json reference = recorded_reference();
  reference.erase("guest");
  reference.erase("probe");
  return reference;
}

/// The answers of scenarios that came with a change: recorded on a kernel, or derived.
Json introductions() {
  Json all;
  const Json reference = recorded_reference();
  for (Json answer : reference["observations"]) {
    all.push_back({{"recorded_on", nullptr}, {"answer", answer}});
    answer["basis"] = "recorded";
    for (Json& step : answer["steps"]) step["basis"] = "recorded";
    all.push_back({{"recorded_on", "4.6"}, {"answer", answer}});
  }
  return all;
}

Json changes() {
  Json changes = Json::parse(R"({"schema":1,"changes":[
    {"id":"one","says":"It exists.","mainline":"4.6","stable":["4.4.10"],"until":"5.1",
     "commit":"f17d8b35452c","subject":"vfs: x","source":"a git log",
     "moves":[{"scenarios":["tcp/*"],"step":"send#1",
               "before":{"returned":-1,"errno":"ENOSYS"},"after":{"returned":"fd"}},
              {"scenarios":["tcp/*"],"step":"ending",
               "before":{"ending":"completed"},"after":{"ending":"killed","signal":"SIGSEGV"}}]},
    {"id":"two","says":"It went.","mainline":"4.7","stable":[],"until":null,
     "commit":null,"subject":"unknown","source":"two kernels",
     "moves":[{"scenarios":["tcp/*"],"step":"look#1","call":"look","args":"","before":null,"after":
       {"returned":0,"errno":"EIO","signals":[{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}],
        "revents":["POLLIN"],"state":"CLOSE","so_error":"0","status":"exited 0","blocked":true,
        "completion":{"returned":1,"errno":"EPIPE"},"elapsed":"60 s","value":3,"count":0,
        "pending":["SIGPIPE"],"core_dumped":false,"report":"WARNING in tcp_foo",
        "events":[["POLLIN"]],"segments":["R 1:1"],
        "queued":[{"signal":"SIGRTMIN","code":"POLL_IN","band":["POLLIN"]}],
        "siginfo":{"signal":"SIGPIPE","code":"SI_USER","pid":"self","uid":"self"}}}]},
    {"id":"four","says":"It went away.","mainline":"4.7","stable":[],"until":null,
     "commit":null,"subject":"unknown","source":"two kernels",
     "moves":[{"scenarios":["tcp/*"],"step":"send#1","call":"send","args":"1",
               "before":{"returned":1},"after":null}]},
    {"id":"three","says":"It is new.","mainline":"4.8","stable":[],"until":"5.5",
     "until_stable":["5.4.9"],"commit":null,"subject":"unknown","source":"two kernels",
     "removes":["tcp/gone-*"]}]
})");
  changes["changes"].back()["introduces"] = introductions();
  return changes;
}

Json sites() {
  return Json::parse(R"({"schema":1,"kernel":"3.16","command":"grep EPIPE","searched":"a.sha256",
    "sites":[{"site":"fs/a.c:b","does":"returns EPIPE"},
             {"site":"fs/a.c:c","does":"returns EPIPE, sends SIGPIPE","unreached":"no card"}],
    "left_out":[{"site":"fs/a.c:d","why":"a comment"}]})");
}

Json run() {
  return Json::parse(R"({"schema":1,"id":"20261122T161005Z","started":"2026-11-22T16:10:05Z",
    "command_line":["brokenpipe","run"],"host":{"qemu":"7.2","libvirt":"9.0","uname":"Linux"},
    "kernels":[{"id":"a","state":"done"},{"id":"b","state":"failed","reason":"panic"}],
    "finished":true})");
}

Json waivers() {
  return Json::parse(R"({"schema":1,"waivers":[
    {"id":"no-modules","kernels":["debian-6.19*"],"scenarios":["sctp/*","tipc/*"],
     "why":"The mirror has none.","owner":"somebody","until":"2027-06-30"},
    {"id":"no-nfs","kernels":["debian-7.0"],"scenarios":["rpc-pipefs/*"],
     "why":"It loads too slowly.","owner":"somebody else","until":"2028-01-31"}]})");
}

/// JSON Schema cannot compare two places.
bool beyond_a_schema(const std::string& complaint) {
  const auto says = [&](const char* words) { return complaint.find(words) != std::string::npos; };
  return says("is there twice") || says("are the same") || says("out of order");
}

/// Both sides asked about a document, and what they disagree in.
class Comparison {
 public:
  explicit Comparison(const Kind& kind) : kind_(kind) {
    for (const std::string& name : kind.schemas) schemas_.emplace_back(name);
  }

  bool valid(const Json& document) const {
    return std::any_of(schemas_.begin(), schemas_.end(), [&](const testing::Schema& schema) {
      return schema.complaint_about(document).empty();
    });
  }

  /// What the reader says; empty where it accepts.
  std::string complaint_about(const Json& document) const {
    const fs::path file = folder_.path() / kind_.file;
    fs::remove(file);  // to truncate it would wait for the disk (ext4's auto_da_alloc)
    std::ofstream(file) << document;
    try {
      kind_.read(file);
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(file.string()));
      return e.what();
    }
    return {};
  }

  /// The reader accepts what the schema accepts, and refuses what it refuses.
  void hold(const std::string& what, const Json& document) {
    hold(what, document, valid(document));
  }

  void hold(const std::string& what, const Json& document, bool valid) {
    ++documents_;
    const std::string complaint = complaint_about(document);
    if (valid && !complaint.empty() && !beyond_a_schema(complaint))
      disagreements_.push_back("only the reader refuses " + what + ": " + complaint);
    if (!valid && complaint.empty()) disagreements_.push_back("only the schema refuses " + what);
  }

  const std::vector<std::string>& disagreements() const { return disagreements_; }
  std::size_t documents() const { return documents_; }

 private:
  const Kind& kind_;
  std::vector<testing::Schema> schemas_;
  testing::ScratchFolder folder_;
  std::vector<std::string> disagreements_;
  std::size_t documents_ = 0;
};

std::string type_of(const Json& value) {
  return value.is_number_integer() ? "integer" : value.type_name();
}

void for_each_place(const Json& whole, const Place& from,
                    const std::function<void(const Place&)>& visit) {
  visit(from);
  const Json& value = whole[from];
  if (value.is_object())
    for (const auto& [key, member] : value.items()) for_each_place(whole, from / key, visit);
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i) for_each_place(whole, from / i, visit);
}

/// A key anywhere in the document, and a value that it has there.
std::map<std::string, Json> all_keys(const Json& whole) {
  std::map<std::string, Json> keys;
  for_each_place(whole, Place(), [&](const Place& place) {
    if (whole[place].is_object())
      for (const auto& [key, value] : whole[place].items()) keys.emplace(key, value);
  });
  return keys;
}

/// Values of every type; of strings some that a schema may want.
const std::map<std::string, std::vector<Json>>& values_by_type() {
  static const std::map<std::string, std::vector<Json>> values{
      {"null", {nullptr}},
      {"boolean", {true, false}},
      {"integer", {7, 0, -1}},
      {"number", {0.5, -0.5}},
      {"string", {"no such word", "", "fd", ">0", "5.1", "f17d8b35452c"}},
      {"array", {Json::array(), Json::array({7}), Json::array({"word"})}},
      {"object", {Json::object()}},
  };
  return values;
}

/// A place takes the same types on both sides, and what the schema accepts there the reader
/// accepts.
void hold_types(Comparison& comparison, const Json& whole, const Place& place) {
  for (const auto& [type, values] : values_by_type()) {
    struct Attempt {
      std::string what;
      Json document;
      bool valid;
    };
    std::vector<Attempt> attempts;
    for (const Json& value : values) {
      Json document = whole;
      document[place] = value;
      const bool valid = comparison.valid(document);
      attempts.push_back({place.to_string() + " = " + value.dump(), std::move(document), valid});
    }
    const bool taken = type == type_of(whole[place]) ||
                       std::any_of(attempts.begin(), attempts.end(),
                                   [](const Attempt& attempt) { return attempt.valid; });
    for (const Attempt& attempt : attempts)
      if (attempt.valid || !taken) comparison.hold(attempt.what, attempt.document, attempt.valid);
  }
}

/// Where the reader knows all words, they are the schema's.
void hold_words(Comparison& comparison, const Json& whole, const Place& place,
                const std::set<std::string>& schema_words) {
  if (!whole[place].is_string()) return;
  Json document = whole;
  document[place] = "no such word";
  const std::string complaint = comparison.complaint_about(document);
  const std::string marker = "is none of ";
  const auto at = complaint.find(marker);
  if (at == std::string::npos) return;
  std::set<std::string> words = schema_words;
  std::istringstream list(
      complaint.substr(at + marker.size(), complaint.find('\n') - at - marker.size()));
  for (std::string word; list >> word;) words.insert(word.substr(0, word.find(',')));
  for (const std::string& word : words) {
    document[place] = word;
    comparison.hold(place.to_string() + " = " + word, document);
  }
}

/// A key is needed by both, and a key that does not belong there is refused by both.
void hold_keys(Comparison& comparison, const Json& whole, const Place& place,
               const std::map<std::string, Json>& known_keys) {
  if (!whole[place].is_object()) return;
  for (const auto& [key, value] : whole[place].items()) {
    Json document = whole;
    document[place].erase(key);
    comparison.hold((place / key).to_string() + " left out", document);
  }
  for (const auto& [key, value] : known_keys) {
    if (whole[place].contains(key)) continue;
    Json document = whole;
    document[place][key] = value;
    comparison.hold((place / key).to_string() + " added", document);
  }
}

Json schema_file(const std::string& name) {
  return Json::parse(read_file(schemas / name));
}

/// Walks what a schema says of a document, into other files and no definition twice.
class SpokenOf {
 public:
  explicit SpokenOf(const std::string& name) { walk(name, Json::json_pointer()); }

  std::set<std::string> keys;
  std::set<std::string> words;  ///< of enumerations

 private:
  void walk(const std::string& file, const Place& place) {
    if (!visited_.insert(file + "#" + place.to_string()).second) return;
    const Json document = schema_file(file);
    for_each_place(document, place, [&](const Place& at) {
      const Json& value = document[at];
      if (!value.is_object() || inside_definitions(at, place)) return;
      if (const auto found = value.find("$ref"); found != value.end()) follow(file, *found);
      if (const auto found = value.find("enum"); found != value.end() && found->is_array())
        for (const Json& word : *found)
          if (word.is_string()) words.insert(word.get<std::string>());
      if (const auto found = value.find("properties"); found != value.end())
        for (const auto& [key, schema] : found->items())
          if (schema != false) keys.insert(key);
    });
  }

  void follow(const std::string& file, const std::string& reference) {
    const auto hash = reference.find('#');
    walk(hash == 0 ? file : reference.substr(0, hash), Place(reference.substr(hash + 1)));
  }

  /// Definitions are walked where something refers to them.
  static bool inside_definitions(const Place& at, const Place& from) {
    return from.empty() && at.to_string().starts_with("/definitions");
  }

  std::set<std::string> visited_;
};

void hold(const Kind& kind, const Json& sample, const std::vector<Json>& more_keys = {}) {
  Comparison comparison(kind);
  ASSERT_TRUE(comparison.valid(sample));
  ASSERT_THAT(comparison.complaint_about(sample), IsEmpty());
  std::map<std::string, Json> known_keys = all_keys(sample);
  for (const Json& more : more_keys) known_keys.merge(all_keys(more));
  known_keys["key_of_nobody"] = 7;
  std::set<std::string> words;
  for (const std::string& name : kind.schemas) words.merge(SpokenOf(name).words);
  for_each_place(sample, Place(), [&](const Place& place) {
    hold_types(comparison, sample, place);
    hold_words(comparison, sample, place, words);
    hold_keys(comparison, sample, place, known_keys);
  });
  EXPECT_THAT(comparison.disagreements(), IsEmpty());
  EXPECT_GT(comparison.documents(), 100U);
  ::testing::Test::RecordProperty("documents", std::to_string(comparison.documents()));
}

TEST(SchemaAndReader, AgreeOnAResultOfARun) {
  hold(result_or_reference, run_result(), {recorded_reference()});
}

TEST(SchemaAndReader, AgreeOnAReferenceThatWasRecorded) {
  hold(result_or_reference, recorded_reference(), {run_result()});
}

TEST(SchemaAndReader, AgreeOnAReferenceWrittenFromSources) {
  hold(result_or_reference, reference_from_sources(), {run_result()});
}

TEST(SchemaAndReader, AgreeOnChanges) {
  hold({{"changes.json"}, read_changes}, changes(), {run_result(), recorded_reference()});
}

TEST(SchemaAndReader, AgreeOnSites) {
  hold({{"sites.json"}, read_sites}, sites());
}

TEST(SchemaAndReader, AgreeOnWaivers) {
  hold({{"waivers.json"}, read_waivers}, waivers());
}

TEST(SchemaAndReader, AgreeOnARun) {
  hold({{"run.json"},
        [](const fs::path& file) { RunDirectory::open(file.parent_path()); },
        "run.json"},
       run());
}

/// What a sample lacks is not held against anything.
TEST(SchemaAndReader, EveryKeyThatASchemaSpeaksOfIsInItsSample) {
  struct Sample {
    const char* schema;
    Json document;
  };
  for (const Sample& sample : std::vector<Sample>{{"run_result.json", run_result()},
                                                  {"reference.json", recorded_reference()},
                                                  {"changes.json", changes()},
                                                  {"sites.json", sites()},
                                                  {"waivers.json", waivers()},
                                                  {"run.json", run()}}) {
    const auto there = all_keys(sample.document);
    const SpokenOf spoken_of(sample.schema);
    EXPECT_FALSE(spoken_of.keys.empty());
    for (const std::string& key : spoken_of.keys)
      EXPECT_TRUE(there.contains(key)) << sample.schema << ": " << key;
  }
}

}  // namespace
}  // namespace brokenpipe
