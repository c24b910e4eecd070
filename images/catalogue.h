#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// images/kernels.json: which kernels there are and where they come from.
namespace brokenpipe {

struct CatalogueEntry {
  std::string id;                   ///< `debian-6.1`, `debian-6.1-rt`
  std::string series;               ///< `6.1`
  std::string flavour;              ///< `cloud`, `plain`, `rt`
  std::vector<std::string> suites;  ///< `bookworm`, `bookworm-security`, ...
  /// Regular expressions (ECMAScript, 200 characters at most) of which one matches the whole name
  /// of the package that holds the kernel image.
  std::vector<std::string> packages;
  std::string role;      ///< a sentence: why this kernel is in the catalogue
  bool archive = false;  ///< in Debian's archive only: needs --mirror
  bool in_default_matrix = false;
};

struct Catalogue {
  static constexpr int schema = 1;
  std::vector<CatalogueEntry> entries;
};

/// Reads kernels.json; throws Error with the file and the place where it is wrong.
Catalogue read_catalogue(const std::filesystem::path& file);

}  // namespace brokenpipe
