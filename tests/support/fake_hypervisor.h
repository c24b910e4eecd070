#pragma once

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/guest/hypervisor.h"
#include "results/base/error.h"

/// Guests for tests of a single run, moment by moment.
namespace brokenpipe::testing {

/// What a guest does in one stretch of time, as long as the caller waits for it at once.
struct FakeMoment {
  std::string records;                 ///< appended to ttyS1's file
  std::string console;                 ///< appended to ttyS0's
  std::chrono::milliseconds pause{0};  ///< for which the host stands still before
};

struct FakeScript {
  std::vector<FakeMoment> moments = {};
  bool stops = true;  ///< after the last moment; else it hangs
};

/// Guests that do what a script says, in a time that passes only while somebody waits for them.
class FakeHypervisor final : public Hypervisor {
 public:
  FakeScript script;
  std::string refusal;           ///< where not empty, start() throws an Error with it
  std::string does_not_end_for;  ///< the same of destroy(), which has ended it nevertheless
  std::vector<BootSpec> started;
  int running = 0;
  std::chrono::steady_clock::time_point time{};
  std::chrono::milliseconds start_takes{0};

  std::function<std::chrono::steady_clock::time_point()> clock() {
    return [this] { return time; };
  }

  std::unique_ptr<Guest> start(const BootSpec& spec) override {
    if (!refusal.empty()) throw Error("starting a guest", refusal);
    started.push_back(spec);
    time += start_takes;
    return std::make_unique<FakeGuest>(*this, spec);
  }
  std::string command_line(const BootSpec& spec) override { return "qemu " + spec.name; }
  std::string qemu_version() override { return "7.2.22"; }
  std::string libvirt_version() override { return "9.0.0"; }

 private:
  class FakeGuest final : public Guest {
   public:
    FakeGuest(FakeHypervisor& hypervisor, const BootSpec& spec)
        : hypervisor_(hypervisor),
          script_(hypervisor.script),
          console_(spec.console, std::ios::binary),
          records_(spec.records, std::ios::binary) {
      ++hypervisor_.running;
    }
    ~FakeGuest() override { end(); }
    FakeGuest(const FakeGuest&) = delete;
    FakeGuest& operator=(const FakeGuest&) = delete;
    FakeGuest(FakeGuest&&) = delete;
    FakeGuest& operator=(FakeGuest&&) = delete;

    bool wait_stopped(std::chrono::milliseconds limit) override {
      hypervisor_.time += limit;
      if (next_ < script_.moments.size()) {
        const auto& moment = script_.moments[next_++];
        hypervisor_.time += moment.pause;
        console_ << moment.console << std::flush;
        records_ << moment.records << std::flush;
        return false;
      }
      if (script_.stops) end();
      return !alive_;
    }
    void destroy() override {
      end();
      if (const std::string& why = hypervisor_.does_not_end_for; !why.empty())
        throw Error("ending a guest", why);
    }

   private:
    void end() {
      if (alive_) --hypervisor_.running;
      alive_ = false;
    }

    FakeHypervisor& hypervisor_;
    FakeScript script_;
    std::ofstream console_;
    std::ofstream records_;
    std::size_t next_ = 0;
    bool alive_ = true;
  };
};

}  // namespace brokenpipe::testing
