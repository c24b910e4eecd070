#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "orchestrator/guest/virt.h"

/// libvirt, where there may be nothing to boot.
namespace brokenpipe {

/// The one libvirt connection of a process, made when the first guest wants it: a campaign whose
/// results are all there already, or that runs on the host alone, needs no QEMU.
class LazyVirt {
 public:
  LazyVirt(std::string uri, std::filesystem::path cache)
      : uri_(std::move(uri)), cache_(std::move(cache)) {}

  /// Who is told, once and when there is a connection, where QEMU has fewer walls around it than
  /// there could be.
  void tell(std::function<void(const std::string&)> note) { note_ = std::move(note); }

  Virt& operator()() {
    const std::lock_guard lock(mutex_);
    if (virt_) return *virt_;
    virt_ = std::make_unique<Virt>(uri_, cache_);
    const auto& confinement = virt_->confinement();
    if (note_ && confinement && !confinement->why_not_more.empty())
      note_("QEMU runs " + in_words(*confinement));
    return *virt_;
  }

 private:
  std::string uri_;
  std::filesystem::path cache_;
  std::function<void(const std::string&)> note_;
  std::mutex mutex_;
  std::unique_ptr<Virt> virt_;
};

}  // namespace brokenpipe
