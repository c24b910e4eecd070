#pragma once

#include <filesystem>
#include <string_view>

#include "results/base/unique_fd.h"

/// Where a site is written, and how it takes the place of the one before.
namespace brokenpipe {

/// A site on its way: written beside its place, in a folder of its own, and seen by nobody until it
/// is whole. Of several publishers at once the last one's site stays.
class SiteFolder {
 public:
  /// Throws UsageError where `out` holds something that is no site, for it would be lost. What
  /// publishers that were killed have left beside it is removed.
  explicit SiteFolder(const std::filesystem::path& out);
  /// Removes what was not put in place.
  ~SiteFolder();
  SiteFolder(const SiteFolder&) = delete;
  SiteFolder& operator=(const SiteFolder&) = delete;
  SiteFolder(SiteFolder&&) = delete;
  SiteFolder& operator=(SiteFolder&&) = delete;

  /// A file of the site; `name` is a path below its folder. Throws Error where that fails.
  void write(const std::filesystem::path& name, std::string_view text) const;

  /// The new site for the old one, in one step where the file system has such a step.
  void put_in_place();

 private:
  std::filesystem::path out_;
  std::filesystem::path staging_;
  UniqueFd alive_;  ///< locked as long as somebody works on `staging_`
};

}  // namespace brokenpipe
