#include "orchestrator/nightly/nightly.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/json_file.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

constexpr int schema = 1;

using Differences = std::set<Unexplained>;

// Of nights that began in one second the later one has the longer id, or the greater one.
bool is_older(const RunDirectory& one, const RunDirectory& other) {
  const auto key = [](const RunRecord& run) {
    return std::tuple(run.started, run.id.size(), run.id);
  };
  return key(one.run()) < key(other.run());
}

// Oldest first. A damaged one would stop the night that compares with it, and the site: it is
// passed over, and told of.
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

// A killed night is gone on with, and no longer one of `nights`, unless other kernels are asked
// for now: what it did is taken over then.
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

// The kernel's last result before this night.
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

fs::path unexplained_file(const fs::path& state) {
  return state / "unexplained.json";
}

// The last night that was told to its end, and what it left unexplained.
struct LastTold {
  std::string night;  // its id; empty in files of old
  Differences unexplained;
};

std::optional<LastTold> read_last_told(const fs::path& file) {
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

void write_last_told(const fs::path& file, const LastTold& last) {
  nlohmann::ordered_json json = {
      {"schema", schema}, {"night", last.night}, {"unexplained", nlohmann::ordered_json::array()}};
  for (const Unexplained& difference : last.unexplained) {
    json["unexplained"].push_back({{"kernel", difference.kernel},
                                   {"scenario", difference.scenario},
                                   {"place", difference.place},
                                   {"expected", difference.expected},
                                   {"got", difference.got}});
  }
  write_file(file, json_text(json));
}

// Those of the nights, oldest first, that were told; all of them where that is not known.
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
        differences.insert({kernel.plan.id, scenario.scenario, place.place, told(place.expected),
                            told(place.got)});
      }
    }
  }
  return differences;
}

// Kernels and scenarios that this night has held against the reference, answer by answer; of the
// others nothing is known to be fixed.
std::set<std::pair<std::string, std::string>> judged_in(const ReportData& data) {
  std::set<std::pair<std::string, std::string>> judged;
  for (const KernelReport& kernel : data.kernels) {
    if (!kernel.diff) continue;
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios) {
      if (scenario.verdict == Verdict::same || scenario.verdict == Verdict::differs) {
        judged.emplace(kernel.plan.id, scenario.scenario);
      }
    }
  }
  return judged;
}

// What was left unexplained before this night, held against what is now.
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

void add_changed_answers(NightReport& night, const RunResult& before, const RunResult& now) {
  for (const ScenarioVerdict& scenario : diff(before, now, night.data.changes).scenarios) {
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

// Ids of the nights that hold the newest result of some kernel.
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

// Takes the oldest nights out until `keep` are left, but not the last, which is tonight, and none
// that a kernel's next night will be compared with.
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

std::string with_was(const KernelNight& kernel) {
  return kernel.was.empty() ? kernel.package
                            : fmt::format("{}, was {}", kernel.package, kernel.was);
}

size_t count(const NightReport& night, KernelNight::Came came) {
  return static_cast<size_t>(
      std::count_if(night.kernels.begin(), night.kernels.end(),
                    [&](const KernelNight& kernel) { return kernel.came == came; }));
}

// What the work of one night shares.
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
    const auto last_told = read_last_told(unexplained_file(options_.state));
    const std::set<std::string> offered = offered_now();
    std::vector<RunDirectory> before = nights_in(runs_, progress);
    RunDirectory tonight = tonight_in(runs_, before, kernels_, options_.command_line);

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
    night.data = report_data(tonight, reference_, changes_);
    const std::vector<RunDirectory> told = told_nights(before, last_told);
    for (const KernelReport& kernel : night.data.kernels) {
      const auto last = last_result(before, kernel.plan.id);
      night.kernels.push_back(how_it_came(kernel, last, offered.contains(kernel.plan.id),
                                          standing.contains(kernel.plan.id)));
      const auto known = last_result(told, kernel.plan.id);
      if (known && kernel.result) add_changed_answers(night, *known, *kernel.result);
    }
    before.push_back(tonight);
    close(night, before, last_told ? last_told->unexplained : Differences());
    return night;
  }

 private:
  // Ids of the kernels that the mirror offers now; those from nowhere else are never missing.
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

  // Of a kernel that is nowhere to be had any more, the last night stands.
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

  // The last thing is what the next night is held against: a night that is killed before is told
  // again, and none is passed over.
  void close(NightReport& night, std::vector<RunDirectory> nights, Differences unexplained) const {
    compare_with_last_night(night, unexplained);
    const std::vector<RunDirectory> dropped = take_dispensable(nights, options_.keep);
    night.published = options_.publish && std::any_of(nights.begin(), nights.end(), has_result);
    if (night.published) options_.publish(nights);
    write_file(options_.state / "summary.md", summary_markdown(night));
    write_last_told(unexplained_file(options_.state), {night.data.run->id, unexplained});
    remove(dropped);
  }

  // Renamed first, so that no half of a night is ever taken for one; what a kill leaves of it is
  // removed by the next night.
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

std::string differences_table(const std::string& title,
                              const std::vector<Unexplained>& differences) {
  if (differences.empty()) return {};
  std::string text = fmt::format(
      "\n### {}\n\n| kernel | scenario | step | expected | got |\n|---|---|---|---|---|\n", title);
  for (const Unexplained& difference : differences) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(difference.kernel),
                        markdown_code(difference.scenario), markdown_code(difference.place),
                        markdown_code(difference.expected), markdown_code(difference.got));
  }
  return text;
}

