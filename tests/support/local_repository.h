#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "results/base/folder.h"

/// A mirror of Debian's for a test.
namespace brokenpipe::test {

/// Who signs a suite. The expired key was good for 2020 alone, and signed then.
enum class Signer { debian, stranger, expired };

/// A Debian archive of a few small packages, and a security archive beside it, signed by keys that
/// are made for it.
class LocalRepository {
 public:
  LocalRepository();
  ~LocalRepository();
  LocalRepository(const LocalRepository&) = delete;
  LocalRepository& operator=(const LocalRepository&) = delete;
  LocalRepository(LocalRepository&&) = delete;
  LocalRepository& operator=(LocalRepository&&) = delete;

  /// Builds a package of these files (paths in it, and contents) for a suite; returns the .deb.
  std::filesystem::path add_package(const std::string& suite, const std::string& package,
                                    const std::string& version,
                                    const std::map<std::string, std::string>& files) const;
  /// A linux-image package with a kernel and one module, tcp_diag.
  std::filesystem::path add_kernel(const std::string& suite, const std::string& package,
                                   const std::string& version) const;

  /// Writes a suite's lists and signs them, with an InRelease file as suites since stretch have
  /// it.
  void publish(const std::string& suite, Signer signer = Signer::debian) const;
  /// The same as jessie has it: Release and Release.gpg, signed by the expired key, and valid
  /// until a day long past.
  void publish_archived(const std::string& suite) const;

  /// Where a suite's own files lie.
  std::filesystem::path suite_directory(const std::string& suite) const;
  std::filesystem::path path() const { return directory_.path(); }
  std::string mirror() const { return "file:" + (path() / "debian").string(); }
  /// Holds the keys `debian` and `expired`, and not that of the stranger.
  std::filesystem::path keyring() const { return path() / "keyring.gpg"; }

 private:
  std::string gpg(const std::vector<std::string>& arguments) const;
  std::filesystem::path write_release(const std::string& suite,
                                      const std::string& more_fields) const;

  TemporaryDirectory directory_;
};

}  // namespace brokenpipe::test
