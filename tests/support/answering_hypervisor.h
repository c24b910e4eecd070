#pragma once

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/guest/hypervisor.h"
#include "results/base/file.h"
#include "tests/support/frames.h"

/// Guests for tests of whole runs: what they carry is real, and what they answer made up.
namespace brokenpipe::testing {

/// What a guest would say: payloads, framed as its arguments told it to, and a kernel log.
struct GuestAnswers {
  std::vector<std::string> payloads = {};
  std::string console = {};
};

/// Guests that read their arguments out of the initramfs, say what a function of the test makes
/// of their spec, and stop.
class AnsweringHypervisor final : public Hypervisor {
 public:
  explicit AnsweringHypervisor(std::function<GuestAnswers(const BootSpec&)> answers)
      : answers_(std::move(answers)) {}

  std::unique_ptr<Guest> start(const BootSpec& spec) override {
    const std::lock_guard lock(mutex_);
    started.push_back(spec);
    initramfs.push_back(read_file(spec.initrd));
    const GuestAnswers answers = answers_(spec);
    std::ofstream(spec.console, std::ios::binary) << answers.console;
    std::ofstream records(spec.records, std::ios::binary);
    for (std::size_t i = 0; i < answers.payloads.size(); ++i) {
      records << frame(i, answers.payloads[i], nonce_in(initramfs.back()));
    }
    return std::make_unique<StoppedGuest>();
  }
  std::string command_line(const BootSpec& spec) override { return "qemu " + spec.name; }
  std::string qemu_version() override { return qemu; }
  std::string libvirt_version() override { return "9.0.0"; }

  std::string qemu = "7.2.22";
  std::vector<BootSpec> started;
  std::vector<std::string> initramfs;

 private:
  class StoppedGuest final : public Guest {
   public:
    bool wait_stopped(std::chrono::milliseconds /*limit*/) override { return true; }
    void destroy() override {}
  };

  static std::string nonce_in(const std::string& archive) {
    const std::string option = "--framed\n";
    return archive.substr(archive.find(option) + option.size(), 16);
  }

  std::function<GuestAnswers(const BootSpec&)> answers_;
  std::mutex mutex_;
};

/// What the probe says on a kernel of that release, asked one scenario.
inline GuestAnswers one_answer(const std::string& release, const std::string& observation) {
  return {.payloads = {fmt::format(R"({{"record":"probe","schema":1,"version":"0.1.0",)"
                                   R"("release":"{}","kernel_version":"#1 SMP",)"
                                   R"("machine":"x86_64","kernel_log":true,"scenarios":1}})",
                                   release),
                       R"({"record":"begin","scenario":"tcp/x"})", observation,
                       R"({"record":"end","observations":1})"}};
}

inline const std::string completed_answer =
    R"({"record":"observation","scenario":"tcp/x","ending":"completed","steps":[)"
    R"({"step":"send#1","call":"send","args":"1","returned":-1,"errno":"EPIPE"}]})";

}  // namespace brokenpipe::testing
