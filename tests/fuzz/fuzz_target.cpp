#include "tests/fuzz/fuzz_target.h"

#include "results/base/error.h"

namespace brokenpipe {
namespace {

std::vector<FuzzTarget>& registry() {
  static std::vector<FuzzTarget> targets;
  return targets;
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  return registry();
}

RegisterFuzzTarget::RegisterFuzzTarget(std::string_view name,
                                       void (*parse)(std::string_view bytes)) {
  registry().push_back({name, parse});
}

void run_target(const FuzzTarget& target, std::string_view bytes) {
  try {
    target.parse(bytes);
  } catch (const Error&) {
    // What is wrong with the bytes was found, and can be said.
    return;
  } catch (const UsageError&) {
    return;
  }
}

}  // namespace brokenpipe
