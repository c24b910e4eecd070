#include "results/changes.h"

#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// The ledger of changes.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  read_changes(BytesFile(bytes).path());
}

const RegisterFuzzTarget registered{"changes", parse};

}  // namespace
}  // namespace brokenpipe
