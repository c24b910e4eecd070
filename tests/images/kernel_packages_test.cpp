#include "images/kernel_packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What is chosen from apt's lists and from the store, with both as data.
namespace brokenpipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const CatalogueEntry bookworm = {"debian-6.1",
                                 "6.1",
                                 "cloud",
                                 {"bookworm", "bookworm-security"},
                                 {R"(linux-image-6\.1\.0-[0-9]+-cloud-amd64)"},
                                 "For a test.",
                                 false,
                                 true};

const char* const image_47 = "linux-image-6.1.0-47-cloud-amd64";
const char* const image_56 = "linux-image-6.1.0-56-cloud-amd64";
const char* const binary = "linux-binary-7.3.4-cloud-amd64";
const char* const modules = "linux-modules-7.3.4-cloud-amd64";
const char* const base = "linux-base-7.3.4-cloud-amd64";

std::vector<std::string> names(const std::vector<AptPackage>& packages) {
  std::vector<std::string> names;
  names.reserve(packages.size());
  for (const AptPackage& package : packages) names.push_back(package.name + "=" + package.version);
  return names;
}

std::vector<std::string> names(const std::vector<Offer>& offers) {
  std::vector<std::string> names;
  names.reserve(offers.size());
  for (const Offer& offer : offers) names.push_back(offer.package + "=" + offer.version);
  return names;
}

StoredKernel stored(const std::string& package, const std::string& version,
                    const std::string& modules_folder = "/modules") {
  StoredKernel kernel;
  kernel.package = package + "=" + version;
  kernel.version = version;
  kernel.modules = modules_folder;
  return kernel;
}

TEST(KernelPackages, OffersAreThoseOfTheEntrysNamesAndSuites) {
  const std::vector<AptPackage> packages = {
      {image_47, "6.1.170-3", "bookworm"},
      {image_47, "6.1.170-3", "bookworm-security"},
      {image_56, "6.1.192-2", "bookworm"},
      {image_56, "6.1.199-1", "bullseye-backports"},
      {"linux-image-6.1.0-56-rt-amd64", "6.1.192-2", "bookworm"},
      {"linux-image-6.1.0-56-cloud-amd64-dbg", "6.1.192-2", "bookworm"}};
  EXPECT_THAT(names(offers_among(packages, bookworm)),
              ElementsAre("linux-image-6.1.0-56-cloud-amd64=6.1.192-2",
                          "linux-image-6.1.0-47-cloud-amd64=6.1.170-3"));
}

TEST(KernelPackages, SuitesOfSeveralEntriesComeOnce) {
  EXPECT_THAT(suites_of({bookworm, bookworm}), ElementsAre("bookworm", "bookworm-security"));
}

TEST(KernelPackages, ASplitKernelComesWithModulesAndConfigurationOfTheSameVersion) {
  const Offer offer = {binary, "7.3.4-1", "7.3.4"};
  const KernelPackages whole = packages_of(offer, {{modules, "7.3.4-2", "sid"},
                                                   {modules, "7.3.4-1", "sid"},
                                                   {base, "7.3.4-2", "sid"},
                                                   {base, "7.3.4-1", "sid"}});
  EXPECT_THAT(names(whole.packages), ElementsAre("linux-binary-7.3.4-cloud-amd64=7.3.4-1",
                                                 "linux-modules-7.3.4-cloud-amd64=7.3.4-1",
                                                 "linux-base-7.3.4-cloud-amd64=7.3.4-1"));
  EXPECT_EQ(whole.modules_missing_because, "");
  EXPECT_EQ(whole.config_missing_because, "");
  const KernelPackages bare = packages_of(offer, {{modules, "7.3.4-2", "sid"}});
  EXPECT_THAT(names(bare.packages), ElementsAre("linux-binary-7.3.4-cloud-amd64=7.3.4-1"));
  EXPECT_THAT(bare.modules_missing_because, HasSubstr("linux-modules-7.3.4-cloud-amd64=7.3.4-1"));
  EXPECT_THAT(bare.config_missing_because, HasSubstr("linux-base-7.3.4-cloud-amd64=7.3.4-1"));
}

TEST(KernelPackages, AWholeKernelIsOnePackage) {
  const KernelPackages whole = packages_of({image_47, "6.1.170-3", "6.1.170"}, {});
  EXPECT_THAT(names(whole.packages), ElementsAre("linux-image-6.1.0-47-cloud-amd64=6.1.170-3"));
  EXPECT_EQ(whole.modules_missing_because, "");
}

