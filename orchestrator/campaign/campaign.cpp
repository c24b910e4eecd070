#include "orchestrator/campaign/campaign.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "orchestrator/guest/interrupt.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/changes.h"
#include "results/repeats.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

std::string this_machine() {
  utsname host{};
  uname(&host);
  return fmt::format("{} {} {} {}", host.sysname, host.release, host.version, host.machine);
}

// What a kernel leaves in the run's folder: 1.5 MB, as a rule.
constexpr std::uintmax_t room_for_a_result = std::uintmax_t{4} << 20U;

class CampaignRun {
 public:
  CampaignRun(const std::function<Hypervisor&()>& hypervisor, const CampaignOptions& options,
              RunDirectory& directory, Progress& progress, const std::stop_token& stop)
      : hypervisor_(hypervisor),
        options_(options),
        directory_(directory),
        progress_(progress),
        stop_(stop) {}

  void run(const ReadyKernel& kernel) {
    if (take_earlier(kernel)) return;
    // Where there is no hypervisor, there is none for the other kernels either: not caught here.
    if (kernel.stored) one_hypervisor();
    try {
      // Before a guest takes its minute, for its result would be lost.
      if (const auto room = room_in(directory_.path()); room < room_for_a_result)
        throw no_room(directory_.path(), room);
      const std::vector<RunResult> runs = repeated(kernel);
      // Stopped before its turn: it stays planned, and a resumed run does it.
      if (runs.empty()) return;
      const RunResult result = merge_repeats(runs);
      keep(result);
      const auto& timings = result.guest.timings;
      const double seconds =
          std::accumulate(timings.begin(), timings.end(), 0.0,
                          [](double sum, const auto& timing) { return sum + timing.second; });
      progress_.event(
          kernel.id,
          fmt::format("{}{}{}, {} observations, {:.1f} s", to_string(result.guest.ending),
                      result.guest.reason.empty() ? "" : ": ", result.guest.reason,
                      result.observations.size(), seconds));
    } catch (const std::exception& error) {
      progress_.event(kernel.id, fmt::format("failed: {}", error.what()));
      mark_failed(kernel.id, error.what());
    }
  }

 private:
  // Where not even that can be written, the other kernels may have more luck: it is written with
  // what is kept next, or finish() fails as this did.
  void mark_failed(const std::string& id, const std::string& why) {
    const std::lock_guard lock(mutex_);
    try {
      directory_.mark(id, KernelState::failed, why);
    } catch (const Error& error) {
      progress_.event(id, fmt::format("which cannot be written down: {}", error.what()));
    }
  }

  // All repeats, or fewer of which the last was interrupted, or none.
  std::vector<RunResult> repeated(const ReadyKernel& kernel) {
    KernelRunEvents events;
    events.event = [&](const std::string& what) { progress_.event(kernel.id, what); };
    events.scenario = [&](size_t done, const std::string& current) {
      progress_.scenarios(kernel.id, done, options_.order.scenarios, current);
    };
    events.console = options_.console;

    std::vector<RunResult> runs;
    while (runs.size() < options_.repeat && !stop_.stop_requested()) {
      if (kernel.stored) {
        StoredKernel stored = *kernel.stored;
        stored.id = kernel.id;
        runs.push_back(run_kernel(one_hypervisor(), options_.order, stored,
                                  directory_.console_file(kernel.id), events, stop_));
      } else {
        runs.push_back(run_host(options_.order, options_.jobs, events, stop_));
      }
    }
    const bool stopped_between =
        !runs.empty() && runs.size() < options_.repeat && vouches_for_all(runs.back().guest.ending);
    if (stopped_between) runs.clear();
    return runs;
  }

  bool take_earlier(const ReadyKernel& kernel) {
    if (!kernel.stored || !options_.earlier_runs) return false;
    const auto earlier = earlier_result(*options_.earlier_runs, kernel, options_.order, hypervisor_,
                                        [this](const std::string& what) { warn_once(what); });
    if (!earlier || (options_.good_enough && !options_.good_enough(earlier->result))) return false;
    if (fs::exists(earlier->console)) {
      write_file(directory_.console_file(kernel.id), read_file(earlier->console));
    }
    keep(earlier->result);
    progress_.event(kernel.id, "as before: same kernel, same probe");
    return true;
  }

  Hypervisor& one_hypervisor() {
    const std::lock_guard lock(mutex_);
    Hypervisor& hypervisor = hypervisor_();
    directory_.booted_with(hypervisor.qemu_version(), hypervisor.libvirt_version());
    return hypervisor;
  }

  void keep(const RunResult& result) {
    const std::lock_guard lock(mutex_);
    directory_.keep(result);
  }

  // Each kernel looks through the same runs.
  void warn_once(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (warned_.insert(what).second) progress_.note(what);
  }

  const std::function<Hypervisor&()>& hypervisor_;
  const CampaignOptions& options_;
  RunDirectory& directory_;
  Progress& progress_;
  const std::stop_token& stop_;
  std::mutex mutex_;
  std::set<std::string> warned_;
};

struct Fetched {
  bool tried = true;  ///< else it failed and was told of
  std::optional<StoredKernel> kernel;
};

