#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/faults/fault.h"

/// Makes every fault happen, some at once, for most of the time is a guest's that waits; what has
/// come of each goes into a file of the folder that it is given.
namespace {

using namespace brokenpipe::testing;

int make_happen(const std::filesystem::path& folder) {
  constexpr unsigned at_once = 3;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::vector<Fault> faults = all_faults();
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < faults.size(); i = next++)
      write_outcome(folder / (faults[i].name + ".json"), happen(faults[i]));
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < at_once; ++i) workers.emplace_back(work);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    return make_happen(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
