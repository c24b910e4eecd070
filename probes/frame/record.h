#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "probes/base/json.h"

/// How records leave the probe. What they say is the runner's business.
namespace probe {

/// CRC-32 as zlib and Ethernet have it.
uint32_t crc32(std::string_view bytes);

/// Writes records to a file descriptor that it does not own: as JSON lines, or, where they share
/// a serial line with whatever else may print there, as frames:
///
///     @bp1 NONCE SEQUENCE LENGTH CRC32 PAYLOAD
///
/// NONCE is the orchestrator's, 16 hexadecimal digits; SEQUENCE counts from 0; LENGTH and CRC32
/// (8 hexadecimal digits) are those of PAYLOAD, the JSON.
class RecordWriter {
 public:
  explicit RecordWriter(int fd, std::string nonce = {}) : fd_(fd), nonce_(std::move(nonce)) {}

  /// Writes one record. std::system_error if the reader is gone or the disk is full.
  void write(const Json& record);

 private:
  int fd_;
  std::string nonce_;
  unsigned long sequence_ = 0;
};

}  // namespace probe
