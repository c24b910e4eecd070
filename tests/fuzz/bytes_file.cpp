#include "tests/fuzz/bytes_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace brokenpipe {

BytesFile::BytesFile(std::string_view bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    // Nothing that is tested here is at fault.
    if (written <= 0) std::abort();
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::filesystem::path BytesFile::path() const {
  return fmt::format("/proc/self/fd/{}", fd_.get());
}

}  // namespace brokenpipe
