#include "orchestrator/nightly/nightly.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "orchestrator/nightly/last_told.h"
#include "orchestrator/summary/summary.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

using Differences = std::set<Unexplained>;

/// Of nights that began in one second the later one has the longer id, or the greater one.
bool is_older(const RunDirectory& one, const RunDirectory& other) {
  const auto key = [](const RunRecord& run) {
    return std::tuple(run.started, run.id.size(), run.id);
  };
  return key(one.run()) < key(other.run());
}

/// Oldest first. A damaged one would stop the night that compares with it, and the site: it is
/// passed over, and told of.
std::vector<RunDirectory> nights_in(const fs::path& runs, Progress& progress) {
  std::vector<RunDirectory> nights;
  for (const auto& entry : fs::directory_iterator(runs)) {
    if (!RunDirectory::is_one(entry.path())) continue;
    try {
      RunDirectory night = RunDirectory::open(entry.path());
      for (const PlannedKernel& kernel : night.run().kernels) night.result(kernel.id);
      nights.push_back(std::move(night));
    } catch (const std::runtime_error& error) {
      progress.note(fmt::format("passing over an unreadable night: {}", error.what()));
    }
  }
  std::sort(nights.begin(), nights.end(), is_older);
  return nights;
}

bool is_of(const RunRecord& run, const std::vector<KernelChoice>& kernels) {
  return std::equal(run.kernels.begin(), run.kernels.end(), kernels.begin(), kernels.end(),
                    [](const PlannedKernel& planned, const KernelChoice& choice) {
                      return planned.id == choice.id;
                    });
}

/// A killed night is gone on with, and no longer one of `nights`, unless other kernels are asked
/// for now: what it did is taken over then.
RunDirectory tonight_in(const fs::path& runs, std::vector<RunDirectory>& nights,
                        const std::vector<KernelChoice>& kernels,
                        const std::vector<std::string>& command_line) {
  if (nights.empty() || nights.back().run().finished || !is_of(nights.back().run(), kernels)) {
    return new_run(runs, kernels, command_line);
  }
  RunDirectory tonight = nights.back();
  nights.pop_back();
  return tonight;
}

/// The kernel's last result before this night.
std::optional<RunResult> last_result(const std::vector<RunDirectory>& before,
                                     const std::string& kernel) {
  const auto night = std::find_if(before.rbegin(), before.rend(), [&](const RunDirectory& run) {
    const auto& kernels = run.run().kernels;
    return std::any_of(kernels.begin(), kernels.end(), [&](const PlannedKernel& planned) {
      return planned.id == kernel && planned.state == KernelState::done;
    });
  });
  return night == before.rend() ? std::nullopt : night->result(kernel);
}

/// Where nobody can say what was told, all is told again: better twice than never.
std::optional<LastTold> told_before(const fs::path& state, Progress& progress) {
  try {
    return read_last_told(state);
  } catch (const Error& error) {
    progress.note(
        fmt::format("what earlier nights told is lost, and is told again: {}", error.what()));
    return LastTold{};
  }
}

/// Those of the nights, oldest first, that were told: none where none ever was, all of them where
/// it is not known which was the last.
std::vector<RunDirectory> told_nights(std::vector<RunDirectory> nights,
                                      const std::optional<LastTold>& last) {
  if (!last) return {};
  const auto night = std::find_if(nights.begin(), nights.end(), [&](const RunDirectory& one) {
    return one.run().id == last->night;
  });
  if (night != nights.end()) nights.erase(std::next(night), nights.end());
  return nights;
}

Differences unexplained_in(const ReportData& data) {
  Differences differences;
  for (const KernelReport& kernel : data.kernels) {
    if (!kernel.diff) continue;
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios) {
      for (const PlaceVerdict& place : scenario.places) {
        if (!place.unexplained()) continue;
        differences.insert(
            {kernel.plan.id, scenario.scenario, place.place, told(due_at(place)), told(place.got)});
      }
    }
  }
  return differences;
}

/// Kernels and scenarios that this night has held against the reference, answer by answer; of the
/// others nothing is known to be fixed.
std::set<std::pair<std::string, std::string>> judged_in(const ReportData& data) {
  std::set<std::pair<std::string, std::string>> judged;
  for (const KernelReport& kernel : data.kernels) {
    if (!kernel.diff) continue;
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios) {
      const bool answered = scenario.verdict == Verdict::same ||
                            scenario.verdict == Verdict::differs ||
                            scenario.verdict == Verdict::added;
      if (answered) {
        judged.emplace(kernel.plan.id, scenario.scenario);
      }
    }
  }
  return judged;
}

