#include "images/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "tests/support/fake_kernel.h"

/// The order in which modules are loaded.
namespace brokenpipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// The modules of a kernel that does not exist.
class Modules {
 public:
  Modules() : directory_(testing::TempDir()) { make_directories(path() / "kernel/net"); }

  /// `modinfo` has its strings ended by a bar instead of a NUL.
  void add(const std::string& file, std::string modinfo) const {
    std::replace(modinfo.begin(), modinfo.end(), '|', '\0');
    const std::string module = test::fake_module(modinfo);
    const std::string extension = std::filesystem::path(file).extension();
    write_file(path() / "kernel/net" / file, extension == ".xz" ? test::compressed(module, "xz")
                                             : extension == ".zst"
                                                 ? test::compressed(module, "zstd")
                                                 : module);
  }

  std::vector<std::string> order(const std::vector<std::string>& wanted) const {
    std::vector<std::string> names;
    for (const KernelModule& module : resolve_modules(path(), wanted, {})) {
      EXPECT_EQ(module.content.substr(1, 3), "ELF") << module.name;
      names.push_back(module.name);
    }
    return names;
  }

  std::filesystem::path path() const { return directory_.path() / "lib/modules/6.1.0"; }
  std::filesystem::path file(const std::string& name) const { return path() / "kernel/net" / name; }
  std::filesystem::path kernel() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

std::string error_of(const std::filesystem::path& modules, const FileHashes& hashes) {
  try {
    resolve_modules(modules, {"tls"}, hashes);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Modules, DependenciesComeFirstAndEachOnce) {
  const Modules modules;
  modules.add("top.ko", "license=GPL|depends=middle,base|");
  modules.add("middle.ko", "depends=base|");
  modules.add("base.ko", "depends=|");
  modules.add("other.ko", "depends=base|");
  EXPECT_THAT(modules.order({"top", "other", "middle"}),
              ElementsAre("base.ko", "middle.ko", "top.ko", "other.ko"));
}

TEST(Modules, CompressedOnesAreUnpacked) {
  const Modules modules;
  modules.add("tcp_diag.ko.xz", "depends=inet_diag|");
  modules.add("inet_diag.ko.xz", "depends=|");
  EXPECT_THAT(modules.order({"tcp_diag"}), ElementsAre("inet_diag.ko", "tcp_diag.ko"));
  EXPECT_THAT(modules.order({"tcp_diag"}), ElementsAre("inet_diag.ko", "tcp_diag.ko"));
}

TEST(Modules, ZstdIsReadAsWell) {
  const Modules modules;
  modules.add("tls.ko.zst", "depends=|");
  EXPECT_THAT(modules.order({"tls"}), ElementsAre("tls.ko"));
}

TEST(Modules, AHyphenInAFileNameIsAnUnderscoreInTheModules) {
  const Modules modules;
  modules.add("snd-pcm.ko", "depends=|");
  modules.add("card.ko", "depends=snd_pcm|");
  EXPECT_THAT(modules.order({"card", "snd-pcm"}), ElementsAre("snd-pcm.ko", "card.ko"));
}

TEST(Modules, SoftDependenciesBeforeAModuleAreLoadedAndThoseAfterAreNot) {
  const Modules modules;
  modules.add("libcrc32c.ko", "softdep=pre: crc32c missing post: late|depends=|");
  modules.add("crc32c.ko", "depends=|");
  modules.add("late.ko", "depends=|");
  EXPECT_THAT(modules.order({"libcrc32c"}), ElementsAre("crc32c.ko", "libcrc32c.ko"));
}

TEST(Modules, SoftDependenciesInACircleEnd) {
  const Modules modules;
  modules.add("a.ko", "softdep=pre: b|");
  modules.add("b.ko", "softdep=pre: a|");
  EXPECT_THAT(modules.order({"a"}), ElementsAre("b.ko", "a.ko"));
}

TEST(Modules, WhatIsBuiltInOrUnknownIsLeftOut) {
  const Modules modules;
  modules.add("tls.ko", "depends=|");
  EXPECT_THAT(modules.order({"ipv6", "tls", "no_such_thing"}), ElementsAre("tls.ko"));
}

TEST(Modules, AKernelWithoutModulesHasNone) {
  EXPECT_THAT(resolve_modules({}, {"tls"}, {}), IsEmpty());
}

TEST(Modules, ADamagedModuleIsAnErrorThatNamesIt) {
  const Modules modules;
  write_file(modules.path() / "kernel/net/tls.ko", "no module");
  try {
    modules.order({"tls"});
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("tls.ko"));
  }
}

TEST(Modules, OneThatIsNotWhatItWasIsAnErrorThatNamesIt) {
  for (const char* name : {"tls.ko", "tls.ko.xz"}) {
    const Modules modules;
    modules.add(name, "depends=base|");
    modules.add("base.ko", "depends=|");
    FileHashes hashes = hash_files(modules.kernel());
    EXPECT_THAT(resolve_modules(modules.path(), {"tls"}, hashes), SizeIs(2));
    const std::string whole = read_file(modules.file(name));
    std::string flipped = whole;
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
    for (const std::string& content : {flipped, whole.substr(0, whole.size() / 2), whole + '\0'}) {
      write_file(modules.file(name), content);
      EXPECT_THAT(error_of(modules.path(), hashes), HasSubstr(modules.file(name).string()));
    }
    write_file(modules.file(name), whole);
    hashes.of.erase("lib/modules/6.1.0/kernel/net/base.ko");
    EXPECT_THAT(error_of(modules.path(), hashes), HasSubstr("base.ko"));
  }
}

TEST(Modules, OfModulesElsewhereNothingIsKnownAndTheyPass) {
  const Modules modules;
  modules.add("tls.ko", "depends=|");
  EXPECT_THAT(resolve_modules(modules.path(), {"tls"}, {"/another/kernel", {}}), SizeIs(1));
}

TEST(Modules, WhatIsBuiltInIsWhatThePackageSaysIs) {
  const Modules modules;
  EXPECT_FALSE(is_built_in(modules.path(), "tcp_diag"));
  write_file(modules.path() / "modules.builtin",
             "kernel/net/unix/unix.ko\nkernel/net/ipv4/tcp-diag.ko\n");
  EXPECT_TRUE(is_built_in(modules.path(), "tcp_diag"));
  EXPECT_FALSE(is_built_in(modules.path(), "diag"));
  EXPECT_FALSE(is_built_in({}, "tcp_diag"));
}

}  // namespace
}  // namespace brokenpipe