std::string changed_table(const std::vector<ChangedAnswer>& changed) {
  if (changed.empty()) return {};
  std::string text =
      "\n### Answers that the last night did not have\n\n"
      "| kernel | scenario | step | before | now | explained by |\n|---|---|---|---|---|---|\n";
  for (const ChangedAnswer& answer : changed) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(answer.kernel),
                        markdown_code(answer.scenario), markdown_code(answer.place),
                        markdown_code(answer.before), markdown_code(answer.now),
                        markdown_text(fmt::format("{}", fmt::join(answer.changes, ", "))));
  }
  return text;
}

std::string kernels_list(const NightReport& night) {
  using Came = KernelNight::Came;
  std::string text = "\n";
  for (const KernelNight& kernel : night.kernels) {
    const auto line = [&](const std::string& what, const std::string& more) {
      text += fmt::format("- {} {}: {}\n", markdown_text(kernel.id), what, markdown_text(more));
    };
    switch (kernel.came) {
      case Came::ran:
        line("was run", with_was(kernel));
        break;
      case Came::as_before:
        if (!kernel.on_offer) line("is not on offer any more; it is in the store", kernel.package);
        break;
      case Came::last_night_stands:
        line("is not on offer any more; its last night stands", kernel.package);
        break;
      case Came::never:
        line("was never run", kernel.why);
        break;
      case Came::could_not:
        line("could not be judged", kernel.why);
        break;
    }
  }
  return text;
}

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

ExitCode exit_code(const NightReport& night) {
  const size_t could_not = count(night, KernelNight::Came::could_not);
  if (could_not > 0 || count(night, KernelNight::Came::never) == night.kernels.size()) {
    return ExitCode::incomplete;
  }
  const bool news = !night.appeared.empty() || !night.fixed.empty();
  return news ? ExitCode::differs : ExitCode::as_reference;
}

std::string summary_line(const NightReport& night) {
  std::vector<std::string> parts{fmt::format("{} of {} run", count(night, KernelNight::Came::ran),
                                             counted(night.kernels.size(), "kernel"))};
  if (const size_t could_not = count(night, KernelNight::Came::could_not); could_not > 0) {
    parts.push_back(fmt::format("{} could not be judged", could_not));
  }
  if (!night.appeared.empty()) {
    parts.push_back(counted(night.appeared.size(), "new unexplained difference"));
  }
  if (!night.fixed.empty()) parts.push_back(fmt::format("{} fixed", night.fixed.size()));
  if (!night.standing.empty()) {
    parts.push_back(fmt::format("{} unexplained as before", night.standing.size()));
  }
  if (!night.changed.empty()) {
    parts.push_back(counted(night.changed.size(), "changed answer"));
  }
  if (parts.size() == 1) parts.emplace_back("nothing new");
  return fmt::format("{}: {}", night.data.run->id, fmt::join(parts, ", "));
}

std::string summary_markdown(const NightReport& night) {
  return fmt::format("## Night {}\n{}{}{}{}\n{}", markdown_text(summary_line(night)),
                     kernels_list(night),
                     differences_table("New unexplained differences", night.appeared),
                     differences_table("Fixed since the last night", night.fixed),
                     changed_table(night.changed), report_named("markdown").render(night.data, {}));
}

}  // namespace brokenpipe
