#include <fnmatch.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "probes/base/must.h"
#include "probes/frame/feature.h"
#include "probes/frame/guest.h"
#include "probes/frame/runner.h"

/// The probe: a program that lists its scenarios or runs them, and, where it was booted, /init.
namespace probe {
namespace {

constexpr int exit_done = 0;
constexpr int exit_usage = 2;
constexpr int exit_failed = 3;

// The form of records and of --list, for whoever reads them.
constexpr int schema = 1;

const char* const help =
    R"(Usage: brokenpipe-probe [OPTION]... [GLOB]...
Runs the scenarios whose ids match a GLOB ('tcp/*'; default: all) on the running kernel, and
writes what was observed to standard output, one JSON record a line.

  --list           print the scenarios as JSON, run nothing
  --jobs N         run N scenarios at once (default 1)
  --clock CLOCK    warp: idle time is free here, let kernel timeouts run at full length;
                   real (default): shorten them where a scenario can
  --mark-steps     for strace: a write(2) of `begin STEP` to the descriptor -1 before each
                   step, of `end STEP` after it
  --disposable     this machine is a guest for the purpose, to be changed as a scenario likes, as
                   for /init; without it what would stay is left out
  --framed NONCE   frame every record, for a line that others may write to as well
  --help           print this

Exit status: 0 all observed, whatever it was; 2 usage; 3 records could not be written.
)";

class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Arguments {
  bool list = false;
  bool help = false;
  std::string nonce;
  RunOptions options;
  std::vector<std::string> globs;
};

size_t positive_number(const std::string& text) {
  size_t number = 0;
  const char* end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed_to != end || number == 0) {
    throw UsageError("'" + text + "' is not a positive number");
  }
  return number;
}

Clock clock_named(const std::string& name) {
  if (name == "warp") return Clock::warp;
  if (name == "real") return Clock::real;
  throw UsageError("no clock is called '" + name + "': warp or real");
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto value = [&] {
      if (std::next(word) == words.end()) throw UsageError(*word + " wants a value");
      return *++word;
    };
    if (*word == "--list") {
      arguments.list = true;
    } else if (*word == "--help") {
      arguments.help = true;
    } else if (*word == "--mark-steps") {
      mark_steps();
    } else if (*word == "--disposable") {
      arguments.options.machine_is_ours = true;
    } else if (*word == "--framed") {
      arguments.nonce = value();
    } else if (*word == "--jobs") {
      arguments.options.jobs = positive_number(value());
    } else if (*word == "--clock") {
      arguments.options.clock = clock_named(value());
    } else if (word->starts_with("-")) {
      throw UsageError("no option is called '" + *word + "'");
    } else {
      arguments.globs.push_back(*word);
    }
  }
  return arguments;
}

std::vector<const Scenario*> matching(const std::vector<std::string>& globs) {
  std::vector<bool> used(globs.size());
  std::vector<const Scenario*> chosen;
  for (const Scenario& scenario : scenarios()) {
    bool matches = globs.empty();
    for (size_t i = 0; i < globs.size(); ++i) {
      if (fnmatch(globs.at(i).c_str(), scenario.id.c_str(), 0) != 0) continue;
      used.at(i) = true;
      matches = true;
    }
    if (matches) chosen.push_back(&scenario);
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused != used.end()) {
    const auto which = static_cast<size_t>(unused - used.begin());
    throw UsageError("no scenario matches '" + globs.at(which) + "': --list names them all");
  }
  return chosen;
}

Json words_json(const std::map<std::string, std::string>& words) {
  Json json = Json::object();
  for (const auto& [name, value] : words) json.set(name, value);
  return json;
}

Json listed(const Scenario* scenario) {
  return Json::object({{"id", scenario->id},
                       {"asks", scenario->asks},
                       {"grounds", Json::strings(scenario->grounds)},
                       {"needs", Json::strings(scenario->needs)},
                       {"story", scenario->file},
                       {"sysctls", words_json(scenario->sysctls)},
                       {"shortened", words_json(scenario->shortened)}});
}

Json stories_json() {
  Json json = Json::object();
  for (const auto& [file, story] : stories())
    json.set(file, Json::object({{"opening", story.opening},
                                 {"rules", Json::strings(story.rules)},
                                 {"closing", story.closing}}));
  return json;
}

Json module_json(const Module& module) {
  return Json::object(
      {{"name", module.name}, {"in_cloud_kernels", module.loaded_in == Guests::all}});
}

Json features_json() {
  std::vector<Json> all;
  for (const Feature& feature : features()) {
    std::vector<Json> modules;
    std::transform(feature.modules.begin(), feature.modules.end(), std::back_inserter(modules),
                   module_json);
    all.push_back(Json::object({{"name", feature.name},
                                {"modules", Json::array(modules)},
                                {"kconfig", Json::strings(feature.kconfig)}}));
  }
  return Json::array(all);
}

void print_list() {
  std::vector<const Scenario*> sorted = matching({});
  std::sort(sorted.begin(), sorted.end(),
            [](const Scenario* one, const Scenario* other) { return one->id < other->id; });
  std::vector<Json> entries;
  std::transform(sorted.begin(), sorted.end(), std::back_inserter(entries), listed);
  RecordWriter(STDOUT_FILENO)
      .write(Json::object({{"schema", schema},
                           {"version", PROBE_VERSION},
                           {"scenarios", Json::array(entries)},
                           {"features", features_json()},
                           {"stories", stories_json()}}));
}

Json probe_record(size_t scenario_count, bool kernel_log, const FailedModules& modules_failed) {
  utsname kernel{};
  must("uname", uname(&kernel));
  Json record = Json::object({{"record", "probe"},
                              {"schema", schema},
                              {"version", PROBE_VERSION},
                              {"release", static_cast<const char*>(kernel.release)},
                              {"kernel_version", static_cast<const char*>(kernel.version)},
                              {"machine", static_cast<const char*>(kernel.machine)},
                              {"scenarios", static_cast<long>(scenario_count)},
                              {"kernel_log", kernel_log}});
  if (!modules_failed.empty()) record.set("modules_failed", words_json(modules_failed));
  return record;
}

void run(const Arguments& arguments, const FailedModules& modules_failed) {
  const std::vector<const Scenario*> chosen = matching(arguments.globs);
  RecordWriter records(STDOUT_FILENO, arguments.nonce);
  records.write(probe_record(chosen.size(), hears_kernel_log(arguments.options), modules_failed));
  run_scenarios(chosen, arguments.options, records);
  records.write(
      Json::object({{"record", "end"}, {"observations", static_cast<long>(chosen.size())}}));
}

int probe_main(const std::vector<std::string>& words, const FailedModules& modules_failed = {}) {
  // Our own reader may go away, and that is told by EPIPE.
  signal(SIGPIPE, SIG_IGN);
  try {
    Arguments arguments = parse(words);
    if (arguments.help) {
      std::fputs(help, stdout);
    } else if (arguments.list) {
      print_list();
    } else {
      run(arguments, modules_failed);
    }
    return exit_done;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "brokenpipe-probe: %s\n", error.what());
    return exit_usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "brokenpipe-probe: %s\n", error.what());
    return exit_failed;
  }
}

}  // namespace
}  // namespace probe

int main(int argc, char** argv) {
  using namespace probe;
  if (is_guest()) {
    be_guest([](std::vector<std::string> words, const FailedModules& failed) {
      words.emplace_back("--disposable");
      return probe_main(words, failed);
    });
  }
  return probe_main(std::vector<std::string>(argv + 1, argv + argc));
}
