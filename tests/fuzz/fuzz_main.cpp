#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_target.h"

/// What libFuzzer calls: the one target that is linked into this program.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  brokenpipe::run_target(brokenpipe::fuzz_targets().front(),
                         {reinterpret_cast<const char*>(data), size});
  return 0;
}
