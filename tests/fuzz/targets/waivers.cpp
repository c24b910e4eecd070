#include "results/waivers.h"

#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// The file of waivers.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  read_waivers(BytesFile(bytes).path());
}

const RegisterFuzzTarget registered{"waivers", parse};

}  // namespace
}  // namespace brokenpipe
