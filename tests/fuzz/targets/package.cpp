#include "images/unpack.h"

#include "results/base/folder.h"
#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// A package of a kernel, unpacked; its paths are its own.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  const TemporaryDirectory folder("/dev/shm");
  unpack_deb(BytesFile(bytes).path(), [&](const std::string&) { return folder.path() / "file"; });
}

const RegisterFuzzTarget registered{"package", parse};

}  // namespace
}  // namespace brokenpipe
