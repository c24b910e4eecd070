#include "orchestrator/guest/canary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <variant>

#include "orchestrator/guest/guest_run.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/json_file.h"
#include "results/base/json_parse.h"
#include "results/base/text.h"
#include "results/base/unique_fd.h"

namespace brokenpipe {
namespace {

using nlohmann::json;

json depends_on(Hypervisor& hypervisor, const Canary& canary, int device) {
  utsname host{};
  uname(&host);
  struct stat status {};
  fstat(device, &status);
  return {{"host", fmt::format("{} {}", host.release, host.version)},
          {"device", fmt::format("{:x} {:o}", status.st_rdev, status.st_mode)},
          {"qemu", hypervisor.qemu_version()},
          {"kernel", canary.kernel}};
}

/// Throws Error where the file is damaged.
std::optional<KvmVerdict> cached(const std::filesystem::path& cache, const json& depends) {
  std::error_code unreachable;
  if (!std::filesystem::exists(cache, unreachable)) return std::nullopt;
  const auto parsed = parse_json(read_file(cache, JsonLimits().bytes));
  if (const auto* fault = std::get_if<JsonFault>(&parsed))
    throw Error("reading " + cache.string(), fault->what);
  const JsonPlace entry(std::get<json>(parsed), cache.string());
  if (entry.at("depends_on").value() != depends) return std::nullopt;
  return KvmVerdict{entry.at("usable").boolean(), entry.at("why").text()};
}

/// Where it cannot be written, the canary is booted again the next time.
void keep(const std::filesystem::path& cache, const json& depends, const KvmVerdict& verdict) {
  const json entry{{"depends_on", depends}, {"usable", verdict.usable}, {"why", verdict.why}};
  try {
    make_directories(cache.parent_path());
    write_file(cache, json_text(entry));
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): as said above
  }
}

KvmVerdict boot(Hypervisor& hypervisor, const Canary& canary, std::chrono::milliseconds deadline) {
  BootSpec spec = canary.spec;
  spec.accelerator = Accelerator::kvm;
  spec.clock = Clock::real;
  const GuestLimits limits{.boot = deadline, .no_progress = deadline, .hard = deadline};
  std::stop_source first_record;
  GuestListener listener;
  listener.record = [&](GuestRecord&&) { first_record.request_stop(); };
  const auto outcome =
      run_guest(hypervisor, spec, canary.nonce, limits, first_record.get_token(), listener);
  if (outcome.records > 0)
    return {true, fmt::format("a guest booted under it in {:.1f} s", outcome.timings.at("boot"))};
  return {false,
          fmt::format("a guest that was booted under it came to nothing within {:.0f} s: {}",
                      std::chrono::duration<double>(deadline).count(), outcome.verdict.reason)};
}

}  // namespace

KvmVerdict kvm_verdict(Hypervisor& hypervisor, const Canary& canary,
                       const std::filesystem::path& cache, std::chrono::milliseconds deadline,
                       const std::filesystem::path& device) {
  const UniqueFd fd(open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return {false, fmt::format("{}: {}", device.string(), std::strerror(errno))};
  const auto depends = depends_on(hypervisor, canary, fd.get());
  std::string passed_over;
  try {
    if (auto verdict = cached(cache, depends)) return *verdict;
  } catch (const Error& error) {
    passed_over = "; what was known of it is lost: " + one_line(error.what());
  }
  try {
    auto verdict = boot(hypervisor, canary, deadline);
    keep(cache, depends, verdict);
    verdict.why += passed_over;
    return verdict;
  } catch (const Error& error) {
    // Not kept: it may be the machine's state of this hour, and costs no deadline to find again.
    return {false, "QEMU does not start with it: " + one_line(error.what())};
  }
}

}  // namespace brokenpipe
