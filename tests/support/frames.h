#pragma once

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

/// What a probe as /init writes, for tests of who reads it.
namespace brokenpipe::testing {

inline constexpr const char* nonce = "0123456789abcdef";

/// A frame as the probe writes it, apart from what the caller makes wrong with it.
inline std::string frame(std::uint64_t sequence, const std::string& payload,
                         const std::string& its_nonce = nonce) {
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(payload.data()), payload.size());
  return fmt::format("@bp1 {} {} {} {:08x} {}\n", its_nonce, sequence, payload.size(), crc,
                     payload);
}

inline std::string probe_record() {
  return R"({"record":"probe","schema":1,"version":"0.1.0","release":"6.1.0",)"
         R"("kernel_version":"#1 SMP","machine":"x86_64","scenarios":1})";
}
inline std::string begin_record() {
  return R"({"record":"begin","scenario":"tcp/x"})";
}
inline std::string observation_record() {
  return R"({"record":"observation","scenario":"tcp/x","ending":"completed","steps":[]})";
}
inline std::string end_record(int observations) {
  return fmt::format(R"({{"record":"end","observations":{}}})", observations);
}

/// All that a guest with one scenario says.
inline std::string whole_stream() {
  return frame(0, probe_record()) + frame(1, begin_record()) + frame(2, observation_record()) +
         frame(3, end_record(1));
}

}  // namespace brokenpipe::testing
