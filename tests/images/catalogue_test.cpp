#include "images/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "results/base/error.h"
#include "results/base/file.h"

/// The shipped catalogue, and mistakes in one.
namespace brokenpipe {
namespace {

const std::filesystem::path shipped_kernels =
    std::filesystem::path(PROJECT_FILES) / "images/kernels.json";

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> entries_for(const Catalogue& catalogue, const std::string& package) {
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : catalogue.entries) {
    for (const std::string& pattern : entry.packages) {
      if (std::regex_match(package, std::regex(pattern))) {
        ids.push_back(entry.id);
      }
    }
  }
  return ids;
}

std::string error_of(const std::string& text) {
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) /
      (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".json");
  write_file(file, text);
  try {
    read_catalogue(file);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    return error.what();
  }
  return "no error";
}

TEST(Catalogue, TheDefaultMatrixIsElevenCloudKernelsFromOldToNew) {
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : read_catalogue(shipped_kernels).entries) {
    if (entry.in_default_matrix) {
      ids.push_back(entry.id);
      EXPECT_EQ(entry.flavour, "cloud");
    }
  }
  EXPECT_THAT(ids, ElementsAre("debian-5.10", "debian-6.1", "debian-6.12", "debian-6.16",
                               "debian-6.17", "debian-6.18", "debian-6.19", "debian-7.0",
                               "debian-7.1", "debian-7.2", "debian-7.3"));
}

TEST(Catalogue, OnlyTheArchivedKernelsNeedAMirrorNamed) {
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : read_catalogue(shipped_kernels).entries) {
    if (entry.archive) {
      ids.push_back(entry.id);
      EXPECT_FALSE(entry.in_default_matrix);
    }
  }
  EXPECT_THAT(ids, UnorderedElementsAre("debian-3.16", "debian-4.9", "debian-4.19"));
}

TEST(Catalogue, APackageOfDebiansBelongsToTheOneEntryOfItsSeriesAndFlavour) {
  const Catalogue catalogue = read_catalogue(shipped_kernels);
  const std::map<std::string, std::string> owners = {
      {"linux-image-3.16.0-11-amd64", "debian-3.16"},
      {"linux-image-4.9.0-19-amd64", "debian-4.9"},
      {"linux-image-4.19.0-27-amd64", "debian-4.19"},
      {"linux-image-5.10.0-46-cloud-amd64", "debian-5.10"},
      {"linux-image-6.1.0-56-cloud-amd64", "debian-6.1"},
      {"linux-image-6.1.0-56-amd64", "debian-6.1-plain"},
      {"linux-image-6.1.0-56-rt-amd64", "debian-6.1-rt"},
      {"linux-image-6.12.90+deb12.1-cloud-amd64", "debian-6.12"},
      {"linux-image-6.12.117+deb13-rt-amd64", "debian-6.12-rt"},
      {"linux-image-6.18.15+deb13-amd64", "debian-6.18-plain"},
      {"linux-binary-6.19.14+deb13-cloud-amd64", "debian-6.19"},
      {"linux-binary-7.2.12+deb14-cloud-amd64", "debian-7.2"},
      {"linux-binary-7.3-cloud-amd64", "debian-7.3"},
      {"linux-binary-7.3.4+deb13-cloud-amd64", "debian-7.3"},
      {"linux-binary-7.3.4+deb13-rt-amd64", "debian-7.3-rt"},
  };
  for (const auto& [package, owner] : owners) {
    EXPECT_THAT(entries_for(catalogue, package), ElementsAre(owner)) << package;
  }
}

TEST(Catalogue, PackagesWithoutAKernelBelongToNoEntry) {
  const Catalogue catalogue = read_catalogue(shipped_kernels);
  for (const char* package :
       {"linux-image-6.1.0-56-cloud-amd64-dbg", "linux-image-6.1.0-56-cloud-amd64-unsigned",
        "linux-image-6.1-cloud-amd64", "linux-image-7.1.13+deb13-cloud-amd64",
        "linux-modules-7.3.4+deb13-cloud-amd64", "linux-image-6.1.0-0.deb11.48-cloud-amd64"}) {
    EXPECT_THAT(entries_for(catalogue, package), ElementsAre()) << package;
  }
}

TEST(Catalogue, EveryEntrySaysWhyItIsThere) {
  for (const CatalogueEntry& entry : read_catalogue(shipped_kernels).entries) {
    EXPECT_THAT(entry.role, testing::EndsWith(".")) << entry.id;
  }
}

const char* const one_entry = R"({"schema": 1, "kernels": [{"id": "a", "series": "6.1",
  "flavour": "cloud", "suites": ["s"], "packages": ["p"], "role": "Why."}]})";

std::string one_entry_with(const std::string& old, const std::string& replacement) {
  std::string text = one_entry;
  return text.replace(text.find(old), old.size(), replacement);
}

TEST(Catalogue, AMistakeIsAnErrorThatSaysWhere) {
  EXPECT_EQ(error_of(one_entry), "no error");
  EXPECT_THAT(error_of(one_entry_with("\"role\"", "\"rolle\"")), HasSubstr("rolle"));
  EXPECT_THAT(error_of(one_entry_with(", \"role\": \"Why.\"", "")), HasSubstr("kernels[0]"));
  EXPECT_THAT(error_of(one_entry_with("[\"p\"]", "[\"p(\"]")), HasSubstr("p("));
  EXPECT_THAT(error_of(one_entry_with("[\"s\"]", "[]")), HasSubstr("kernels[0].suites"));
  EXPECT_THAT(error_of(one_entry_with("\"cloud\"", "\"clod\"")), HasSubstr("flavour"));
  EXPECT_THAT(error_of(one_entry_with(": 1", ": 2")), HasSubstr("schema"));
  EXPECT_THAT(error_of("{"), HasSubstr("truncated"));
}

TEST(Catalogue, APatternOfAHundredThousandLettersIsAnErrorThatSaysWhere) {
  const std::string pattern = "[\"" + std::string(100'000, 'a') + "\"]";
  EXPECT_THAT(error_of(one_entry_with("[\"p\"]", pattern)),
              HasSubstr("kernels[0].packages: a regular expression of 100000 characters"));
}

TEST(Catalogue, ASecondEntryOfOneIdIsAnError) {
  std::string text = one_entry;
  const std::size_t begin = text.find("{\"id\"");
  const std::string entry = text.substr(begin, text.rfind(']') - begin);
  EXPECT_THAT(error_of(text.insert(begin, entry + ", ")), HasSubstr("a second \"a\""));
}

}  // namespace
}  // namespace brokenpipe
