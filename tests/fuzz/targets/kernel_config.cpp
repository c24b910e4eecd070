#include "images/kernel_config.h"

#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// The configuration of a kernel.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  read_kernel_config(BytesFile(bytes).path(), "6.1.0-47-amd64");
  KernelConfig(bytes).sets("AX25");
}

const RegisterFuzzTarget registered{"kernel_config", parse};

}  // namespace
}  // namespace brokenpipe
