#include "orchestrator/guest/virt.h"

#include <gtest/gtest.h>

#include <regex>

#include "results/base/error.h"
#include "tests/support/scratch_folder.h"

/// libvirt as it is, with its make-believe hypervisor in place of QEMU.
using namespace brokenpipe;
using namespace brokenpipe::testing;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// libvirt's own make-believe hypervisor, within this process.
constexpr const char* test_uri = "test:///default";

std::string domain(const std::string& name) {
  return "<domain type='test'><name>" + name +
         "</name><memory>1024</memory><os><type>hvm</type></os></domain>";
}

}  // namespace

TEST(Virt, SeesAGuestStopWhenItIsEnded) {
  const ScratchFolder cache;
  Virt virt(test_uri, cache.path());
  const auto guest = virt.start_domain(domain("guest"));
  EXPECT_FALSE(guest->wait_stopped(milliseconds(0)));
  guest->destroy();
  EXPECT_TRUE(guest->wait_stopped(seconds(20)));
}

TEST(Virt, EndsAGuestTwiceWithoutComplaint) {
  const ScratchFolder cache;
  Virt virt(test_uri, cache.path());
  const auto guest = virt.start_domain(domain("guest"));
  guest->destroy();
  EXPECT_NO_THROW(guest->destroy());
}

TEST(Virt, KeepsGuestsApart) {
  const ScratchFolder cache;
  Virt virt(test_uri, cache.path());
  const auto first = virt.start_domain(domain("first"));
  const auto second = virt.start_domain(domain("second"));
  first->destroy();
  EXPECT_TRUE(first->wait_stopped(seconds(20)));
  EXPECT_FALSE(second->wait_stopped(milliseconds(0)));
}

TEST(Virt, EndsAGuestWithItsObject) {
  const ScratchFolder cache;
  Virt virt(test_uri, cache.path());
  virt.start_domain(domain("guest")).reset();
  // The name is free again, which a running domain's is not.
  EXPECT_NO_THROW(virt.start_domain(domain("guest")));
}

TEST(Virt, SaysWhatLibvirtHadAgainstAGuest) {
  const ScratchFolder cache;
  Virt virt(test_uri, cache.path());
  try {
    virt.start_domain("<domain type='test'/>");
    FAIL() << "libvirt took a domain without a name";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("starting a guest: "), std::string::npos);
    EXPECT_GT(std::string(error.what()).size(), std::string("starting a guest: ").size());
  }
}

TEST(Virt, ConnectsAgainAfterTheFirstConnectionHasGone) {
  const ScratchFolder cache;
  Virt(test_uri, cache.path()).libvirt_version();
  Virt virt(test_uri, cache.path());
  const auto guest = virt.start_domain(domain("guest"));
  guest->destroy();
  EXPECT_TRUE(guest->wait_stopped(seconds(20)));
}

TEST(Virt, TellsLibvirtsVersion) {
  const ScratchFolder cache;
  Virt virt(test_uri, cache.path());
  EXPECT_TRUE(std::regex_match(virt.libvirt_version(), std::regex(R"(\d+\.\d+\.\d+)")))
      << virt.libvirt_version();
}

TEST(Virt, RefusesAUriOfAnotherMachine) {
  const ScratchFolder cache;
  EXPECT_THROW(Virt("qemu+ssh://host/system", cache.path()), UsageError);
}

TEST(Virt, NamesTheUriThatLibvirtDoesNotKnow) {
  const ScratchFolder cache;
  try {
    const Virt virt("nonsense:///default", cache.path());
    FAIL() << "libvirt knows it";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("nonsense:///default"), std::string::npos);
  }
}