/// What was left unexplained before this night, held against what is now.
void compare_with_last_night(NightReport& night, Differences& unexplained) {
  const Differences now = unexplained_in(night.data);
  const auto judged = judged_in(night.data);
  const auto differs_there = [&](const Unexplained& was) {
    return std::any_of(now.begin(), now.end(), [&](const Unexplained& is) {
      return std::tie(is.kernel, is.scenario, is.place) ==
             std::tie(was.kernel, was.scenario, was.place);
    });
  };
  std::set_difference(now.begin(), now.end(), unexplained.begin(), unexplained.end(),
                      std::back_inserter(night.appeared));
  std::set_intersection(now.begin(), now.end(), unexplained.begin(), unexplained.end(),
                        std::back_inserter(night.standing));
  Differences left = now;
  for (const Unexplained& was : unexplained) {
    if (!judged.contains({was.kernel, was.scenario})) {
      left.insert(was);
    } else if (!differs_there(was)) {
      night.fixed.push_back(was);
    }
  }
  unexplained = left;
}

/// Whatever their colour. What was not asked now is no answer: it is told with the run.
void add_changed_answers(NightReport& night, const RunResult& before, const RunResult& now,
                         const Diff& judged) {
  for (const ScenarioVerdict& scenario : diff(before, now, night.data.changes).scenarios) {
    const ScenarioVerdict* verdict = verdict_of(judged, scenario.scenario);
    if (verdict != nullptr && verdict->verdict == Verdict::not_asked) continue;
    for (const PlaceVerdict& place : scenario.places) {
      // Where the kernel got or lost the whole feature, the ending says it for all steps.
      const bool feature = place.place == "ending" &&
                           (place.verdict == Verdict::added || place.verdict == Verdict::gone);
      if (place.verdict != Verdict::differs && !feature) continue;
      night.changed.push_back({now.kernel.id, scenario.scenario, place.place, told(place.expected),
                               told(place.got), place.changes});
    }
  }
}

bool has_result(const RunDirectory& night) {
  const auto& kernels = night.run().kernels;
  return std::any_of(kernels.begin(), kernels.end(), [&](const PlannedKernel& kernel) {
    return fs::exists(night.result_file(kernel.id));
  });
}

/// Ids of the nights that hold the newest result of some kernel.
std::set<std::string> with_newest_results(const std::vector<RunDirectory>& nights) {
  std::map<std::string, std::string> night_of;
  for (const RunDirectory& night : nights) {
    for (const PlannedKernel& kernel : night.run().kernels) {
      if (kernel.state == KernelState::done) night_of[kernel.id] = night.run().id;
    }
  }
  std::set<std::string> holders;
  for (const auto& [kernel, night] : night_of) holders.insert(night);
  return holders;
}

/// Takes the oldest nights out until `keep` are left, but not the last, which is tonight, and none
/// that a kernel's next night will be compared with.
std::vector<RunDirectory> take_dispensable(std::vector<RunDirectory>& nights, size_t keep) {
  std::set<std::string> needed = with_newest_results(nights);
  needed.insert(nights.back().run().id);
  std::vector<RunDirectory> dispensable;
  for (auto night = nights.begin(); night != nights.end() && nights.size() > keep;) {
    if (needed.contains(night->run().id)) {
      ++night;
    } else {
      dispensable.push_back(*night);
      night = nights.erase(night);
    }
  }
  return dispensable;
}

bool is_conclusive(const Diff& diff) {
  return diff.scenario_totals.inconclusive == 0;
}

/// What the work of one night shares.
class NightWork {
 public:
  NightWork(KernelStore& store, const std::vector<KernelChoice>& kernels,
            const RunResult& reference, const Changes& changes, const NightOptions& options)
      : store_(store),
        kernels_(kernels),
        reference_(reference),
        changes_(changes),
        options_(options),
        runs_(options.state / "runs") {}

  NightReport run(const std::function<Hypervisor&()>& hypervisor, Progress& progress,
                  const std::stop_token& stop) {
    make_directories(runs_);
    const auto last_told = told_before(options_.state, progress);
    const std::set<std::string> offered = offered_now();
    std::vector<RunDirectory> before = nights_in(runs_, progress);
    RunDirectory tonight = tonight_in(runs_, before, kernels_, options_.command_line);
    for (const std::string& damage : tonight.plan_damaged_again()) progress.note(damage);

    CampaignOptions campaign = options_.campaign;
    campaign.earlier_runs = runs_;
    campaign.good_enough = [this](const RunResult& result) {
      return is_conclusive(diff(reference_, result, changes_));
    };
    const std::vector<ReadyKernel> ready =
        make_ready(store_, left_to_do(tonight, campaign.order.identity, kernels_),
                   Freshness::newest_on_offer, {}, tonight, progress);
    const std::set<std::string> standing = let_last_nights_stand(tonight, before);
    run_campaign(hypervisor, ready, campaign, tonight, progress, stop);

    NightReport night;
    night.interrupted = stop.stop_requested();
    if (night.interrupted) return night;
    night.data = report_data(tonight, reference_, changes_, options_.waivers);
    const std::vector<RunDirectory> told = told_nights(before, last_told);
    for (const KernelReport& kernel : night.data.kernels) {
      const auto last = last_result(before, kernel.plan.id);
      night.kernels.push_back(how_it_came(kernel, last, offered.contains(kernel.plan.id),
                                          standing.contains(kernel.plan.id)));
      const auto known = last_result(told, kernel.plan.id);
      if (known && kernel.diff) add_changed_answers(night, *known, *kernel.result, *kernel.diff);
    }
    before.push_back(tonight);
    close(night, before, last_told ? last_told->unexplained : Differences());
    return night;
  }

