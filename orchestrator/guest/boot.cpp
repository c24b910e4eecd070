#include "orchestrator/guest/boot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"

namespace brokenpipe {

std::vector<BootVariant> boot_ladder(const BootImage& image) {
  std::vector<BootVariant> ladder;
  if (image.vmlinux) ladder.push_back({"pvh", true, true, ""});
  if (!image.bzimage.empty()) {
    ladder.push_back({"bzimage", false, true, ""});
    // Some kernels die early with 57-bit addresses on -cpu max.
    ladder.push_back({"bzimage-no5lvl", false, true, "no5lvl"});
    // Costs the warp clock its free idle time (the clock event device is then the PIT), so last.
    ladder.push_back({"bzimage-noacpi", false, false, ""});
  }
  return ladder;
}

std::string kernel_command_line(const BootVariant& variant, Clock clock, Accelerator accelerator,
                                const std::string& append) {
  std::string line = "console=ttyS0 panic=-1";
  if (clock == Clock::warp) line += " norandmaps nokaslr";
  if (accelerator == Accelerator::tcg) {
    // Under the real clock a vCPU may wait for the host's processor while its kernel calibrates the
    // TSC: 30 MHz were found for 2596, and all clocks ran too fast by as much. The HPET's and the
    // ACPI PM timer's rates are known, and by the latter the kernel corrects that of its interrupts
    // (arch/x86/kernel/apic/apic.c:calibrate_APIC_clock).
    line += clock == Clock::real ? " notsc" : " tsc=reliable";
    // What emulation makes slow and no scenario looks at.
    line += " no_timer_check mitigations=off cryptomgr.notests";
  }
  line += " random.trust_cpu=on 8250.nr_uarts=2";
  if (!variant.extra_cmdline.empty()) line += " " + variant.extra_cmdline;
  if (!append.empty()) line += " " + append;
  return line;
}

std::vector<BootVariant> LadderMemory::recall(std::vector<BootVariant> ladder,
                                              const std::string& kernel_sha256,
                                              Accelerator accelerator) const {
  const std::filesystem::path remembered = file(kernel_sha256, accelerator);
  if (!std::filesystem::exists(remembered)) return ladder;
  try {
    constexpr std::size_t longest_name = 100;
    const std::string name = read_file(remembered, longest_name);
    std::stable_partition(ladder.begin(), ladder.end(),
                          [&](const BootVariant& variant) { return variant.name == name; });
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it costs a few failed boots
  }
  return ladder;
}

void LadderMemory::remember(const BootVariant& worked, const std::string& kernel_sha256,
                            Accelerator accelerator) const {
  try {
    make_directories(directory_);
    write_file(file(kernel_sha256, accelerator), worked.name);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): no reason to lose the guest's answers
  }
}

std::filesystem::path LadderMemory::file(const std::string& kernel_sha256,
                                         Accelerator accelerator) const {
  return directory_ / fmt::format("{}-{}", kernel_sha256, to_string(accelerator));
}

}  // namespace brokenpipe
