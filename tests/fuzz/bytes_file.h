#pragma once

#include <filesystem>
#include <string_view>

#include "results/base/unique_fd.h"

/// Bytes for those who read files.
namespace brokenpipe {

/// A file in memory (memfd_create(2)), which is gone with the object.
class BytesFile {
 public:
  explicit BytesFile(std::string_view bytes);

  std::filesystem::path path() const;

 private:
  UniqueFd fd_;
};

}  // namespace brokenpipe
