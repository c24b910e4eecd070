// A site's staging folder, and how it takes the site's place.
#include "orchestrator/site/site_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "results/base/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view set_aside = ".old";

/// By what a folder is known to be ours.
constexpr const char* marker = "data/matrix.json";

/// `out` and its name also where it was given as `site/` or `.`.
fs::path plain(const fs::path& out) {
  fs::path whole = fs::absolute(out).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

/// How the names of our folders beside `out` begin.
std::string staging_name(const fs::path& out) {
  return fmt::format(".{}.new", out.filename().string());
}

void refuse_other(const fs::path& out) {
  if (fs::exists(out) &&
      !(fs::is_directory(out) && (fs::is_empty(out) || fs::exists(out / marker))))
    throw UsageError(out.string() + " is there and is no site: name another folder");
}

/// A folder's lock (flock(2)), until what is returned goes out of scope. Where the file system has
/// none for folders (NFS), there is none.
UniqueFd locked(const fs::path& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (fd && flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) continue;
  return fd;
}

bool is_at_work(const fs::path& staging) {
  const UniqueFd fd(open(staging.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
}

/// Whether a name is one of new_staging()'s, of what put_in_place() sets aside, or of old.
bool is_staging(const std::string& found, const std::string& name) {
  if (!found.starts_with(name)) return false;
  std::string_view rest = std::string_view(found).substr(name.size());
  if (rest.ends_with(set_aside)) rest.remove_suffix(set_aside.size());
  constexpr std::size_t digits = 8;
  return rest.empty() || (rest.size() == digits + 1 && rest.front() == '.' &&
                          rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos);
}

/// What publishers that were killed have left; the folder above is locked.
void remove_dead(const fs::path& out) {
  const std::string name = staging_name(out);
  std::vector<fs::path> dead;
  for (const auto& entry : fs::directory_iterator(out.parent_path())) {
    const bool ours = entry.is_directory() && !entry.is_symlink() &&
                      is_staging(entry.path().filename().string(), name);
    if (ours && !is_at_work(entry.path())) dead.push_back(entry.path());
  }
  std::error_code ignored;
  for (const fs::path& folder : dead) fs::remove_all(folder, ignored);
}

fs::path new_staging(const fs::path& out) {
  std::random_device device;
  for (;;) {
    // Not by mkdtemp(3): a site is for everybody to read.
    fs::path staging = out.parent_path() / fmt::format("{}.{:08x}", staging_name(out), device());
    if (fs::create_directory(staging)) return staging;
  }
}

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw Error("writing " + file.string(), why, "Is there room, and may you write there?");
}

}  // namespace

SiteFolder::SiteFolder(const fs::path& out) : out_(plain(out)) {
  refuse_other(out_);
  fs::create_directories(out_.parent_path());
  const UniqueFd lock = locked(out_.parent_path());
  remove_dead(out_);
  staging_ = new_staging(out_);
  alive_ = locked(staging_);
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
  const UniqueFd lock = locked(out_.parent_path());
  refuse_other(out_);
  if (renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, out_.c_str(), RENAME_EXCHANGE) == 0) return;
  // There is no old one, or the file system (NFS for one) cannot exchange.
  const fs::path old = staging_.string() + std::string(set_aside);
  if (fs::exists(out_)) fs::rename(out_, old);
  fs::rename(staging_, out_);
  fs::remove_all(old);
}

}  // namespace brokenpipe
