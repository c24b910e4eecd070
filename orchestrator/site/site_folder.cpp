#include "orchestrator/site/site_folder.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "results/base/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

/// By what a folder is known to be ours.
constexpr const char* marker = "data/matrix.json";

/// `out` and its name also where it was given as `site/` or `.`.
fs::path plain(const fs::path& out) {
  fs::path whole = fs::absolute(out).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

fs::path beside(const fs::path& out, const char* what) {
  return out.parent_path() / fmt::format(".{}.{}", out.filename().string(), what);
}

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw Error("writing " + file.string(), why, "Is there room, and may you write there?");
}

}  // namespace

SiteFolder::SiteFolder(const fs::path& out) : out_(plain(out)), staging_(beside(out_, "new")) {
  if (fs::exists(out_) &&
      !(fs::is_directory(out_) && (fs::is_empty(out_) || fs::exists(out_ / marker))))
    throw UsageError(out_.string() + " is there and is no site: name another folder");
  fs::create_directories(out_.parent_path());
  // What a publisher that was killed has left.
  fs::remove_all(staging_);
  fs::create_directory(staging_);
}

SiteFolder::~SiteFolder() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
}

void SiteFolder::write(const fs::path& name, std::string_view text) const {
  const fs::path file = staging_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  stream.close();
  if (!stream) fail(file, std::strerror(errno));
}

void SiteFolder::put_in_place() {
  if (renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, out_.c_str(), RENAME_EXCHANGE) == 0) return;
  // There is no old one, or the file system (NFS for one) cannot exchange.
  const fs::path old = beside(out_, "old");
  fs::remove_all(old);
  if (fs::exists(out_)) fs::rename(out_, old);
  fs::rename(staging_, out_);
  fs::remove_all(old);
}

}  // namespace brokenpipe
