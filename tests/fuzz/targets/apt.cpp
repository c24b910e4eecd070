#include <string>

#include "images/apt_output.h"

#include "tests/fuzz/fuzz_target.h"

/// What the programs of apt print.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  const std::string out(bytes);
  packages_in(out);
  complaints({0, out, out});
  downloads_in(out);
}

const RegisterFuzzTarget registered{"apt", parse};

}  // namespace
}  // namespace brokenpipe
