#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/run_directory.h"

#include "tests/fuzz/fuzz_target.h"

/// The record of a run, run.json, and its folder.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  static const TemporaryDirectory folder("/dev/shm");
  write_file(folder.path() / "run.json", bytes);
  RunDirectory::open(folder.path());
}

const RegisterFuzzTarget registered{"run", parse};

}  // namespace
}  // namespace brokenpipe
