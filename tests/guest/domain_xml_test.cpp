#include "orchestrator/guest/domain_xml.h"

#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "results/base/error.h"

/// What libvirt is told to boot.
using namespace brokenpipe;

namespace {

BootSpec spec() {
  BootSpec boot;
  boot.name = "debian-6.1";
  boot.kernel = "/store/vmlinux";
  boot.initrd = "/store/initrd";
  boot.cmdline = "console=ttyS0 panic=-1";
  boot.console = "/out/console";
  boot.records = "/out/records";
  return boot;
}

/// The domain of `boot`, parsed; what stands at an XPath is then asked as text.
class ParsedDomain {
 public:
  explicit ParsedDomain(const BootSpec& boot) {
    EXPECT_TRUE(document_.load_string(domain_xml(boot).c_str()));
  }
  std::string text(const char* xpath) const {
    return document_.select_node(xpath).node().text().get();
  }
  std::string attribute(const char* xpath) const {
    return document_.select_node(xpath).attribute().value();
  }
  bool has(const char* xpath) const { return static_cast<bool>(document_.select_node(xpath)); }
  std::vector<std::string> values(const char* xpath) const {
    std::vector<std::string> found;
    for (const auto& node : document_.select_nodes(xpath))
      found.emplace_back(node.attribute().value());
    return found;
  }

 private:
  pugi::xml_document document_;
};

}  // namespace

TEST(DomainXml, BootsTheKernelDirectlyWithItsCommandLine) {
  const ParsedDomain domain(spec());
  EXPECT_EQ(domain.text("/domain/name"), "debian-6.1");
  EXPECT_EQ(domain.text("/domain/os/kernel"), "/store/vmlinux");
  EXPECT_EQ(domain.text("/domain/os/initrd"), "/store/initrd");
  EXPECT_EQ(domain.text("/domain/os/cmdline"), "console=ttyS0 panic=-1");
  EXPECT_EQ(domain.attribute("/domain/os/type/@machine"), "pc");
  EXPECT_EQ(domain.text("/domain/memory"), "256");
  EXPECT_EQ(domain.text("/domain/vcpu"), "1");
}

TEST(DomainXml, HasTwoSerialPortsInFilesAndNothingElse) {
  const ParsedDomain domain(spec());
  EXPECT_EQ(domain.attribute("//serial[target/@port='0']/source/@path"), "/out/console");
  EXPECT_EQ(domain.attribute("//serial[target/@port='1']/source/@path"), "/out/records");
  EXPECT_EQ(domain.values("//serial/target/@type"),
            (std::vector<std::string>{"isa-serial", "isa-serial"}));
  EXPECT_EQ(domain.values("//devices/controller/@model"), std::vector<std::string>{"none"});
  EXPECT_EQ(domain.values("//devices/memballoon/@model"), std::vector<std::string>{"none"});
  EXPECT_FALSE(domain.has("//disk | //interface | //graphics | //video"));
}

TEST(DomainXml, EndsTheGuestWhateverEndsItsKernel) {
  const ParsedDomain domain(spec());
  for (const char* event : {"/domain/on_poweroff", "/domain/on_reboot", "/domain/on_crash"})
    EXPECT_EQ(domain.text(event), "destroy") << event;
}

TEST(DomainXml, CountsInstructionsAndFixesWhatIsDrawnByLotUnderTheWarpClock) {
  const ParsedDomain domain(spec());
  EXPECT_EQ(domain.attribute("/domain/@type"), "qemu");
  EXPECT_EQ(domain.values("//qemu:arg/@value"),
            (std::vector<std::string>{"-icount", "shift=4,sleep=off", "-seed", "1", "-uuid",
                                      "00000000-0000-4000-8000-000000000000"}));
  EXPECT_EQ(domain.attribute("/domain/clock/@offset"), "absolute");
  EXPECT_NE(domain.attribute("/domain/clock/@start"), "");
  EXPECT_EQ(domain.attribute("/domain/clock/timer[@name='rtc']/@track"), "guest");
}

TEST(DomainXml, LeavesTimeAloneUnderTheRealClock) {
  auto boot = spec();
  boot.clock = Clock::real;
  const ParsedDomain domain(boot);
  EXPECT_FALSE(domain.has("//qemu:arg"));
  EXPECT_EQ(domain.attribute("/domain/clock/@offset"), "utc");
}

TEST(DomainXml, LeavesCmpxchg16bOutUnderTcgAlone) {
  EXPECT_EQ(ParsedDomain(spec()).attribute("//cpu[@mode='maximum']/feature[@name='cx16']/@policy"),
            "disable");
  auto boot = spec();
  boot.clock = Clock::real;
  boot.accelerator = Accelerator::kvm;
  const ParsedDomain domain(boot);
  EXPECT_EQ(domain.attribute("/domain/@type"), "kvm");
  EXPECT_EQ(domain.attribute("//cpu/@mode"), "host-passthrough");
  EXPECT_FALSE(domain.has("//cpu/feature"));
}

TEST(DomainXml, LeavesAcpiOutWhereItIsNotWanted) {
  auto boot = spec();
  EXPECT_TRUE(ParsedDomain(boot).has("/domain/features/acpi"));
  boot.acpi = false;
  EXPECT_FALSE(ParsedDomain(boot).has("//acpi"));
}

TEST(DomainXml, RefusesTheWarpClockUnderKvm) {
  auto boot = spec();
  boot.accelerator = Accelerator::kvm;
  EXPECT_THROW(domain_xml(boot), UsageError);
}

TEST(DomainXml, KeepsEveryCharacterOfPathsAndCommandLines) {
  auto boot = spec();
  boot.kernel = R"(/a b/<k>&"'é)";
  boot.console = R"(/c "o&n'<)";
  boot.cmdline = R"(dyndbg="file a.c +p" x=<&>'")";
  const ParsedDomain domain(boot);
  EXPECT_EQ(domain.text("/domain/os/kernel"), boot.kernel.string());
  EXPECT_EQ(domain.text("/domain/os/cmdline"), boot.cmdline);
  EXPECT_EQ(domain.attribute("//serial[target/@port='0']/source/@path"), boot.console.string());
}

TEST(DomainXml, IsTheSameTextForTheSameSpec) {
  EXPECT_EQ(domain_xml(spec()), domain_xml(spec()));
}
