#include <cstdio>
#include <exception>

#include "results/base/file.h"
#include "tests/faults/fault.h"

/// Writes the table of faults to the file that it is given.
int main(int argc, char** argv) {
  using namespace brokenpipe;
  if (argc != 2) return 2;
  try {
    write_file(argv[1], testing::fault_table(testing::all_faults()));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
