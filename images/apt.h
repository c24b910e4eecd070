#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "images/apt_output.h"
#include "images/apt_root.h"

/// Packages of a mirror: which there are, and fetching them.
namespace brokenpipe {

/// apt with a root of its own: it runs as any user and leaves the machine's apt alone, and takes
/// from the machine's configuration only where its mirror is and how to reach it (proxies).
/// Not for two users at once: hold a lock around it.
class Apt {
 public:
  explicit Apt(AptOptions options) : root_(std::move(options)) {}

  /// As those of AptRoot.
  bool refresh(const std::vector<std::string>& suites) { return root_.refresh(suites); }
  void refresh_now(const std::vector<std::string>& suites) { root_.refresh_now(suites); }

  /// What the lists hold: packages whose name begins with `linux-` and matches one of the regular
  /// expressions, in every version, once for each suite.
  std::vector<AptPackage> packages(const std::vector<std::string>& patterns) const;

  /// Downloads packages into `directory`, going on with what an interrupted download left there,
  /// and verifies them. Returns their files in the order asked for. Throws Error.
  std::vector<std::filesystem::path> download(const std::vector<AptPackage>& packages,
                                              const std::filesystem::path& directory) const;

 private:
  AptRoot root_;
};

}  // namespace brokenpipe