TEST(KernelPackages, DocumentsLieInTheKernelsPackageOrInItsBase) {
  const std::vector<AptPackage> packages = {{image_47, "6.1.170-3", "bookworm"},
                                            {base, "7.3.4-1", "sid"}};
  EXPECT_EQ(documents_of({image_47, "6.1.170-3", "6.1.170"}, packages)->name, image_47);
  EXPECT_EQ(documents_of({binary, "7.3.4-1", "7.3.4"}, packages)->name, base);
  EXPECT_FALSE(documents_of({binary, "7.3.4-2", "7.3.4"}, packages));
}

TEST(KernelPackages, TheNewestStoredKernelIsOfTheEntryAndOfThePointReleaseAskedFor) {
  const std::vector<StoredKernel> kernels = {
      stored(image_47, "6.1.170-3"), stored(image_56, "6.1.192-2"), stored(image_47, "6.1.90-1"),
      stored(binary, "7.3.4-1")};
  EXPECT_EQ(newest_among(kernels, bookworm, {})->version, "6.1.192-2");
  EXPECT_EQ(newest_among(kernels, bookworm, {})->id, "debian-6.1");
  EXPECT_EQ(newest_among(kernels, bookworm, "6.1.170")->version, "6.1.170-3");
  EXPECT_FALSE(newest_among(kernels, bookworm, "6.1.171"));
}

TEST(KernelPackages, OfOneVersionStoredTwiceTheOneWithModulesIsTaken) {
  StoredKernel bare = stored(image_47, "6.1.170-3", "");
  bare.config = "/config";
  const StoredKernel whole = stored(image_47, "6.1.170-3");
  EXPECT_EQ(newest_among({bare, whole}, bookworm, {})->modules, "/modules");
  EXPECT_EQ(newest_among({whole, bare}, bookworm, {})->modules, "/modules");
}

TEST(KernelPackages, AStoredKernelIsCompletedByThePackagesOfWhatItLacks) {
  const std::vector<AptPackage> all = {
      {image_47, "6.1.170-3", {}}, {modules, "7.3.4-1", {}}, {base, "7.3.4-1", {}}};
  const auto completing = [&](const StoredKernel& kernel) {
    return names(completion_of(kernel, all).value().packages);
  };
  EXPECT_THAT(completing(stored(image_47, "6.1.170-3")),
              ElementsAre("linux-image-6.1.0-47-cloud-amd64=6.1.170-3"));
  EXPECT_THAT(completing(stored(binary, "7.3.4-1")),
              ElementsAre("linux-base-7.3.4-cloud-amd64=7.3.4-1"));
  StoredKernel without_modules = stored(binary, "7.3.4-1", "");
  EXPECT_THAT(completing(without_modules), ElementsAre("linux-modules-7.3.4-cloud-amd64=7.3.4-1",
                                                       "linux-base-7.3.4-cloud-amd64=7.3.4-1"));
  without_modules.config = "/config";
  EXPECT_THAT(completing(without_modules), ElementsAre("linux-modules-7.3.4-cloud-amd64=7.3.4-1"));
}

TEST(KernelPackages, AStoredKernelThatLacksNothingIsNotCompleted) {
  StoredKernel whole = stored(binary, "7.3.4-1");
  whole.config = "/config";
  EXPECT_FALSE(completion_of(whole, {{modules, "7.3.4-1", {}}, {base, "7.3.4-1", {}}}));
}

TEST(KernelPackages, WhatIsNotOnOfferIsAReasonThatIsToldOnce) {
  StoredKernel kernel = stored(image_47, "6.1.170-3");
  const KernelPackages nothing = completion_of(kernel, {{image_47, "6.1.170-4", {}}}).value();
  EXPECT_THAT(nothing.packages, testing::IsEmpty());
  EXPECT_THAT(nothing.config_missing_because,
              HasSubstr("linux-image-6.1.0-47-cloud-amd64=6.1.170-3"));
  kernel.config_missing_because = nothing.config_missing_because;
  EXPECT_FALSE(completion_of(kernel, {{image_47, "6.1.170-4", {}}}));
  EXPECT_TRUE(completion_of(kernel, {{image_47, "6.1.170-3", {}}})) << "it is on offer again";
}

TEST(KernelPackages, APackageThatIsKnownToHaveNoneIsNotFetchedAgain) {
  StoredKernel kernel = stored(binary, "7.3.4-1", "");
  kernel.modules_missing_because = none_in_packages;
  kernel.config_missing_because = none_in_packages;
  EXPECT_FALSE(completion_of(kernel, {{modules, "7.3.4-1", {}}, {base, "7.3.4-1", {}}}));
}

}  // namespace
}  // namespace brokenpipe
