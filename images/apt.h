#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace brokenpipe {

struct AptPackage {
  std::string name;
  std::string version;
  std::string suite;
};

struct AptOptions {
  std::filesystem::path root;     ///< of apt's private state
  std::string mirror;             ///< of the main archive; empty: the machine's own
  std::filesystem::path keyring;  ///< empty: the distribution's own
  /// Whether the suites are those of Debian's archive: what they say is signed by keys that have
  /// expired since and was to be valid until then. Neither is held against them.
  bool archive = false;
  std::function<void(const std::string&)> progress;
};

/// apt with a root of its own: it runs as any user and leaves the machine's apt alone, and takes
/// from the machine's configuration only where its mirror is and how to reach it (proxies).
/// Not for two users at once: hold a lock around it.
class Apt {
 public:
  explicit Apt(AptOptions options);

  /// Fetches the suites' package lists, unless they were fetched in the last hours. A suite (named
  /// `bookworm-security`, and before bullseye `jessie/updates`) that
  /// the mirror does not have is left out without a word. Returns whether it fetched. Throws Error
  /// where the mirror cannot be reached, where a signature does not verify, and where a list is not
  /// what was signed.
  bool refresh(const std::vector<std::string>& suites);
  /// The same whatever was fetched before.
  void refresh_now(const std::vector<std::string>& suites);

  /// What the lists hold: packages whose name begins with `linux-` and matches one of the regular
  /// expressions, in every version, once for each suite.
  std::vector<AptPackage> packages(const std::vector<std::string>& patterns) const;

  /// Downloads packages into `directory`, going on with what an interrupted download left there,
  /// and verifies them. Returns their files in the order asked for. Throws Error.
  std::vector<std::filesystem::path> download(const std::vector<AptPackage>& packages,
                                              const std::filesystem::path& directory) const;

 private:
  std::vector<std::string> command(const std::string& program) const;
  std::string sources(const std::vector<std::string>& suites) const;
  std::string keyrings() const;

  AptOptions options_;
  std::string main_mirror_;
  std::string security_mirror_;
};

}  // namespace brokenpipe
