#include "orchestrator/guest/virt.h"

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "orchestrator/guest/confinement.h"
#include "orchestrator/guest/domain_xml.h"
#include "orchestrator/guest/embed_root.h"
#include "orchestrator/guest/native_command.h"
#include "results/base/error.h"
#include "results/base/process_limit.h"

namespace brokenpipe {
namespace {

struct ConnectionCloser {
  void operator()(virConnectPtr connection) const { virConnectClose(connection); }
};
struct DomainFreer {
  void operator()(virDomainPtr domain) const { virDomainFree(domain); }
};
using Connection = std::unique_ptr<virConnect, ConnectionCloser>;
using Domain = std::unique_ptr<virDomain, DomainFreer>;
using Uuid = std::array<unsigned char, VIR_UUID_BUFLEN>;

/// The first program of that name; empty where there is none.
std::string in_path(const std::string& program) {
  const char* path = getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string file = fmt::format("{}/{}", folder, program);
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

/// libvirt says the same of a QEMU that is not there and of one that it could not ask, and looks
/// for it in the PATH.
std::string remedy_without_emulator() {
  if (const std::string why = why_no_process(); !why.empty())
    return fmt::format("It could not ask QEMU what it can do: {}. {}", why, process_limit_remedy);
  const std::string qemu = in_path("qemu-system-x86_64");
  if (qemu.empty()) return "Install QEMU: apt install qemu-system-x86";
  return fmt::format(
      "It could not ask {} what it can do. If that runs by hand (--version), it was for want of "
      "something that is there again, such as processes or memory: try again.",
      qemu);
}

/// What to do about those of libvirt's errors that a user meets. Known by their words: their codes
/// are shared by much else.
std::string remedy(const std::string& why) {
  const auto says = [&why](const char* words) { return why.find(words) != std::string::npos; };
  if (says("no connection driver"))
    return "Install libvirt's QEMU driver: apt install libvirt-daemon-driver-qemu";
  if (says("cannot fork") || says("create thread") || says("Resource temporarily unavailable"))
    return process_limit_remedy;
  if (says("Cannot find suitable emulator") || says("No emulator found"))
    return remedy_without_emulator();
  if (says("driver is not active") && geteuid() == 0 && getpwnam("libvirt-qemu") == nullptr)
    return "As root libvirt asks for an account of that name, which the package "
           "libvirt-daemon-system would make: run this as an ordinary user, or: groupadd --system "
           "libvirt-qemu && useradd --system --gid libvirt-qemu --no-create-home --home-dir "
           "/nonexistent --shell /usr/sbin/nologin libvirt-qemu";
  if (says("Failed to connect socket"))
    return "That URI needs a running libvirtd (apt install libvirt-daemon-system); without "
           "--connect none is needed.";
  return {};
}

/// libvirt's last error in this thread as ours.
Error libvirt_error(const std::string& doing) {
  const std::string why = virGetLastErrorMessage();
  return {doing, why, remedy(why)};
}

Uuid uuid_of(virDomainPtr domain) {
  Uuid uuid{};
  virDomainGetUUID(domain, uuid.data());
  return uuid;
}

/// libvirt's event loop, turning in a thread of its own. libvirt has one for the process.
class EventLoop {
 public:
  static std::shared_ptr<EventLoop> shared() {
    static std::mutex mutex;
    static std::weak_ptr<EventLoop> current;
    const std::lock_guard lock(mutex);
    auto loop = current.lock();
    if (!loop) {
      loop = std::make_shared<EventLoop>();
      current = loop;
    }
    return loop;
  }

  EventLoop() {
    static const int registered = virEventRegisterDefaultImpl();
    if (registered != 0) throw libvirt_error("starting libvirt's event loop");
    thread_ = std::thread([this] {
      while (!stopping_) virEventRunDefaultImpl();
    });
  }
  ~EventLoop() {
    stopping_ = true;
    // A timer that is due at once is what wakes the loop, so that it sees the flag.
    const int timer = virEventAddTimeout(
        0, [](int, void*) {}, nullptr, nullptr);
    thread_.join();
    virEventRemoveTimeout(timer);
  }
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  EventLoop(EventLoop&&) = delete;
  EventLoop& operator=(EventLoop&&) = delete;

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// Which domains have stopped. Events may come before virDomainCreateXML() has returned.
class StoppedDomains {
 public:
  void add(const Uuid& uuid) {
    {
      const std::lock_guard lock(mutex_);
      stopped_.insert(uuid);
    }
    changed_.notify_all();
  }
  bool wait(const Uuid& uuid, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return stopped_.contains(uuid); });
  }
  void forget(const Uuid& uuid) {
    const std::lock_guard lock(mutex_);
    stopped_.erase(uuid);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Uuid> stopped_;
};

class LibvirtGuest final : public Guest {
 public:
  LibvirtGuest(Domain domain, std::shared_ptr<StoppedDomains> stopped)
      : domain_(std::move(domain)), uuid_(uuid_of(domain_.get())), stopped_(std::move(stopped)) {}
  ~LibvirtGuest() override {
    virDomainDestroy(domain_.get());
    stopped_->forget(uuid_);
  }
  LibvirtGuest(const LibvirtGuest&) = delete;
  LibvirtGuest& operator=(const LibvirtGuest&) = delete;
  LibvirtGuest(LibvirtGuest&&) = delete;
  LibvirtGuest& operator=(LibvirtGuest&&) = delete;

  bool wait_stopped(std::chrono::milliseconds limit) override {
    return stopped_->wait(uuid_, limit);
  }

  void destroy() override {
    if (virDomainDestroy(domain_.get()) == 0) return;
    const int code = virGetLastErrorCode();
    if (code != VIR_ERR_NO_DOMAIN && code != VIR_ERR_OPERATION_INVALID)
      throw libvirt_error(fmt::format("ending the guest {}", virDomainGetName(domain_.get())));
  }

 private:
  Domain domain_;
  Uuid uuid_;
  std::shared_ptr<StoppedDomains> stopped_;
};

std::string dotted(unsigned long version) {
  return fmt::format("{}.{}.{}", version / 1'000'000, version / 1'000 % 1'000, version % 1'000);
}

void refuse_other_machines(const std::string& uri) {
  const auto authority = uri.find("://");
  if (authority != std::string::npos && uri.compare(authority, 4, ":///") != 0)
    throw UsageError(fmt::format(
        "--connect {}: guests on another machine would write their records there; use a URI of "
        "this machine, such as qemu:///system",
        uri));
}

/// libvirt takes for QEMU what it finds first in the PATH, for the guests and for its own questions
/// to QEMU alike. Must come before libvirt's first call.
Confinement put_first_in_path(Confinement confinement) {
  if (confinement.emulator.empty()) return confinement;
  const char* path = getenv("PATH");
  const std::string rest = path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path;
  setenv("PATH", (confinement.emulator.parent_path().string() + ":" + rest).c_str(), 1);
  return confinement;
}

/// What libvirt has to say goes into our errors, not to the user's terminal; its log, if anywhere,
/// into the root. Must come before libvirt's first call.
void keep_libvirt_quiet(const std::optional<EmbedRoot>& root) {
  const auto log = root ? (root->path() / "libvirt.log").string() : "/dev/null";
  setenv("LIBVIRT_LOG_OUTPUTS", ("3:file:" + log).c_str(), 0);
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
}

}  // namespace

class Virt::Implementation {
 public:
  Implementation(const std::string& uri, const std::filesystem::path& cache) {
    refuse_other_machines(uri);
    std::string full_uri = uri;
    if (uri == embedded_uri) {
      confinement_ = put_first_in_path(confine_qemu(cache / "emulator"));
      root_.emplace(cache);
      full_uri += "?root=" + root_->path().string();
    }
    keep_libvirt_quiet(root_);
    loop_ = EventLoop::shared();
    connection_.reset(virConnectOpen(full_uri.c_str()));
    if (!connection_) throw libvirt_error("connecting to libvirt at " + full_uri);
    const auto on_lifecycle = [](virConnectPtr, virDomainPtr domain, int event, int,
                                 void* stopped) {
      if (event == VIR_DOMAIN_EVENT_STOPPED)
        static_cast<StoppedDomains*>(stopped)->add(uuid_of(domain));
    };
    callback_ = virConnectDomainEventRegisterAny(
        connection_.get(), nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        VIR_DOMAIN_EVENT_CALLBACK(+on_lifecycle), stopped_.get(), nullptr);
    if (callback_ < 0) throw libvirt_error("listening to libvirt's events");
    // Only a daemon can outlive this process; without one, supervise() ends the guests.
    has_daemon_ = full_uri.starts_with("qemu:///system") || full_uri.starts_with("qemu:///session");
  }
  ~Implementation() { virConnectDomainEventDeregisterAny(connection_.get(), callback_); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  Implementation(Implementation&&) = delete;
  Implementation& operator=(Implementation&&) = delete;

  /// `spec` under a name that no other process gives to its guests.
  BootSpec named(BootSpec spec) const {
    if (has_daemon_) spec.name += fmt::format("-{}", getpid());
    return spec;
  }

  std::unique_ptr<Guest> start(const std::string& xml) {
    const unsigned flags = has_daemon_ ? VIR_DOMAIN_START_AUTODESTROY : 0;
    Domain domain(virDomainCreateXML(connection_.get(), xml.c_str(), flags));
    if (!domain) throw libvirt_error("starting a guest");
    return std::make_unique<LibvirtGuest>(std::move(domain), stopped_);
  }

  const std::optional<Confinement>& confinement() const { return confinement_; }

  std::string native_command(const std::string& xml) {
    const std::unique_ptr<char, decltype(&std::free)> command(
        virConnectDomainXMLToNative(connection_.get(), "qemu-argv", xml.c_str(), 0), &std::free);
    if (!command) throw libvirt_error("asking libvirt for QEMU's command line");
    return command.get();
  }

  std::string hypervisor_version() {
    unsigned long version = 0;
    if (virConnectGetVersion(connection_.get(), &version) != 0)
      throw libvirt_error("asking libvirt for QEMU's version");
    return dotted(version);
  }

  std::string libvirt_version() {
    unsigned long version = 0;
    if (virConnectGetLibVersion(connection_.get(), &version) != 0)
      throw libvirt_error("asking libvirt for its version");
    return dotted(version);
  }

 private:
  std::optional<Confinement> confinement_;
  std::optional<EmbedRoot> root_;
  std::shared_ptr<EventLoop> loop_;
  std::shared_ptr<StoppedDomains> stopped_ = std::make_shared<StoppedDomains>();
  Connection connection_;
  int callback_ = -1;
  bool has_daemon_ = false;
};

Virt::Virt(const std::string& uri, const std::filesystem::path& cache)
    : implementation_(std::make_unique<Implementation>(uri, cache)) {}
Virt::~Virt() = default;

std::unique_ptr<Guest> Virt::start(const BootSpec& spec) {
  if (const auto& confinement = implementation_->confinement()) hand_over(spec, *confinement);
  return start_domain(domain_xml(implementation_->named(spec)));
}

std::unique_ptr<Guest> Virt::start_domain(const std::string& xml) {
  return implementation_->start(xml);
}

std::string Virt::command_line(const BootSpec& spec) {
  const auto& confinement = implementation_->confinement();
  return runnable_command(implementation_->native_command(domain_xml(spec)),
                          confinement ? confinement->plan.qemu.string() : std::string());
}

std::string Virt::qemu_version() {
  return implementation_->hypervisor_version();
}

const std::optional<Confinement>& Virt::confinement() const {
  return implementation_->confinement();
}

std::string Virt::libvirt_version() {
  return implementation_->libvirt_version();
}

}  // namespace brokenpipe
