#include "images/changelog.h"

#include "tests/fuzz/fuzz_target.h"

/// The changelog of a kernel package.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  tells_of(bytes, "6.12.105");
  const Subsystems subsystems = subsystems_of({"net/ipv4/tcp_input.c:tcp_reset"});
  for (const std::string& change : changes_between(bytes, "6.12.90", "6.12.105")) {
    subsystems.contain(change);
  }
}

const RegisterFuzzTarget registered{"changelog", parse};

}  // namespace
}  // namespace brokenpipe
