#include "images/boot_image.h"

#include "results/base/folder.h"
#include "tests/fuzz/bytes_file.h"

#include "tests/fuzz/fuzz_target.h"

/// A kernel's image: setup header, payload, ELF notes, banner.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  const BytesFile image(bytes);
  const TemporaryDirectory cache("/dev/shm");
  boot_image(image.path(), cache.path());
  kernel_release(image.path());
}

const RegisterFuzzTarget registered{"boot_image", parse};

}  // namespace
}  // namespace brokenpipe
