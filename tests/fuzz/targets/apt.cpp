#include <string>

#include "images/apt_output.h"
#include "results/base/error.h"
#include "tests/fuzz/fuzz_target.h"

/// What the programs of apt print.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  const std::string out(bytes);
  complaints({0, out, out});
  try {
    packages_in(out);
  } catch (const Error&) {
    // Then it may be of the other program.
    downloads_in(out);
  }
}

const RegisterFuzzTarget registered{"apt", parse};

}  // namespace
}  // namespace brokenpipe