// All in one go; where that fails, one by one, so that one package that cannot be had does not
// keep the others from running.
std::vector<Fetched> fetch_each(KernelStore& store, const std::vector<KernelRequest>& requests,
                                Freshness freshness,
                                const std::function<void(size_t, const Error&)>& failed) {
  std::vector<Fetched> fetched(requests.size());
  try {
    const auto all = store.fetch(requests, freshness);
    for (size_t i = 0; i < all.size(); ++i) fetched[i].kernel = all[i];
  } catch (const Error&) {
    for (size_t i = 0; i < requests.size(); ++i) {
      try {
        fetched[i].kernel = store.fetch({requests[i]}, freshness).at(0);
      } catch (const Error& error) {
        fetched[i].tried = false;
        failed(i, error);
      }
    }
  }
  return fetched;
}

// An entry that points at another kernel would have its answers taken for those of this one.
void check_series(const CatalogueEntry& entry, const StoredKernel& kernel) {
  const auto promised = parse_version(entry.series);
  const auto is = parse_version(kernel.release);
  if (promised && is && promised->major == is->major && promised->minor == is->minor) return;
  throw Error("fetching " + entry.id,
              fmt::format("the catalogue promises series {}, but {} holds Linux {}", entry.series,
                          kernel.package, kernel.release),
              "Mend the entry in the catalogue.");
}

}  // namespace

RunDirectory new_run(const fs::path& out, const std::vector<KernelChoice>& kernels,
                     const std::vector<std::string>& command_line) {
  const std::tm now = fmt::gmtime(std::time(nullptr));
  RunRecord record;
  record.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now);
  record.id = fmt::format("{:%Y%m%dT%H%M%SZ}", now);
  record.command_line = command_line;
  record.uname = this_machine();
  for (const KernelChoice& kernel : kernels) {
    PlannedKernel planned;
    planned.id = kernel.id;
    record.kernels.push_back(planned);
  }
  return RunDirectory::create(out, record);
}

std::vector<KernelChoice> left_to_do(const RunDirectory& directory, const ProbeIdentity& probe,
                                     std::vector<KernelChoice> choices) {
  std::erase_if(choices, [&](const KernelChoice& choice) {
    const auto& kernels = directory.run().kernels;
    return std::any_of(kernels.begin(), kernels.end(), [&](const PlannedKernel& planned) {
      if (planned.id != choice.id || planned.state != KernelState::done) return false;
      const auto result = directory.result(choice.id);
      return result && result->probe == probe;
    });
  });
  return choices;
}

std::vector<ReadyKernel> make_ready(KernelStore& store, const std::vector<KernelChoice>& choices,
                                    Freshness freshness, const fs::path& modules,
                                    RunDirectory& directory, Progress& progress) {
  const auto fail = [&](const KernelChoice& choice, const Error& error) {
    directory.mark(choice.id, KernelState::failed, error.what());
    progress.event(choice.id, fmt::format("failed: {}", error.what()));
  };
  std::vector<ReadyKernel> ready;
  std::vector<KernelChoice> from_catalogue;
  for (const KernelChoice& choice : choices) {
    if (choice.entry) {
      from_catalogue.push_back(choice);
    } else if (choice.is_host()) {
      ready.push_back({choice.id, std::nullopt});
    } else {
      try {
        StoredKernel kernel = store.open_file(choice.file);
        if (!modules.empty()) kernel.modules = modules;
        ready.push_back({choice.id, kernel});
      } catch (const Error& error) {
        fail(choice, error);
      }
    }
  }

  std::vector<KernelRequest> requests;
  requests.reserve(from_catalogue.size());
  for (const KernelChoice& choice : from_catalogue) {
    requests.push_back({*choice.entry, choice.point_release});
  }
  const auto stored = fetch_each(store, requests, freshness, [&](size_t i, const Error& error) {
    fail(from_catalogue[i], error);
  });
  for (size_t i = 0; i < stored.size(); ++i) {
    const KernelChoice& choice = from_catalogue[i];
    if (!stored[i].tried) continue;
    if (stored[i].kernel) {
      try {
        check_series(*choice.entry, *stored[i].kernel);
        ready.push_back({choice.id, stored[i].kernel});
      } catch (const Error& error) {
        fail(choice, error);
      }
    } else {
      const std::string why = not_offered_because(*choice.entry);
      directory.mark(choice.id, KernelState::not_offered, why);
      progress.event(choice.id, "not offered: " + why);
    }
  }
  return ready;
}

void run_campaign(const std::function<Hypervisor&()>& hypervisor,
                  const std::vector<ReadyKernel>& kernels, const CampaignOptions& options,
                  RunDirectory& directory, Progress& progress, const std::stop_token& stop) {
  const HeedInterrupts heed;
  CampaignRun campaign(hypervisor, options, directory, progress, stop);
  std::atomic<size_t> next = 0;
  std::exception_ptr hopeless;
  std::mutex mutex;
  {
    std::vector<std::jthread> workers;
    const size_t count = std::min<size_t>(options.jobs, kernels.size());
    for (size_t i = 0; i < count; ++i) {
      workers.emplace_back([&] {
        try {
          while (!stop.stop_requested()) {
            const size_t mine = next++;
            if (mine >= kernels.size()) return;
            campaign.run(kernels[mine]);
          }
        } catch (...) {
          const std::lock_guard lock(mutex);
          hopeless = std::current_exception();
          next = kernels.size();
        }
      });
    }
  }
  if (hopeless) std::rethrow_exception(hopeless);
  if (!stop.stop_requested()) directory.finish();
}

}  // namespace brokenpipe
