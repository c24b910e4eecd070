#include "probes/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "probes/fd.h"

namespace probe {

std::optional<std::string> read_file(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file < 0) return std::nullopt;
  std::string content;
  std::array<char, 65536> piece{};
  ssize_t length = 0;
  while ((length = read(file, piece.data(), piece.size())) > 0) {
    content.append(piece.data(), static_cast<size_t>(length));
  }
  if (length < 0) return std::nullopt;
  return content;
}

}  // namespace probe
