#include "orchestrator/campaign/bisect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "images/changelog.h"
#include "images/debian_version.h"
#include "orchestrator/campaign/campaign.h"
#include "orchestrator/campaign/releases.h"
#include "orchestrator/commands/bisect_report.h"
#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/commands/run_options.h"
#include "orchestrator/guest/interrupt.h"
#include "orchestrator/summary/summary.h"
#include "results/base/error.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"
#include "results/base/terminal.h"
#include "results/scenario_list.h"

/// `brokenpipe bisect`: asks as few kernels as will do for the place where an answer changes.
namespace brokenpipe {
namespace {

constexpr int exit_nothing_to_bisect = 1;

struct Options {
  std::string question;
  std::string from;
  std::string to;
  bool json = false;
  RunOptions run;
};

// Runs each kernel that is asked once at most, and none that an earlier run has asked.
class Asker {
 public:
  Asker(const RunOptions& options, const Question& question, const Expectations& expected,
        KernelStore& store)
      : question_(question),
        expected_(expected),
        store_(store),
        hypervisor_(hypervisor_of(options)),
        runs_(runs_directory(options)) {
    campaign_.order = guest_order(options);
  }

  // Why a kernel could not be asked, or its result.
  struct Said {
    std::optional<RunResult> result;
    std::string why_not;
  };

  const Said& operator()(const KernelChoice& kernel) {
    const auto [place, is_new] = said_.try_emplace(kernel.id);
    if (is_new) place->second = ask(kernel);
    return place->second;
  }

  bool has_asked(const KernelChoice& kernel) const { return said_.contains(kernel.id); }

  // What is known already: nothing is fetched or run for it.
  const RunResult* known(const KernelChoice& kernel) {
    if (const auto said = said_.find(kernel.id); said != said_.end()) {
      return said->second.result ? &*said->second.result : nullptr;
    }
    const auto stored = store_.find(*kernel.entry, kernel.point_release);
    if (!stored) return nullptr;
    auto earlier = said_earlier({kernel.id, stored});
    if (!earlier || !earlier->result) return nullptr;
    return &*said_.emplace(kernel.id, *std::move(earlier)).first->second.result;
  }

  bool interrupted() const { return interrupted_; }

 private:
  Said ask(const KernelChoice& kernel) {
    // Whoever interrupted wants no other kernel in its stead.
    if (interrupted_) return {std::nullopt, "interrupted"};
    std::optional<StoredKernel> stored;
    try {
      stored =
          store_.fetch({{*kernel.entry, kernel.point_release}}, Freshness::stored_is_enough).at(0);
    } catch (const Error& error) {
      return {std::nullopt, error.what()};
    }
    if (!stored) return {std::nullopt, not_offered_because(*kernel.entry)};
    const ReadyKernel ready{kernel.id, stored};
    if (auto earlier = said_earlier(ready)) return *std::move(earlier);
    return boot(kernel, ready);
  }

  Said boot(const KernelChoice& kernel, const ReadyKernel& ready) {
    RunDirectory directory = new_run(runs_, {kernel}, own_command_line());
    {
      Progress progress(stderr, is_terminal(stderr), {kernel.id});
      const InterruptWatch watch;
      run_campaign([&]() -> Hypervisor& { return hypervisor_(); }, {ready}, campaign_, directory,
                   progress, watch.token());
      interrupted_ = watch.interrupted();
    }
    const PlannedKernel& outcome = directory.run().kernels.front();
    if (outcome.state != KernelState::done) return {std::nullopt, outcome.reason};
    if (const auto result = directory.result(kernel.id)) {
      if (auto said = said_in(*result)) return *std::move(said);
    }
    return {std::nullopt, "the scenario came to no conclusion"};
  }

  // An answer, or why there can be none: it was not asked, and would not be in another run. Nothing
  // where another run may come to a conclusion.
  std::optional<Said> said_in(const RunResult& result) const {
    if (answer_in(result, question_, expected_)) return Said{result, {}};
    if (const auto why = why_not_asked(result, question_, expected_)) return Said{{}, *why};
    return std::nullopt;
  }

  // In a run that asked for this scenario, or for all.
  std::optional<Said> said_earlier(const ReadyKernel& kernel) {
    GuestOrder all = campaign_.order;
    all.identity.selection.clear();
    for (const GuestOrder& order : {campaign_.order, all}) {
      const auto earlier = earlier_result(
          runs_, kernel, order, [this]() -> Hypervisor& { return hypervisor_(); },
          [this](const std::string& what) {
            if (warned_.insert(what).second) safe_print(stderr, "{}\n", what);
          });
      if (!earlier) continue;
      if (auto said = said_in(earlier->result)) return said;
    }
    return std::nullopt;
  }

