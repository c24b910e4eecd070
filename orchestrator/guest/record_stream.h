#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

/// What a guest says, out of what comes from its serial port.
namespace brokenpipe {

/// Reads the frames that the probe writes to its serial port as /init:
/// `@bp1 NONCE SEQUENCE LENGTH CRC32 PAYLOAD\n`, and notices whatever is not as it was sent. Damage
/// is a value: what else arrives whole is still delivered.
class RecordStream {
 public:
  /// `nonce` is what the guest was told to write into each frame.
  explicit RecordStream(std::string nonce);

  /// Takes the next bytes, split anywhere; the payloads that they complete, in order.
  std::vector<nlohmann::json> feed(std::string_view bytes);

  /// Whether the end record has come: the last word of a guest.
  bool ended() const { return ended_; }

  /// What is missing if no more bytes come, in words; empty after the end.
  std::string missing() const;

  /// What was wrong and where, a sentence each: `frame 3 (byte 412): CRC-32 is ..., not ...`.
  const std::vector<std::string>& damage() const { return damage_; }

 private:
  void read_line(std::string_view line, std::vector<nlohmann::json>& payloads);
  void count(const nlohmann::json& payload);
  void damaged(const std::string& what);

  std::string nonce_;
  std::string line_;            ///< begun, its end not yet received
  std::size_t line_start_ = 0;  ///< of the current line, in bytes from the beginning
  std::uint64_t sequence_ = 0;  ///< of the frame that is due
  std::uint64_t observations_ = 0;
  bool ended_ = false;
  std::vector<std::string> damage_;
};

}  // namespace brokenpipe
