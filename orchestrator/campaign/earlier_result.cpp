#include "orchestrator/campaign/earlier_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "images/boot_image.h"
#include "orchestrator/campaign/evidence.h"
#include "orchestrator/guest/boot.h"
#include "results/base/error.h"
#include "results/run_directory.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

// What a result depends on. Under the warp clock the same inputs give the same bytes, so a result
// that is here need not be measured again; under the real clock a second look is the purpose.
class Inputs {
 public:
  Inputs(const StoredKernel& kernel, const GuestOrder& order,
         const std::function<Hypervisor&()>& hypervisor)
      : kernel_(kernel),
        order_(order),
        hypervisor_(hypervisor),
        lacks_(built_without(order.features, kernel)) {}

  bool are_those_of(const RunResult& earlier) {
    if (order_.clock != Clock::warp || !vouches_for_all(earlier.guest.ending)) return false;
    if (earlier.kernel.sha256 != kernel_.sha256 || earlier.probe != order_.identity) return false;
    // Of a store that had no configuration then.
    if (earlier.lacks != lacks_) return false;
    const std::optional<GuestRun>& now = run_now(earlier.guest.boot_image);
    return now && is_same(*now, earlier.guest) &&
           hypervisor_().qemu_version() == earlier.guest.qemu &&
           hypervisor_().libvirt_version() == earlier.guest.libvirt;
  }

 private:
  static bool is_same(const GuestRun& one, const GuestRun& other) {
    const auto inputs = [](const GuestRun& run) {
      return std::tie(run.initramfs, run.domain, run.cmdline, run.modules, run.accelerator,
                      run.clock);
    };
    return inputs(one) == inputs(other);
  }

  // As a guest on this rung of the ladder would be run; nothing where there is no such rung.
  const std::optional<GuestRun>& run_now(const std::string& boot_image) {
    const auto [place, is_new] = runs_.try_emplace(boot_image);
    if (is_new) place->second = planned(boot_image);
    return place->second;
  }

  std::optional<GuestRun> planned(const std::string& rung) const {
    try {
      for (const BootVariant& variant : boot_ladder(boot_image(kernel_.image, order_.cache))) {
        if (variant.name == rung) return planned_run(order_, kernel_, variant);
      }
    } catch (const Error&) {
      // Who runs it now will say what is wrong with it.
    }
    return std::nullopt;
  }

  const StoredKernel& kernel_;
  const GuestOrder& order_;
  const std::function<Hypervisor&()>& hypervisor_;
  std::map<std::string, std::string> lacks_;
  std::map<std::string, std::optional<GuestRun>> runs_;
};

// Newest first.
std::vector<fs::path> run_folders(const fs::path& runs) {
  std::vector<fs::path> folders;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(runs, none)) {
    if (RunDirectory::is_one(entry.path())) folders.push_back(entry.path());
  }
  std::sort(folders.rbegin(), folders.rend());
  return folders;
}

// An unreadable run of old is no reason not to run now.
std::optional<EarlierResult> result_in(const fs::path& folder, const std::string& id,
                                       const std::function<void(const std::string&)>& warn) {
  try {
    const RunDirectory directory = RunDirectory::open(folder);
    auto result = directory.result(id);
    if (!result) return std::nullopt;
    return EarlierResult{*std::move(result), directory.console_file(id)};
  } catch (const Error& error) {
    if (warn) warn(fmt::format("passing over an unreadable run: {}", error.what()));
    return std::nullopt;
  }
}

}  // namespace

std::optional<EarlierResult> earlier_result(const fs::path& runs, const ReadyKernel& kernel,
                                            const GuestOrder& order,
                                            const std::function<Hypervisor&()>& hypervisor,
                                            const std::function<void(const std::string&)>& warn) {
  Inputs inputs(*kernel.stored, order, hypervisor);
  std::vector<std::string> ids{kernel.id};
  if (kernel.stored->id != kernel.id) ids.push_back(kernel.stored->id);
  for (const fs::path& folder : run_folders(runs)) {
    for (const std::string& id : ids) {
      std::optional<EarlierResult> earlier = result_in(folder, id, warn);
      if (!earlier || !inputs.are_those_of(earlier->result)) continue;
      earlier->result.kernel.id = kernel.id;
      return earlier;
    }
  }
  return std::nullopt;
}

}  // namespace brokenpipe
