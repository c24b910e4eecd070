#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

/// Looking for the place where an answer changes, along versions that stand in order.
namespace brokenpipe {

/// What one version answers, as text that is only compared; nothing where it cannot be told.
using Ask = std::function<std::optional<std::string>(std::size_t version)>;

/// Told before a version is asked: `left` more versions to ask, about, this one included.
using AboutToAsk = std::function<void(std::size_t version, std::size_t left)>;

struct Bisection {
  enum class Ending {
    found,
    alike,       ///< the first and the last version answer the same: there is nothing to look for
    unanswered,  ///< the first or the last version cannot be asked
  };
  Ending ending = Ending::unanswered;
  /// Of `found`: two versions that answer differently. Those between them, if any, cannot be asked.
  std::size_t before = 0;
  std::size_t after = 0;
  /// Of all that were asked, by version.
  std::map<std::size_t, std::optional<std::string>> answers;
};

/// Binary search over the versions 0 to `versions` - 1, of which there must be two. A version that
/// cannot be asked is passed over for its nearest neighbour, as by `git bisect skip`. Where the
/// answer changes more than once, what is found is one of the changes: see changes_in().
Bisection bisect(std::size_t versions, const Ask& ask, const AboutToAsk& about_to_ask);

/// How often the answer changes along the versions that gave one.
std::size_t changes_in(const std::map<std::size_t, std::optional<std::string>>& answers);

}  // namespace brokenpipe
