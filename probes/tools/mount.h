#pragma once

#include <string>

/// Set-up for scenarios that need a file system of their own.
namespace probe {

/// An empty folder of its own, removed when it goes out of scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A file system mounted on such a folder, and taken away again.
class Mount {
 public:
  /// `options` as of mount(2) for this type. Broken if it is refused.
  explicit Mount(const char* type, const std::string& options = {});
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount();

  const std::string& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace probe
