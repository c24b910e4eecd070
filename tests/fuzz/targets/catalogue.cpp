#include "images/catalogue.h"

#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// The catalogue of kernels, kernels.json.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  read_catalogue(BytesFile(bytes).path());
}

const RegisterFuzzTarget registered{"catalogue", parse};

}  // namespace
}  // namespace brokenpipe