  const Question& question_;
  const Expectations& expected_;
  KernelStore& store_;
  LazyVirt hypervisor_;
  std::filesystem::path runs_;
  CampaignOptions campaign_;
  std::map<std::string, Said> said_;
  std::set<std::string> warned_;
  bool interrupted_ = false;
};

// The two kernels that somebody named.
std::vector<KernelChoice> named_ends(const Options& options, const Catalogue& catalogue) {
  std::vector<KernelChoice> ends;
  for (const std::string& word : {options.from, options.to}) {
    const auto choices = select_kernels(catalogue, {word});
    if (choices.size() != 1 || !choices.front().entry) {
      throw UsageError(word +
                       " is no single kernel of the catalogue; `brokenpipe kernels` lists "
                       "them.\n  Kernels of your own are bisected by `git bisect run`.");
    }
    ends.push_back(choices.front());
  }
  if (ends[0].entry->flavour != ends[1].entry->flavour) {
    throw UsageError(options.from + " and " + options.to +
                     " are of two flavours: more than their versions differs");
  }
  return ends;
}

Releases releases_of(const Catalogue& catalogue, const std::string& flavour, KernelStore& store) {
  std::vector<CatalogueEntry> entries;
  std::copy_if(catalogue.entries.begin(), catalogue.entries.end(), std::back_inserter(entries),
               [&](const CatalogueEntry& entry) { return entry.flavour == flavour; });
  Releases releases(entries, store.offers(entries));
  for (const CatalogueEntry& entry : entries) {
    if (const auto stored = store.find(entry, {})) {
      releases.add(entry, point_release_of(stored->version));
    }
  }
  return releases;
}

// The ends as releases, the older one first.
std::vector<KernelChoice> ends_of(const std::vector<KernelChoice>& named, Releases& releases,
                                  KernelStore& store) {
  std::vector<KernelChoice> ends;
  for (const KernelChoice& kernel : named) {
    if (!kernel.point_release.empty() && store.find(*kernel.entry, kernel.point_release)) {
      releases.add(*kernel.entry, kernel.point_release);
    }
    ends.push_back(releases.named(kernel));
  }
  if (ends[0].id == ends[1].id) {
    throw UsageError(ends[0].id + " is both ends: there is nothing between them");
  }
  std::sort(ends.begin(), ends.end(), is_older);
  return ends;
}

Bisection search(const std::vector<KernelChoice>& chain, const Question& question,
                 const Expectations& expected, Asker& asker) {
  return bisect(
      chain.size(),
      [&](size_t version) -> std::optional<std::string> {
        const Asker::Said& said = asker(chain[version]);
        if (said.result) return answer_in(*said.result, question, expected);
        safe_print(stderr, "{}: passed over: {}\n", chain[version].id, said.why_not);
        return std::nullopt;
      },
      [&](size_t version, size_t left) {
        if (asker.has_asked(chain[version])) return;
        if (asker.known(chain[version]) != nullptr) {
          safe_print(stderr, "{}: known from an earlier run\n", chain[version].id);
        } else {
          safe_print(stderr, "{}: about {} to run\n", chain[version].id,
                     counted(left, "more kernel"));
        }
      });
}

// Every kernel of the chains whose answer is known, whether the search asked it or another run, and
// those that were asked in vain.
void gather_known(Finding& finding, const std::vector<KernelChoice>& chain,
                  const Question& question, const Expectations& expected, Asker& asker) {
  std::map<size_t, std::optional<std::string>> answers;
  std::vector<KernelChoice> all = chain;
  for (const KernelChoice& kernel : finding.chain) {
    if (std::none_of(all.begin(), all.end(), [&](const auto& k) { return k.id == kernel.id; })) {
      all.push_back(kernel);
    }
  }
  std::sort(all.begin(), all.end(), is_older);
  for (const KernelChoice& kernel : all) {
    const RunResult* result = asker.known(kernel);
    if (result == nullptr) {
      if (asker.has_asked(kernel)) finding.in_vain.push_back({kernel, asker(kernel).why_not});
      continue;
    }
    answers[finding.known.size()] = answer_in(*result, question, expected);
    finding.known.push_back(kernel);
  }
  finding.changes = changes_in(answers);
}

void add_causes(Finding& finding, const Question& question, const Expectations& expected,
                Asker& asker, KernelStore& store) {
  const RunResult& older = *asker(finding.older()).result;
  const RunResult& newer = *asker(finding.newer()).result;
  finding.explanation = explain(older, newer, question, expected);
  if (!finding.within_a_series()) return;
  const auto changelog = store.changelog(*finding.newer().entry, finding.newer().point_release);
  if (!changelog) return;
  finding.has_changelog = true;
  const auto entries =
      changes_between(*changelog, finding.older().point_release, finding.newer().point_release);
  finding.changelog_entries = entries.size();
  const Subsystems subsystems = subsystems_of(question.scenario.grounds);
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(finding.changelog),
               [&](const std::string& entry) { return subsystems.contain(entry); });
}

// First over the newest releases of the series, then, where two of them part, over the releases of
// the younger one: the change may have come into it by back-port.
Finding find(const std::vector<KernelChoice>& ends, const Releases& releases,
             const Question& question, const Expectations& expected, Asker& asker,
             KernelStore& store) {
  Finding finding;
  const bool one_series = ends[0].entry->series == ends[1].entry->series;
  const std::vector<KernelChoice> chain =
      one_series ? releases.within(ends[0], ends[1]) : releases.across(ends[0], ends[1]);
  const auto look_along = [&](const std::vector<KernelChoice>& kernels) {
    const Bisection bisection = search(kernels, question, expected, asker);
    finding.chain = kernels;
    finding.ending = bisection.ending;
    finding.before = bisection.before;
    finding.after = bisection.after;
  };
  look_along(chain);
  if (finding.ending == Bisection::Ending::found && !one_series && !asker.interrupted()) {
    look_along(releases.within(finding.older(), finding.newer()));
  }
  gather_known(finding, chain, question, expected, asker);
  if (finding.ending == Bisection::Ending::found && !asker.interrupted()) {
    add_causes(finding, question, expected, asker, store);
  }
  return finding;
}

// A step that neither end makes is a mistyped one.
void check_step(const Finding& finding, const Question& question, Asker& asker) {
  if (question.step.empty()) return;
  std::set<std::string> steps;
  for (const KernelChoice& kernel : finding.known) {
    const Observation* seen = observation_of(*asker.known(kernel), question.scenario.id);
    if (step_of(*seen, question.step) != nullptr) return;
    for (const Step& step : seen->steps) steps.insert(step.id);
  }
  if (steps.empty()) return;
  throw UsageError(fmt::format("{} has no step '{}'; it has: {}", question.scenario.id,
                               question.step, fmt::join(steps, ", ")));
}

std::vector<KernelAnswer> answers_of(const Finding& finding, const Question& question,
                                     Asker& asker) {
  std::vector<const Observation*> seen;
  for (const KernelChoice& kernel : finding.known) {
    seen.push_back(observation_of(*asker.known(kernel), question.scenario.id));
  }
  const std::set<std::string> places = places_that_vary(seen);
  std::vector<KernelAnswer> answers;
  for (size_t i = 0; i < seen.size(); ++i) {
    const KernelChoice& kernel = finding.known[i];
    answers.push_back(
        {kernel.id, asker.known(kernel)->kernel.package, told(*seen[i], question, places)});
  }
  return answers;
}

int exit_code(Bisection::Ending ending) {
  switch (ending) {
    case Bisection::Ending::found:
      return exit_done;
    case Bisection::Ending::alike:
      return exit_nothing_to_bisect;
    case Bisection::Ending::unanswered:
      return exit_failed;
  }
  return exit_failed;
}

int bisect_and_report(Options options) {
  const Catalogue catalogue = open_catalogue(options.run.store);
  const std::vector<KernelChoice> named = named_ends(options, catalogue);
  const Question question = question_of(
      options.question,
      options.run.probe.empty() ? probe_binary() : std::filesystem::path(options.run.probe));
  options.run.scenarios = {question.scenario.id};

  KernelStore store = open_store(options.run.store);
  Releases releases = releases_of(catalogue, named[0].entry->flavour, store);
  const std::vector<KernelChoice> ends = ends_of(named, releases, store);
  const Expectations expected{read_reference({}), known_changes()};
  Asker asker(options.run, question, expected, store);
  Finding finding = find(ends, releases, question, expected, asker, store);
  if (asker.interrupted()) {
    fmt::print(stderr, "Interrupted. What was run is kept: the same command goes on from there.\n");
    return exit_interrupted;
  }
  check_step(finding, question, asker);
  finding.answers = answers_of(finding, question, asker);
  if (options.json) {
    print_json(finding, question);
  } else {
    print_text(finding, question);
  }
  return exit_code(finding.ending);
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command
      .add_option("SCENARIO[#STEP]", options->question,
                  "A scenario, or one step of it: tcp/x#send#2 is step send#2 of tcp/x")
      ->required();
  command
      .add_option("--from", options->from,
                  "A kernel of the catalogue (its newest release) or a point release")
      ->required();
  command.add_option("--to", options->to, "Another, of the same series or not")->required();
  command.add_flag("--json", options->json, "For programs");
  command.add_option("--out", options->run.out,
                     "Where runs are kept (default: $XDG_STATE_HOME/brokenpipe/runs)");
  add_guest_options(command, options->run);
  command.footer(
      "A kernel that cannot be asked, be it for want of a module, is passed over: that is no "
      "answer.\nExit codes: 0 found, 1 the ends answer alike, 2 usage, 3 an end cannot be asked, "
      "130 "
      "interrupted.");
  return [options] { return bisect_and_report(*options); };
}

const RegisterCommand bisect_command{
    {"bisect", "Find the two neighbouring releases between which an answer changes", Purpose::ask,
     set_up}};

}  // namespace
}  // namespace brokenpipe
