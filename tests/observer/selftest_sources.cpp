#include "tests/observer/selftest_sources.h"

#include <algorithm>

#include "images/apt.h"
#include "images/catalogue.h"
#include "images/debian_version.h"
#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/folder.h"
#include "results/base/paths.h"
#include "results/base/run_command.h"

namespace brokenpipe::testing {
namespace fs = std::filesystem;
namespace {

const char* const doing = "fetching the kernel's selftests";

std::vector<std::string> suites() {
  const Catalogue catalogue = read_catalogue(shipped("kernels.json"));
  const auto newest =
      std::find_if(catalogue.entries.rbegin(), catalogue.entries.rend(),
                   [](const CatalogueEntry& entry) { return entry.in_default_matrix; });
  return newest->suites;
}

fs::path newest_package(const fs::path& folder) {
  const fs::path store = cache_directory() / "store";
  make_directories(store);
  // The store's own root of apt, and its lock.
  const FileLock held(store / "lock");
  AptOptions options;
  options.root = store / "apt";
  options.progress = [](const std::string&) {};
  Apt apt(options);
  const std::vector<std::string> wanted = suites();
  apt.refresh(wanted);
  std::vector<AptPackage> packages = apt.packages({"linux-source-[0-9]+\\.[0-9]+"});
  const auto of_other_suites = [&](const AptPackage& package) {
    return std::find(wanted.begin(), wanted.end(), package.suite) == wanted.end();
  };
  std::erase_if(packages, of_other_suites);
  const auto newest = std::max_element(
      packages.begin(), packages.end(), [](const AptPackage& one, const AptPackage& other) {
        return compare_debian_versions(one.version, other.version) < 0;
      });
  if (newest == packages.end()) throw Error(doing, "the mirror has no linux-source package");
  return apt.download({*newest}, folder).at(0);
}

// The package holds one archive of the whole source.
void extract(const fs::path& package, const fs::path& folder) {
  const fs::path archive = folder / "source.tar.xz";
  unpack_deb(package, [&](const std::string& path) {
    return path.ends_with(".tar.xz") ? archive : fs::path();
  });
  const std::string below = "*/tools/testing/selftests/";
  const CommandResult untarred =
      run_command({"tar", "-C", folder.string(), "-xf", archive.string(), "--strip-components=4",
                   "--wildcards", below + "kselftest.h", below + "kselftest_harness.h",
                   below + "net/af_unix/unix_connreset.c"});
  if (untarred.exit_status != 0) throw Error(doing, untarred.err);
  fs::remove(archive);
  fs::remove(package);
}

}  // namespace

fs::path selftest_sources() {
  fs::path kept = cache_directory() / "selftests";
  if (fs::exists(kept)) return kept;
  make_directories(cache_directory());
  const TemporaryDirectory folder(cache_directory());
  extract(newest_package(folder.path()), folder.path());
  fs::rename(folder.path(), kept);
  return kept;
}

}  // namespace brokenpipe::testing
