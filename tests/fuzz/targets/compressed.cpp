#include "images/unpack.h"

#include "tests/fuzz/fuzz_target.h"

/// One compressed stream.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  decompress(bytes, "what is fuzzed");
}

const RegisterFuzzTarget registered{"compressed", parse};

}  // namespace
}  // namespace brokenpipe
