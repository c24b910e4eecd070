#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/guest/guest_record.h"

/// What a guest says, out of what comes from its serial port.
namespace brokenpipe {

/// What was not as it was sent, or not as it may be: how often, and the first few of it in words.
struct Damage {
  std::uint64_t places = 0;
  /// `frame 3 (byte 412): CRC-32 is ..., not ...`: printable, a few at most, each of a few hundred
  /// bytes at most.
  std::vector<std::string> first = {};

  bool operator==(const Damage&) const = default;
};

/// For people: how often, and the first. There must be some.
std::string in_words(const Damage& damage);

/// Reads the frames that the probe writes to its serial port as /init:
/// `@bp1 NONCE SEQUENCE LENGTH CRC32 PAYLOAD\n`, and notices whatever is not as it was sent. Damage
/// is a value: what else arrives whole is still delivered. What it keeps does not grow with what it
/// is fed.
class RecordStream {
 public:
  /// `nonce` is what the guest was told to write into each frame. Of its bytes `most_bytes` are
  /// read.
  explicit RecordStream(std::string nonce, std::size_t most_bytes = std::size_t{16} << 20U);

  /// Takes the next bytes, split anywhere; the records that they complete, in order.
  std::vector<GuestRecord> feed(std::string_view bytes);

  /// Whether the end record has come: the last word of a guest.
  bool ended() const { return order_.ended(); }

  /// Why no more is read of a guest that says too much, the beginning of a sentence; empty where it
  /// does not.
  const std::string& too_much() const { return too_much_; }

  /// What is missing if no more bytes come, in words; empty after the end.
  std::string missing() const;

  const Damage& damage() const { return damage_; }

 private:
  void read_line(std::string_view line, std::vector<GuestRecord>& records);
  void read_payload(std::string_view payload, std::vector<GuestRecord>& records);
  bool may_read(std::string_view bytes);
  template <class Words>
  void damaged(const Words& words);

  std::string nonce_;
  std::size_t most_bytes_;
  std::string line_;               ///< begun, its end not yet received
  bool line_is_too_long_ = false;  ///< and is no longer kept
  std::uint64_t line_start_ = 0;   ///< of the current line, in bytes from the beginning
  std::uint64_t bytes_ = 0;
  std::uint64_t values_ = 0;    ///< of JSON, no fewer than there are
  std::uint64_t sequence_ = 0;  ///< of the frame that is due
  RecordOrder order_;
  std::string too_much_;
  Damage damage_;
};

}  // namespace brokenpipe
