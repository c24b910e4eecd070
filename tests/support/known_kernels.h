#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "images/kernel_store.h"
#include "orchestrator/campaign/kernel_run.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "results/run_directory.h"
#include "tests/support/cli.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/local_repository.h"
#include "tests/support/result_builder.h"

/// Kernels that were asked before, for tests of verbs that would else boot them.
namespace brokenpipe::testing {

/// The command over a mirror of its own, whose kernels have all answered one scenario in runs of
/// old: nothing needs a guest.
class KnownKernels {
 public:
  static constexpr const char* scenario = "pipe/aio-pipe-no-reader";  // fs/aio.c, fs/pipe.c

  /// `selection`: what the probe was asked for in the runs of old; nothing: everything.
  explicit KnownKernels(std::vector<std::string> selection = {})
      : selection_(std::move(selection)) {
    write_file(catalogue(), R"({"schema": 1, "kernels": [
      {"id": "debian-6.12", "series": "6.12", "flavour": "plain", "suites": ["bookworm"],
       "packages": ["linux-image-6\\.12\\.[0-9]+-amd64"], "role": "For a test."},
      {"id": "debian-7.2", "series": "7.2", "flavour": "plain", "suites": ["bookworm"],
       "packages": ["linux-image-7\\.2\\.[0-9]+-amd64"], "role": "For a test."},
      {"id": "debian-7.2-rt", "series": "7.2", "flavour": "rt", "suites": ["bookworm"],
       "packages": ["linux-image-7\\.2\\.[0-9]+-rt-amd64"], "role": "For a test."}]})");
    cli_.environment = {"XDG_CACHE_HOME=" + (folder() / "cache").string()};
  }

  /// A kernel on the mirror and in the store, and a run in which it answered so under this id.
  void answered(const std::string& id, const std::string& release, const std::string& error) {
    const std::string name = release + "-amd64";
    repository_.add_package("bookworm", "linux-image-" + name, release + "-1",
                            {{"boot/vmlinuz-" + name, test::fake_bzimage(name)},
                             {"usr/share/doc/linux-image-" + name + "/changelog.gz",
                              test::compressed(changelog_of(release), "gzip")}});
    answers_.push_back({id, release, error});
  }
  void answered(const std::string& release, const std::string& error) {
    answered("debian-" + release, release, error);
  }

  /// A kernel on the mirror and in the store, and a run in which it could not be asked: a module
  /// was not to be had.
  void not_asked(const std::string& release) { answered(release, without_module); }

  /// A kernel on the mirror that cannot be had: its package holds none.
  void broken(const std::string& release) const {
    repository_.add_package("bookworm", "linux-image-" + release + "-amd64", release + "-1",
                            {{"usr/share/doc/empty", ""}});
  }

  /// Runs the command with these words and the options that name mirror, store and catalogue.
  CommandResult operator()(std::vector<std::string> words) {
    repository_.publish("bookworm");
    KernelStore store({folder() / "store", repository_.mirror(), repository_.keyring(), {}});
    for (const Answer& answer : answers_) keep_run(store, answer);
    answers_.clear();
    for (const auto& [option, value] :
         {std::pair<std::string, std::string>{"--store", store.root()},
          {"--catalogue", catalogue()},
          {"--mirror", repository_.mirror()},
          {"--keyring", repository_.keyring()}}) {
      words.insert(words.end(), {option, value});
    }
    return cli_(words);
  }

  std::filesystem::path folder() const { return cli_.folder(); }
  std::filesystem::path runs() const { return folder() / "state/runs"; }

 private:
  static constexpr const char* without_module = "no module";

  struct Answer {
    std::string id;
    std::string release;
    std::string error;
  };

  std::filesystem::path catalogue() const { return folder() / "kernels.json"; }

  static std::string changelog_of(const std::string& release) {
    return fmt::format(
        "linux ({0}-1) bookworm; urgency=medium\n\n  * New upstream stable update:\n"
        "    - fs/pipe: as in {0}\n    - drm: not in pipes, {0}\n\n"
        "linux (6.12.1-1) bookworm; urgency=medium\n\n  * Begin\n",
        release);
  }

  /// Of what the command would boot guests with, as its `doctor` says.
  std::string version_of(const std::string& program) {
    if (doctor_.empty()) doctor_ = cli_({"doctor"}).out;
    std::istringstream lines(doctor_);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string name;
      std::string version;
      if (words >> name >> version && name == program) return version;
    }
    return {};
  }

  void keep_run(KernelStore& store, const Answer& answer) {
    CatalogueEntry entry;
    entry.suites = {"bookworm"};
    entry.packages = {".*-" + answer.release + "-amd64"};
    const StoredKernel kernel =
        store.fetch({{entry, answer.release}}, Freshness::stored_is_enough).at(0).value();
    RunResult earlier = result(
        kernel.release, {completed(scenario, {step("io_submit#1", {{"returned", 1}}),
                                              step("io_getevents#1", {{"errno", answer.error}})})});
    if (answer.error == without_module)
      earlier.observations = {ended(scenario, ScenarioEnding::unsupported, answer.error)};
    earlier.kernel.id = answer.id;
    earlier.kernel.version = "#1 SMP Debian " + kernel.version;
    earlier.kernel.package = kernel.package;
    earlier.kernel.sha256 = kernel.sha256;
    const ScenarioList list = list_scenarios(PROBE);
    GuestOrder order;
    order.probe = PROBE;
    order.identity = {list.probe_version, sha256_file(PROBE), selection_};
    order.cache = folder() / "cache/brokenpipe/kernels";
    earlier.probe = order.identity;
    earlier.guest =
        planned_run(order, kernel, boot_ladder(boot_image(kernel.image, order.cache)).at(0));
    earlier.guest.ending = GuestEnding::finished;
    earlier.guest.qemu = version_of("QEMU");
    earlier.guest.libvirt = version_of("libvirt");

    RunRecord record;
    record.id = "20260101T000000Z-" + answer.release;
    record.started = "2026-01-01T00:00:00Z";
    record.command_line = {"brokenpipe", "run"};
    record.kernels = {{answer.id, KernelState::planned, ""}};
    RunDirectory directory = RunDirectory::create(runs(), record);
    directory.keep(earlier);
    directory.finish();
  }

  std::vector<std::string> selection_;
  Cli cli_;
  std::string doctor_;
  test::LocalRepository repository_;
  std::vector<Answer> answers_;
};

}  // namespace brokenpipe::testing
