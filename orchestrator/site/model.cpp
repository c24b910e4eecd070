#include "orchestrator/site/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "results/base/error.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace {

bool asked_for_all(const RunResult& result) {
  return result.probe.selection.empty();
}

/// Before another in the matrix. Kernels without a version come last.
bool older(const SiteKernel& one, const SiteKernel& other) {
  const auto key = [](const SiteKernel& kernel) {
    const auto version = version_of(kernel.result().kernel);
    return std::tuple(!version, version.value_or(KernelVersion{}), kernel.id());
  };
  return key(one) < key(other);
}

template <typename Items, typename Id>
auto find_id(Items& items, const std::string& id, Id&& id_of) {
  return std::find_if(items.begin(), items.end(),
                      [&](const auto& item) { return id_of(item) == id; });
}

SiteKernel archived(const RunResult& result) {
  SiteKernel kernel;
  kernel.report = {{result.kernel.id, KernelState::done, {}}, result, std::nullopt};
  kernel.latest = kernel.report.plan;
  kernel.archived = true;
  return kernel;
}

std::vector<ScenarioInfo> all_scenarios(const SiteInput& input,
                                        const std::vector<SiteKernel>& kernels) {
  std::map<std::string, ScenarioInfo> all;
  const auto known_by = [&](const RunResult& result) {
    for (const Observation& observation : result.observations)
      all[observation.scenario].id = observation.scenario;
  };
  known_by(input.reference);
  for (const SiteKernel& kernel : kernels) known_by(kernel.result());
  for (const ScenarioInfo& info : input.scenarios.scenarios) all[info.id] = info;
  std::vector<ScenarioInfo> sorted;
  sorted.reserve(all.size());
  for (auto& [id, info] : all) sorted.push_back(std::move(info));
  return sorted;
}

}  // namespace

const ScenarioVerdict* SiteKernel::verdict(const std::string& scenario) const {
  return verdict_of(diff(), scenario);
}

const SiteKernel* SiteModel::kernel(const std::string& id) const {
  const auto found =
      find_id(kernels, id, [](const SiteKernel& one) -> const std::string& { return one.id(); });
  return found == kernels.end() ? nullptr : &*found;
}

const Change* SiteModel::change(const std::string& id) const {
  const auto found =
      find_id(changes.changes, id, [](const Change& one) -> const std::string& { return one.id; });
  return found == changes.changes.end() ? nullptr : &*found;
}

const Waiver* SiteModel::waiver(const std::string& id) const {
  const auto found = find_id(waivers.waivers.waivers, id,
                             [](const Waiver& one) -> const std::string& { return one.id; });
  return found == waivers.waivers.waivers.end() ? nullptr : &*found;
}

std::string version_text(const KernelIdentity& kernel) {
  const auto version = version_of(kernel);
  return version ? version_text(*version) : kernel.release;
}

std::string series_text(const KernelIdentity& kernel) {
  const auto version = version_of(kernel);
  return version ? fmt::format("{}.{}", version->major, version->minor) : std::string();
}

std::string family_of(const std::string& scenario) {
  return scenario.substr(0, scenario.find('/'));
}

std::string scenario_page(const std::string& scenario) {
  std::string page = "scenario";
  for (std::size_t begin = 0; begin != std::string::npos;) {
    const std::size_t end = scenario.find('/', begin);
    page += "/" + path_part(scenario.substr(begin, end - begin));
    begin = end == std::string::npos ? end : end + 1;
  }
  // Of what no file system takes (PATH_MAX) nobody reads the folders, either.
  constexpr std::size_t longest = 2048;
  if (page.size() > longest) page = "scenario/" + path_part(scenario);
  return page + ".html";
}

std::string kernel_page(const std::string& kernel) {
  return "kernel/" + path_part(kernel) + ".html";
}

std::string pictures_page(const std::string& kernel) {
  return "pictures/" + path_part(kernel) + ".html";
}

std::string badge_file(const std::string& kernel) {
  return "badges/" + path_part(kernel) + ".svg";
}

std::string pair_page(const std::string& kernel, const std::string& other) {
  return fmt::format("compare/{}/{}.html", path_part(kernel), path_part(other));
}

std::string root_of(const std::string& page) {
  std::string root;
  for (const char c : page)
    if (c == '/') root += "../";
  return root;
}

void NewestResults::add(const RunDirectory& run, const std::vector<RunResult>& results) {
  const auto plan_id = [](const PlannedKernel& plan) { return plan.id; };
  const auto kernel_id = [](const SiteKernel& kernel) { return kernel.id(); };
  for (const PlannedKernel& plan : run.run().kernels) {
    const auto known = find_id(planned_, plan.id, plan_id);
    if (known == planned_.end())
      planned_.push_back(plan);
    else
      *known = plan;
    const auto result =
        find_id(results, plan.id, [](const RunResult& one) { return one.kernel.id; });
    if (result == results.end()) continue;
    auto kernel = find_id(kernels_, plan.id, kernel_id);
    if (kernel != kernels_.end() && asked_for_all(kernel->result()) && !asked_for_all(*result))
      continue;
    if (kernel == kernels_.end()) kernel = kernels_.emplace(kernels_.end());
    kernel->report = {plan, *result, std::nullopt};
    kernel->run = run.run().id;
    kernel->started = run.run().started;
    kernel->console = run.console_file(plan.id);
  }
}

SiteModel NewestResults::model(const SiteInput& input) && {
  if (kernels_.empty()) throw UsageError("none of the runs has a result to show");
  SiteModel model;
  model.reference = input.reference;
  model.changes = input.changes;
  model.waivers = input.waivers;
  model.stories = input.scenarios.stories;
  for (const PlannedKernel& plan : planned_) {
    const auto kernel = find_id(kernels_, plan.id, [](const SiteKernel& one) { return one.id(); });
    if (kernel == kernels_.end())
      model.absent.push_back(plan);
    else
      kernel->latest = plan;
  }
  for (const RunResult& result : input.archive) {
    const std::string& id = result.kernel.id;
    const auto known = find_id(kernels_, id, [](const SiteKernel& one) { return one.id(); });
    if (known == kernels_.end()) kernels_.push_back(archived(result));
  }
  for (SiteKernel& kernel : kernels_) {
    kernel.report.diff = diff(model.reference, kernel.result(), model.changes);
    apply_waivers(*kernel.report.diff, model.waivers);
  }
  std::sort(kernels_.begin(), kernels_.end(), older);
  model.scenarios = all_scenarios(input, kernels_);
  model.kernels = std::move(kernels_);
  return model;
}

}  // namespace brokenpipe
