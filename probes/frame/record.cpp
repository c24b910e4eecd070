#include "probes/frame/record.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace probe {
namespace {

constexpr std::array<uint32_t, 256> crc_table = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    table.at(byte) = crc;
  }
  return table;
}();

}  // namespace

uint32_t crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes)
    crc = (crc >> 8) ^ crc_table.at((crc ^ static_cast<uint8_t>(c)) & 0xFF);
  return ~crc;
}

void RecordWriter::write(const Json& record) {
  const std::string& payload = record.text();
  std::string line;
  if (!nonce_.empty()) {
    std::array<char, 9> crc{};
    std::snprintf(crc.data(), crc.size(), "%08x", crc32(payload));
    line = "@bp1 " + nonce_ + " " + std::to_string(sequence_) + " " +
           std::to_string(payload.size()) + " " + crc.data() + " ";
  }
  line += payload + "\n";
  ++sequence_;

  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "writing a record");
    }
  }
}

}  // namespace probe
