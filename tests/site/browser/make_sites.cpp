#include <exception>
#include <filesystem>
#include <iostream>

#include "orchestrator/site/matrix.h"
#include "results/base/file.h"
#include "results/base/json_file.h"
#include "tests/site/sample_site.h"

/// What the browser tests look at: FOLDER/sample, FOLDER/large, and FOLDER/diffs.json, the verdicts
/// of `brokenpipe diff A B` for every two results of the sample.
namespace {

using namespace brokenpipe;

struct Named {
  std::string name;  ///< kernel@run, as the compare page has it
  RunResult result;
};

nlohmann::ordered_json diffs_of(const SiteInput& input) {
  std::vector<Named> all;
  for (const RunResult& result : input.archive)
    all.push_back({result.kernel.id + "@archive", result});
  for (const RunDirectory& run : input.runs)
    for (const PlannedKernel& kernel : run.run().kernels)
      if (auto result = run.result(kernel.id))
        all.push_back({kernel.id + "@" + run.run().id, *std::move(result)});
  nlohmann::ordered_json diffs = nlohmann::ordered_json::array();
  for (const Named& a : all)
    for (const Named& b : all) {
      nlohmann::ordered_json verdicts;
      for (const ScenarioVerdict& scenario : diff(a.result, b.result, input.changes).scenarios)
        verdicts[scenario.scenario] = verdict_word(&scenario);
      diffs.push_back({{"a", a.name}, {"b", b.name}, {"verdicts", verdicts}});
    }
  return diffs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_sites FOLDER\n";
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1];
    std::filesystem::remove_all(folder);
    const SiteInput sample = sample_site(folder / "runs");
    publish(sample, folder / "sample");
    publish(large_site(folder / "runs"), folder / "large");
    write_file(folder / "diffs.json", json_text(diffs_of(sample)));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "make_sites: " << error.what() << "\n";
    return 1;
  }
}
