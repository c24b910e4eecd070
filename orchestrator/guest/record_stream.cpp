// The frames of a guest's serial port, and what is wrong with them.
#include "orchestrator/guest/record_stream.h"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <utility>

namespace brokenpipe {
namespace {

constexpr std::string_view magic = "@bp1";

/// A record and the words in front of it.
constexpr std::size_t longest_line = longest_record + 256;

/// A whole run has 40 000 of them. A value of one byte becomes many: as JSON in memory, and
/// indented in the result's file, which must not outgrow what its readers take
/// (results/base/json_parse.h).
constexpr std::uint64_t most_values = 500'000;

/// The sentences that are kept.
constexpr std::size_t kept_sentences = 5;

/// Cuts the word before the next blank off `rest`.
std::string_view next_word(std::string_view& rest) {
  const auto blank = rest.find(' ');
  const auto word = rest.substr(0, blank);
  rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  return word;
}

template <class Number>
std::optional<Number> number(std::string_view word, int base) {
  Number value{};
  const auto* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::uint32_t crc_32(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// How many values a JSON text has at most: in front of each but the first stands one of these.
std::uint64_t values_at_most(std::string_view payload) {
  std::uint64_t values = 1;
  bool is_string = false;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const char c = payload[i];
    if (c == '"')
      is_string = !is_string;
    else if (is_string && c == '\\')
      ++i;
    else if (!is_string && (c == ',' || c == ':' || c == '['))
      ++values;
  }
  return values;
}

}  // namespace

std::string in_words(const Damage& damage) {
  if (damage.places == 1) return damage.first.front();
  return fmt::format("{} places, the first: {}", damage.places, damage.first.front());
}

RecordStream::RecordStream(std::string nonce, std::size_t most_bytes)
    : nonce_(std::move(nonce)), most_bytes_(most_bytes) {}

/// `words` makes the sentence, which costs more than to count it.
template <class Words>
void RecordStream::damaged(const Words& words) {
  ++damage_.places;
  if (damage_.first.size() < kept_sentences)
    damage_.first.push_back(fmt::format("frame {} (byte {}): {}", sequence_, line_start_, words()));
}

/// Of all that a guest says; what is beyond is not read.
bool RecordStream::may_read(std::string_view bytes) {
  if (!too_much_.empty()) return false;
  bytes_ += bytes.size();
  if (bytes_ <= most_bytes_) return true;
  too_much_ = fmt::format("it wrote more records than the limit of {} bytes,", most_bytes_);
  return false;
}

std::vector<GuestRecord> RecordStream::feed(std::string_view bytes) {
  std::vector<GuestRecord> records;
  if (!may_read(bytes)) return records;
  while (!bytes.empty() && too_much_.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    const bool is_whole = end != std::string_view::npos;
    if (!line_is_too_long_) {
      line_ += piece;
      if (line_.size() > longest_line) {
        damaged([&] {
          return fmt::format("a line of more than {} bytes: \"{}\"", longest_line, excerpt(line_));
        });
        line_is_too_long_ = true;
        line_.clear();
      } else if (is_whole) {
        if (!line_.empty() && line_.back() == '\r') line_.pop_back();
        read_line(line_, records);
      }
    }
    bytes.remove_prefix(piece.size() + (is_whole ? 1 : 0));
    if (is_whole) {
      line_.clear();
      line_is_too_long_ = false;
      line_start_ = bytes_ - bytes.size();
    }
  }
  return records;
}

void RecordStream::read_line(std::string_view line, std::vector<GuestRecord>& records) {
  auto rest = line;
  if (next_word(rest) != magic)
    return damaged([&] { return fmt::format("no frame: \"{}\"", excerpt(line)); });
  const auto nonce = next_word(rest);
  const auto sequence = number<std::uint64_t>(next_word(rest), 10);
  const auto length = number<std::size_t>(next_word(rest), 10);
  const auto crc = number<std::uint32_t>(next_word(rest), 16);
  if (!sequence || !length || !crc)
    return damaged([&] { return fmt::format("header cannot be read: \"{}\"", excerpt(line)); });
  if (nonce != nonce_) {
    return damaged([&] {
      return fmt::format("nonce is {}, not {}: another guest's frame", excerpt(nonce), nonce_);
    });
  }
  if (*sequence != sequence_) {
    damaged([&] { return fmt::format("sequence number is {}, {} was due", *sequence, sequence_); });
    sequence_ = *sequence;
  }
  if (rest.size() != *length) {
    damaged([&] {
      return fmt::format("payload has {} bytes, {} were announced", rest.size(), *length);
    });
  } else if (crc_32(rest) != *crc) {
    damaged(
        [&] { return fmt::format("CRC-32 is {:08x}, {:08x} was announced", crc_32(rest), *crc); });
  } else {
    read_payload(rest, records);
  }
  ++sequence_;
}

void RecordStream::read_payload(std::string_view payload, std::vector<GuestRecord>& records) {
  values_ += values_at_most(payload);
  if (values_ > most_values) {
    too_much_ = fmt::format("its records hold more values than the limit of {},", most_values);
    return;
  }
  auto record = guest_record(payload);
  if (const auto* fault = std::get_if<RecordFault>(&record))
    return damaged([&] { return fault->what; });
  auto& good = std::get<GuestRecord>(record);
  std::string wrong = order_.wrong_with(good);
  if (!wrong.empty()) return damaged([&] { return std::move(wrong); });
  records.push_back(std::move(good));
}

std::string RecordStream::missing() const {
  if (ended()) return {};
  if (line_is_too_long_) return fmt::format("frame {} does not end", sequence_);
  if (!line_.empty()) return fmt::format("frame {} breaks off: \"{}\"", sequence_, excerpt(line_));
  return sequence_ == 0 ? "no frame at all" : fmt::format("no end after frame {}", sequence_ - 1);
}

}  // namespace brokenpipe
