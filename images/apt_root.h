#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "images/mirrors.h"

/// apt's private root: what it is configured to, and the package lists that it holds.
namespace brokenpipe {

struct AptOptions {
  std::filesystem::path root;     ///< of apt's private state
  std::string mirror;             ///< of the main archive; empty: the machine's own
  std::filesystem::path keyring;  ///< empty: the distribution's own
  /// Whether the suites are those of Debian's archive: what they say is signed by keys that have
  /// expired since and was to be valid until then. Neither is held against them.
  bool archive = false;
  std::function<void(const std::string&)> progress;
};

/// A folder for each mirror and keyring, below the root of the options: lists of one mirror are no
/// news of another.
class AptRoot {
 public:
  explicit AptRoot(AptOptions options);

  /// Fetches the suites' package lists, unless they were fetched in the last hours. A suite (named
  /// `bookworm-security`, and before bullseye `jessie/updates`) that the mirror does not have is
  /// left out without a word. Returns whether it fetched. Throws Error where the mirror cannot be
  /// reached, where a signature does not verify, and where a list is not what was signed.
  bool refresh(const std::vector<std::string>& suites);
  /// The same whatever was fetched before.
  void refresh_now(const std::vector<std::string>& suites);

  /// One of apt's programs, told of this root and of no other; its own words may follow.
  std::vector<std::string> command(const std::string& program) const;

  const std::filesystem::path& path() const { return path_; }
  /// The address of the main archive.
  const std::string& mirror() const { return mirrors_.main; }
  void report(const std::string& line) const { options_.progress(line); }

 private:
  std::string sources(const std::vector<std::string>& suites) const;
  std::string keyrings() const;

  AptOptions options_;
  Mirrors mirrors_;
  std::filesystem::path path_;
};

}  // namespace brokenpipe