 private:
  /// Ids of the kernels that the mirror offers now; those from nowhere else are never missing.
  std::set<std::string> offered_now() {
    std::vector<CatalogueEntry> entries;
    for (const KernelChoice& kernel : kernels_) {
      if (kernel.entry) entries.push_back(*kernel.entry);
    }
    const auto offers = store_.offers(entries);
    std::set<std::string> offered;
    auto next = offers.begin();
    for (const KernelChoice& kernel : kernels_) {
      const bool is_offered =
          !kernel.entry || std::any_of(next->begin(), next->end(), [&](const Offer& offer) {
            return kernel.point_release.empty() || offer.point_release == kernel.point_release;
          });
      if (kernel.entry) ++next;
      if (is_offered) offered.insert(kernel.id);
    }
    return offered;
  }

  /// Of a kernel that is nowhere to be had any more, the last night stands.
  static std::set<std::string> let_last_nights_stand(RunDirectory& tonight,
                                                     const std::vector<RunDirectory>& before) {
    std::set<std::string> standing;
    const std::vector<PlannedKernel> planned = tonight.run().kernels;
    for (const PlannedKernel& kernel : planned) {
      if (kernel.state != KernelState::not_offered) continue;
      const auto last = last_result(before, kernel.id);
      if (!last) continue;
      tonight.keep(*last);
      standing.insert(kernel.id);
    }
    return standing;
  }

  static KernelNight how_it_came(const KernelReport& kernel, const std::optional<RunResult>& last,
                                 bool on_offer, bool stands) {
    using Came = KernelNight::Came;
    KernelNight night;
    night.id = kernel.plan.id;
    night.on_offer = on_offer;
    if (kernel.result) night.package = kernel.result->kernel.package;
    if (last && last->kernel.package != night.package) night.was = last->kernel.package;
    if (kernel.plan.state == KernelState::not_offered) {
      night.came = Came::never;
      night.why = kernel.plan.reason;
    } else if (kernel.plan.state != KernelState::done || !kernel.diff) {
      night.why = kernel.plan.reason;
    } else if (!is_conclusive(*kernel.diff)) {
      night.why = counted(kernel.diff->scenario_totals.inconclusive, "scenario") + " inconclusive";
    } else if (stands) {
      night.came = Came::last_night_stands;
    } else {
      night.came = last == kernel.result ? Came::as_before : Came::ran;
    }
    return night;
  }

  /// The last thing is what the next night is held against: a night that is killed before is told
  /// again, and none is passed over.
  void close(NightReport& night, std::vector<RunDirectory> nights, Differences unexplained) const {
    compare_with_last_night(night, unexplained);
    const std::vector<RunDirectory> dropped = take_dispensable(nights, options_.keep);
    night.published = options_.publish && std::any_of(nights.begin(), nights.end(), has_result);
    if (night.published) options_.publish(nights);
    write_file(options_.state / "summary.md", summary_markdown(night));
    write_last_told(options_.state, {night.data.run->id, unexplained});
    remove(dropped);
  }

  /// Renamed first, so that no half of a night is ever taken for one; what a kill leaves of it is
  /// removed by the next night.
  void remove(const std::vector<RunDirectory>& nights) const {
    const fs::path aside = options_.state / "removed";
    fs::remove_all(aside);
    for (const RunDirectory& night : nights) {
      fs::rename(night.path(), aside);
      fs::remove_all(aside);
    }
  }

  KernelStore& store_;
  const std::vector<KernelChoice>& kernels_;
  const RunResult& reference_;
  const Changes& changes_;
  const NightOptions& options_;
  fs::path runs_;
};

}  // namespace

NightReport run_night(const std::function<Hypervisor&()>& hypervisor, KernelStore& store,
                      const std::vector<KernelChoice>& kernels, const RunResult& reference,
                      const Changes& changes, const NightOptions& options, Progress& progress,
                      const std::stop_token& stop) {
  make_directories(options.state);
  const FileLock lock(options.state / "lock", [&] {
    throw Error("beginning a night in " + options.state.string(), "another one is at work there",
                "Wait until it has ended.");
  });
  return NightWork(store, kernels, reference, changes, options).run(hypervisor, progress, stop);
}

}  // namespace brokenpipe
