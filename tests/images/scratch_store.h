#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "images/kernel_store.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "tests/support/local_repository.h"

/// A kernel store for a test, and kernels that it may ask for.
namespace brokenpipe::test {

inline const CatalogueEntry bookworm = {"debian-6.1",
                                        "6.1",
                                        "cloud",
                                        {"bookworm", "bookworm-security"},
                                        {R"(linux-image-6\.1\.0-[0-9]+-cloud-amd64)"},
                                        "For a test.",
                                        false,
                                        true};
inline const CatalogueEntry backports = {"debian-7.3",
                                         "7.3",
                                         "cloud",
                                         {"trixie-backports"},
                                         {R"(linux-binary-7\.3\.[0-9]+\+deb13-cloud-amd64)"},
                                         "For a test.",
                                         false,
                                         true};
inline const CatalogueEntry jessie = {"debian-3.16",
                                      "3.16",
                                      "plain",
                                      {"jessie", "jessie/updates"},
                                      {R"(linux-image-3\.16\.0-[0-9]+-amd64)"},
                                      "For a test.",
                                      true,
                                      false};

inline const char* const image_47 = "linux-image-6.1.0-47-cloud-amd64";
inline const char* const image_56 = "linux-image-6.1.0-56-cloud-amd64";

/// A store of its own for a test.
class Store {
 public:
  explicit Store(const LocalRepository& repository)
      : Store(repository.mirror(), repository.keyring()) {}
  Store(std::string mirror, std::filesystem::path keyring)
      : directory_(testing::TempDir()), mirror_(std::move(mirror)), keyring_(std::move(keyring)) {}

  KernelStore open() const { return KernelStore({root(), mirror_, keyring_, {}}); }
  std::filesystem::path root() const { return directory_.path() / "store"; }

 private:
  TemporaryDirectory directory_;
  std::string mirror_;
  std::filesystem::path keyring_;
};

inline StoredKernel fetch_one(KernelStore& store, const CatalogueEntry& entry,
                              const std::string& point_release = {},
                              Freshness freshness = Freshness::stored_is_enough) {
  return store.fetch({{entry, point_release}}, freshness).at(0).value();
}

/// What fetching says; the store must hold no kernel of the entry then.
inline std::string error_of_fetch(KernelStore store, const CatalogueEntry& entry) {
  try {
    store.fetch({{entry, {}}}, Freshness::stored_is_enough);
  } catch (const Error& error) {
    EXPECT_EQ(store.find(entry, {}), std::nullopt);
    return error.what();
  }
  return "no error";
}

inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(directory)) {
    files.push_back(entry.path());
  }
  return files;
}

/// As the program left a kernel before it kept the hashes of files.
inline void forget_hashes(const StoredKernel& kernel) {
  const std::filesystem::path description = kernel.image.parent_path() / "kernel.json";
  nlohmann::json old = nlohmann::json::parse(read_file(description));
  old.erase("files");
  old.erase("self");
  write_file(description, old.dump());
  std::filesystem::remove(kernel.hashes);
}

inline void flip_a_byte(const std::filesystem::path& file) {
  std::string content = read_file(file);
  char& byte = content[content.size() / 2];
  byte = static_cast<char>(byte ^ 1);
  write_file(file, content);
}

}  // namespace brokenpipe::test
