#include "results/run_result.h"

#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// A run's result or a reference, read and written again.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  to_json_text(read_run_result(BytesFile(bytes).path()));
}

const RegisterFuzzTarget registered{"result", parse};

}  // namespace
}  // namespace brokenpipe
