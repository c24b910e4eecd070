#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/nightly/nightly.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "tests/support/answering_hypervisor.h"
#include "tests/support/local_repository.h"
#include "tests/support/result_builder.h"

/// Nights without guests: what the tests of a night's work stand on.
namespace brokenpipe::testing {

inline CatalogueEntry entry(const std::string& series) {
  CatalogueEntry entry;
  entry.id = "debian-" + series;
  entry.series = series;
  entry.suites = {"bookworm"};
  entry.packages = {"linux-image-" + series + R"(\.[0-9]+-amd64)"};
  return entry;
}

/// A mirror with two series, a store, and guests that answer what the test says.
struct Bench {
  Bench() {
    const std::filesystem::path probe = repository.path() / "probe";
    write_file(probe, "a probe");
    options.state = repository.path() / "state";
    options.keep = 3;
    options.command_line = {"brokenpipe", "nightly"};
    options.campaign.order.probe = probe;
    options.campaign.order.identity = {"0.1.0", sha256_file(probe), {}};
    options.campaign.order.scenarios = 1;
    options.campaign.order.cache = repository.path() / "cache";
    options.campaign.order.limits = {.boot = std::chrono::milliseconds(50),
                                     .no_progress = std::chrono::milliseconds(50),
                                     .hard = std::chrono::seconds(1)};
    options.publish = [this](const std::vector<RunDirectory>& runs) { published = runs.size(); };
    reference.from_sources = true;
    offer("6.1", "6.1.47");
    offer("6.12", "6.12.9");
  }

  /// Adds a point release to the mirror; its guests answer as those of the series did.
  void offer(const std::string& series, const std::string& point_release) {
    const std::string release = point_release + "-amd64";
    repository.add_kernel("bookworm", "linux-image-" + release, point_release + "-1");
    releases["debian-" + series] = release;
    publish_mirror();
  }

  /// The mirror forgets a series; `from_store`: this machine does too.
  void withdraw(const std::string& series, bool from_store) const {
    const std::filesystem::path pool = repository.path() / "debian" / "pool" / "bookworm";
    for (const auto& deb : std::vector<std::filesystem::directory_entry>{
             std::filesystem::directory_iterator(pool), {}}) {
      if (deb.path().filename().string().starts_with("linux-image-" + series + ".")) {
        std::filesystem::remove(deb.path());
      }
    }
    publish_mirror();
    if (from_store) std::filesystem::remove_all(store_root() / "kernels");
  }

  void publish_mirror() const {
    repository.publish("bookworm");
    // Lists of an hour ago would do otherwise.
    std::filesystem::remove_all(store_root() / "apt");
  }

  std::filesystem::path store_root() const { return repository.path() / "store"; }

  NightReport night(const std::stop_token& stop = {}) {
    KernelStore store({store_root(), repository.mirror(), repository.keyring(), {}});
    std::FILE* out = std::fopen(told().c_str(), "w");
    NightReport report;
    {
      Progress progress(out, false, {});
      report = run_night([this]() -> Hypervisor& { return hypervisor; }, store, kernels, reference,
                         changes, options, progress, stop);
    }
    std::fclose(out);
    return report;
  }

  /// What the last night told on its way.
  std::filesystem::path told() const { return repository.path() / "told"; }

  GuestAnswers answer(const BootSpec& spec) {
    const std::string id = spec.name.substr(std::string("brokenpipe-").size());
    if (before_answer) before_answer(id);
    if (answers[id].empty()) return {};
    return one_answer(releases.at(id), answers[id]);
  }

  static std::string says(const std::string& error) {
    return R"({"record":"observation","scenario":"tcp/x","ending":"completed","steps":[)"
           R"({"step":"send#1","call":"send","args":"1","returned":-1,"errno":")" +
           error + R"("}]})";
  }

  size_t booted() const { return hypervisor.started.size(); }

  test::LocalRepository repository;
  std::map<std::string, std::string> releases;
  std::map<std::string, std::string> answers = {{"debian-6.1", says("EPIPE")},
                                                {"debian-6.12", says("EPIPE")}};
  std::function<void(const std::string&)> before_answer;
  AnsweringHypervisor hypervisor{[this](const BootSpec& spec) { return answer(spec); }};
  std::vector<KernelChoice> kernels = {{"debian-6.1", entry("6.1"), {}, {}},
                                       {"debian-6.12", entry("6.12"), {}, {}}};
  RunResult reference = result(
      "3.16", {completed("tcp/x", {step("send#1", {{"returned", -1}, {"errno", "EPIPE"}})})});
  Changes changes;
  NightOptions options;
  size_t published = 0;
};

inline std::vector<KernelNight::Came> came(const NightReport& night) {
  std::vector<KernelNight::Came> all;
  for (const KernelNight& kernel : night.kernels) all.push_back(kernel.came);
  return all;
}

/// The names of their folders, oldest first.
inline std::vector<std::string> nights_in(const Bench& bench) {
  std::vector<std::string> names;
  for (const auto& folder : std::filesystem::directory_iterator(bench.options.state / "runs")) {
    names.push_back(folder.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace brokenpipe::testing
