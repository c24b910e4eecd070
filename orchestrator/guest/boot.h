#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "images/boot_image.h"
#include "orchestrator/guest/hypervisor.h"

/// How a kernel is brought up: the ladder of boot variants, and which rung worked last time.
namespace brokenpipe {

/// The variants worth trying for this image, best first. Decompressed by PVH is the fastest
/// (no decompression under TCG), a bzImage boots what has no PVH note, and the others are for
/// kernels that do not come up.
std::vector<BootVariant> boot_ladder(const BootImage& image);

/// The kernel's command line. Under the warp clock it must be the same on every machine, for the
/// guest's time is made of the instructions it executes.
std::string kernel_command_line(const BootVariant& variant, Clock clock, Accelerator accelerator,
                                const std::string& append);

/// Remembers, for each kernel, the rung that worked, so that the next run begins there. A file a
/// kernel; losing one costs a few failed boots.
class LadderMemory {
 public:
  explicit LadderMemory(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The ladder with the remembered rung first.
  std::vector<BootVariant> recall(std::vector<BootVariant> ladder, const std::string& kernel_sha256,
                                  Accelerator accelerator) const;
  void remember(const BootVariant& worked, const std::string& kernel_sha256,
                Accelerator accelerator) const;

 private:
  std::filesystem::path file(const std::string& kernel_sha256, Accelerator accelerator) const;

  std::filesystem::path directory_;
};

}  // namespace brokenpipe
