#include "orchestrator/guest/record_stream.h"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <optional>
#include <utility>

#include "results/base/text.h"

namespace brokenpipe {
namespace {

constexpr std::string_view magic = "@bp1";

/// No record comes near: what is longer is a stream that has lost its line ends.
constexpr std::size_t longest_line = std::size_t{4} << 20;

/// As much of a foreign line as helps to recognize it.
constexpr std::size_t shown = 60;

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

std::string excerpt(std::string_view line) {
  const std::string text = printable_ascii(line.substr(0, shown));
  return line.size() > shown ? text + "..." : text;
}

}  // namespace

RecordStream::RecordStream(std::string nonce) : nonce_(std::move(nonce)) {}

void RecordStream::damaged(const std::string& what) {
  damage_.push_back(fmt::format("frame {} (byte {}): {}", sequence_, line_start_, what));
}

std::vector<nlohmann::json> RecordStream::feed(std::string_view bytes) {
  std::vector<nlohmann::json> payloads;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (end == std::string_view::npos && line_.size() <= longest_line) break;
    const auto taken = end == std::string_view::npos ? bytes.size() : end + 1;
    const auto line_size = line_.size() + (end == std::string_view::npos ? 0 : 1);
    bytes.remove_prefix(taken);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    read_line(line_, payloads);
    line_.clear();
    line_start_ += line_size;
  }
  return payloads;
}

void RecordStream::read_line(std::string_view line, std::vector<nlohmann::json>& payloads) {
  auto rest = line;
  if (next_word(rest) != magic) return damaged(fmt::format("no frame: \"{}\"", excerpt(line)));
  const auto nonce = next_word(rest);
  const auto sequence = number<std::uint64_t>(next_word(rest), 10);
  const auto length = number<std::size_t>(next_word(rest), 10);
  const auto crc = number<std::uint32_t>(next_word(rest), 16);
  if (!sequence || !length || !crc)
    return damaged(fmt::format("header cannot be read: \"{}\"", excerpt(line)));
  if (nonce != nonce_)
    return damaged(fmt::format("nonce is {}, not {}: another guest's frame", nonce, nonce_));
  if (ended_) damaged("comes after the end");
  if (*sequence != sequence_) {
    damaged(fmt::format("sequence number is {}, {} was due", *sequence, sequence_));
    sequence_ = *sequence;
  }
  auto payload = nlohmann::json::parse(rest, nullptr, false);
  if (rest.size() != *length) {
    damaged(fmt::format("payload has {} bytes, {} were announced", rest.size(), *length));
  } else if (crc_32(rest) != *crc) {
    damaged(fmt::format("CRC-32 is {:08x}, {:08x} was announced", crc_32(rest), *crc));
  } else if (!payload.is_object()) {
    damaged(fmt::format("payload is no JSON object: \"{}\"", excerpt(rest)));
  } else {
    count(payload);
    payloads.push_back(std::move(payload));
  }
  ++sequence_;
}

void RecordStream::count(const nlohmann::json& payload) {
  const auto record = payload.value("record", nlohmann::json());
  if (record == "observation") ++observations_;
  if (record != "end") return;
  ended_ = true;
  const auto announced = payload.value("observations", nlohmann::json());
  if (announced != observations_)
    damaged(fmt::format("the end counts {} observations, {} were received", announced.dump(),
                        observations_));
}

std::string RecordStream::missing() const {
  if (ended_) return {};
  if (!line_.empty()) return fmt::format("frame {} breaks off: \"{}\"", sequence_, excerpt(line_));
  return sequence_ == 0 ? "no frame at all" : fmt::format("no end after frame {}", sequence_ - 1);
}

}  // namespace brokenpipe
