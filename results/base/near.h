#pragma once

#include <string>
#include <vector>

/// What somebody may have meant who mistyped a name.
namespace brokenpipe {

/// Up to three of `candidates` that somebody who typed `typed` may have meant, nearest first: none
/// of which more than a third of what was typed is mistyped.
std::vector<std::string> near(const std::string& typed, const std::vector<std::string>& candidates);

/// What to do about a name that there is not: the near ones, and the verb that lists all.
std::string where_to_look(const std::string& typed, const std::vector<std::string>& candidates,
                          const std::string& verb);

}  // namespace brokenpipe
