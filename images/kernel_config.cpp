#include "images/kernel_config.h"

#include <algorithm>
#include <regex>
#include <system_error>
#include <vector>

#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "CONFIG_";

/// `6.1` of `6.1.0-47-cloud-amd64`.
std::string series_of(std::string_view release) {
  static const std::regex format("([0-9]+[.][0-9]+)([^0-9].*)?");
  std::cmatch match;
  return std::regex_match(release.data(), release.data() + release.size(), match, format)
             ? match[1].str()
             : std::string();
}

/// Which series a configuration says that it is of, on the line that all whole ones begin with
/// (scripts/kconfig/confdata.c: conf_write, and the Kconfig at the top of the source), and that
/// excerpts such as a defconfig lack.
std::string series_in(std::string_view text) {
  static const std::regex title("# Linux/\\S+ (\\S+) Kernel Configuration");
  constexpr std::size_t head = 512;
  std::cmatch match;
  const std::string_view first = text.substr(0, head);
  return std::regex_search(first.data(), first.data() + first.size(), match, title)
             ? series_of(match[1].str())
             : std::string();
}

fs::path first_there(const std::vector<fs::path>& files) {
  const auto there = std::find_if(files.begin(), files.end(), [](const fs::path& file) {
    std::error_code none;
    return fs::is_regular_file(file, none);
  });
  return there == files.end() ? fs::path() : *there;
}

/// Whether the configuration at the top of a build tree is what the image was built with: the tree
/// may have been configured, or another kernel checked out there, since.
bool is_of_build(const fs::path& top, const fs::path& image, const std::string& release) {
  try {
    const std::string built = read_file(top / "include/config/kernel.release");
    return built.substr(0, built.find('\n')) == release &&
           fs::last_write_time(top / ".config") <= fs::last_write_time(image);
  } catch (const std::runtime_error&) {
    return false;
  }
}

bool same_content(const fs::path& one, const fs::path& other) {
  std::error_code none;
  return fs::is_regular_file(other, none) && sha256_file(one) == sha256_file(other);
}

}  // namespace

KernelConfig::KernelConfig(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with(prefix) && equals != std::string_view::npos &&
        line.substr(equals + 1) != "n") {
      set_.emplace(line.substr(prefix.size(), equals - prefix.size()));
    }
  }
}

std::optional<KernelConfig> read_kernel_config(const fs::path& file, std::string_view release) {
  try {
    std::string text = read_file(file);
    if (text.starts_with("\x1f\x8b")) {
      text = decompress(text, file.string());
    }
    const std::string series = series_in(text);
    return series.empty() || series != series_of(release) ? std::nullopt
                                                          : std::optional(KernelConfig(text));
  } catch (const Error&) {
    return std::nullopt;
  }
}

fs::path config_of_image(const fs::path& image, const std::string& release, const fs::path& boot) {
  std::error_code none;
  const fs::path file = fs::canonical(image, none);
  if (none) {
    return {};
  }
  const fs::path folder = file.parent_path();
  std::vector<fs::path> beside = {folder / ("config-" + release)};
  // Beside its modules.
  if (folder.filename() == release) {
    beside.push_back(folder / "config");
  }
  // vmlinux, and arch/x86/boot/bzImage.
  for (const fs::path& top : {folder, folder.parent_path().parent_path().parent_path()}) {
    if (is_of_build(top, file, release)) {
      beside.push_back(top / ".config");
    }
  }
  if (fs::path found = first_there(beside); !found.empty()) {
    return found;
  }
  return same_content(file, boot / ("vmlinuz-" + release))
             ? first_there({boot / ("config-" + release)})
             : fs::path();
}

fs::path config_of_host(const std::string& release, const fs::path& root) {
  return first_there({root / "proc/config.gz", root / "boot" / ("config-" + release),
                      root / "lib/modules" / release / "config"});
}

}  // namespace brokenpipe
