#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

/// The boundary at which JSON from outside becomes a value: a file that somebody may have edited, a
/// guest's record. What comes through can be copied, compared, written and thrown away without a
/// further thought, which json::parse() does not promise: a value 100 000 levels deep overflows the
/// stack of the first function that copies it.
namespace brokenpipe {

/// What a document may cost. The defaults are for files of ours: the largest in the repository has
/// 0.9 MB, 26 000 values and 10 levels.
struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20U;  ///< of its text
  std::size_t depth = 64;                      ///< objects and lists within each other
  std::size_t values = 4'000'000;  ///< together: 64 MiB of `"",` would become 1.4 GB of memory
};

/// Why a text is no document.
struct JsonFault {
  std::string what;        ///< `deeper than 64 levels`; has a key's first characters at most
  std::size_t byte = 0;    ///< how many bytes had been read when it was noticed
  bool truncated = false;  ///< the text ends inside of a value
};

/// Parses a whole text. Refused are also, while it is read and before anything recurses over it:
/// what is beyond a limit, a key that is twice in one object, a number that neither 64 bits nor a
/// double hold, a byte that is not UTF-8.
std::variant<nlohmann::json, JsonFault> parse_json(std::string_view text,
                                                   const JsonLimits& limits = {});

}  // namespace brokenpipe
