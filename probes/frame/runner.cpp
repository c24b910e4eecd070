#include "probes/frame/runner.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <list>
#include <new>
#include <optional>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/base/sysctl.h"
#include "probes/base/tcp_state.h"
#include "probes/frame/feature.h"
#include "probes/frame/kernel_log.h"
#include "probes/frame/trace_buffer.h"

namespace probe {
namespace {

using SteadyClock = std::chrono::steady_clock;

// After SIGKILL: a process that a kernel bug keeps in the kernel must not keep us too.
constexpr std::chrono::seconds dying_time{5};

// Where a machine is paused (SIGSTOP of QEMU, the snapshot of a VM), its clocks jump when it goes
// on, and its timers expire at once: deadlines pass that nobody waited for, and a measured time is
// not the kernel's. So the real clock is looked at in short turns; a turn that takes so much longer
// is a pause, and the scenario is run again. Virtual time does not jump, and a turn would cost.
constexpr std::chrono::seconds turn{1};
constexpr std::chrono::seconds pause_at_least{2};
constexpr int most_attempts = 3;

enum class Ending { none, completed, broken, unsupported };

// What a scenario's process leaves behind, however it ends.
struct Legacy {
  TraceBuffer trace;
  Ending ending;
  std::array<char, 512> reason;
  std::array<char, 64> feature;
  std::array<char, 64> proof;

  void note(Ending how, const std::string& why) {
    copy(reason, why);
    ending = how;
  }
  void note(const Unsupported& lacking) {
    copy(feature, lacking.feature());
    copy(proof, lacking.proof());
    note(Ending::unsupported, lacking.what());
  }

 private:
  template <size_t size>
  static void copy(std::array<char, size>& to, const std::string& text) {
    const size_t length = std::min(text.size(), size - 1);
    std::memcpy(to.data(), text.data(), length);
    to.at(length) = '\0';
  }
};

class SharedLegacy {
 public:
  SharedLegacy() {
    void* memory =
        mmap(nullptr, sizeof(Legacy), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    // Zeroed memory is an empty Legacy; to construct one would touch all of its pages.
    legacy_ = static_cast<Legacy*>(memory);
  }
  SharedLegacy(const SharedLegacy&) = delete;
  SharedLegacy& operator=(const SharedLegacy&) = delete;
  ~SharedLegacy() { munmap(legacy_, sizeof(Legacy)); }
  Legacy& operator*() const { return *legacy_; }
  Legacy* operator->() const { return legacy_; }

 private:
  Legacy* legacy_;
};

// The same process for every scenario, whoever started the probe and how.
void become_neutral(int cpu) {
  must("setsid", setsid());  // what it forks can be killed with it
  must("prctl(PR_SET_PDEATHSIG)", prctl(PR_SET_PDEATHSIG, SIGKILL));
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  must("sigprocmask", sigprocmask(SIG_SETMASK, &none, nullptr));
  umask(022);
  must("chdir", chdir("/"));
  // As a booted kernel has it (include/asm-generic/resource.h:INIT_RLIMITS).
  rlimit core{};
  must("getrlimit", getrlimit(RLIMIT_CORE, &core));
  core.rlim_cur = 0;
  must("setrlimit", setrlimit(RLIMIT_CORE, &core));
  must("dup2", dup2(STDERR_FILENO, STDOUT_FILENO));  // stdout is for records alone
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(cpu), &one);
  must("sched_setaffinity", sched_setaffinity(0, sizeof one, &one));
}

// What is mounted goes with the process, however that ends. Who may not do this may not mount.
void enter_own_mounts() {
  if (unshare(CLONE_NEWNS) < 0) return;
  must("mount(MS_PRIVATE)", mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
}

void enter_own_network() {
  if (unshare(CLONE_NEWNET) < 0) {
    throw Unsupported("it needs a network namespace: unshare: " + errno_name(errno));
  }
  bring_loopback_up();
}

// Before features are asked, for some are found out by doing.
void spare_the_host(const Scenario& scenario, bool sets_sysctls) {
  if (scenario.own_machine) {
    // To ask for its feature may leave something behind, such as an interface of LAN emulation
    // (net/atm/lec.c:lecd_attach). Whoever knows the kernel's configuration may know all the same.
    throw Unsupported("it needs a machine of its own",
                      scenario.needs.empty() ? std::string() : scenario.needs.front());
  }
  enter_own_mounts();
  if (scenario.own_network || sets_sysctls) enter_own_network();
}

// The life of a scenario's process.
void run_here(const Scenario& scenario, const Sysctls& sysctls, bool machine_is_ours, int cpu,
              Legacy& legacy) {
  try {
    become_neutral(cpu);
    if (!machine_is_ours) spare_the_host(scenario, !sysctls.empty());
    for (const std::string& need : scenario.needs) require_feature(need);
    set_sysctls(sysctls);
    install_signal_recorder();
    Trace trace(legacy.trace);
    scenario.run(trace);
    trace.note_stray_signals();
    legacy.note(Ending::completed, {});
  } catch (const Unsupported& lacking) {
    legacy.note(lacking);
  } catch (const std::exception& failure) {
    legacy.note(Ending::broken, failure.what());
  } catch (...) {
    // Further up it would end the runner's loop, in this process of the scenario's.
    legacy.note(Ending::broken, "it threw something that is no exception");
  }
}

// The steps of a scenario, and after them what the kernel itself had to say of it.
std::string with_reports(std::string steps, const std::vector<std::string>& reports) {
  steps.pop_back();
  for (size_t i = 0; i < reports.size(); ++i) {
    const Json step = Json::object({{"step", "kernel#" + std::to_string(i + 1)},
                                    {"call", "kernel"},
                                    {"args", "log"},
                                    {"report", reports.at(i)}});
    steps += (steps.size() > 1 ? "," : "") + step.text();
  }
  return steps + "]";
}

// A scenario that has been started, and is ended when it goes out of scope.
class Running {
 public:
  // `log`: the kernel's, where it is this scenario's alone; else null.
  Running(const Scenario& scenario, const RunOptions& options, int cpu, KernelLog* log);
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();

  // When to look again at the latest.
  SteadyClock::time_point next_look() const { return looked_ + std::min(left_, turn_); }

  // Its observation record, once it has ended. Sees to the deadline before that.
  std::optional<Json> observation();

 private:
  void start();
  void pass_time();
  void kill_all() const;
  Json record(std::string ending, std::string reason, std::string signal = {}) const;
  Json record_of_end(int status) const;

  const Scenario& scenario_;
  const RunOptions& options_;
  int cpu_;
  KernelLog* log_;
  Sysctls sysctls_;
  Sysctls shortened_;
  std::optional<SysctlsPutBack> put_back_;
  SteadyClock::duration turn_;
  int attempt_ = 0;

  // Of the present attempt.
  std::optional<SharedLegacy> legacy_;
  SteadyClock::time_point looked_;
  SteadyClock::duration left_{};
  bool paused_ = false;
  pid_t pid_ = -1;
  bool killed_ = false;
  bool ended_ = false;
};

Running::Running(const Scenario& scenario, const RunOptions& options, int cpu, KernelLog* log)
    : scenario_(scenario),
      options_(options),
      cpu_(cpu),
      log_(log),
      sysctls_(scenario.sysctls),
      shortened_(options.clock == Clock::real ? scenario.shortened : Sysctls()),
      turn_(options.clock == Clock::real ? turn : scenario.deadline) {
  sysctls_.insert(shortened_.begin(), shortened_.end());
  if (options.machine_is_ours) put_back_.emplace(sysctls_);
  start();
}

Running::~Running() {
  if (ended_) return;
  kill_all();
  waitpid(pid_, nullptr, 0);
}

void Running::start() {
  ++attempt_;
  legacy_.emplace();
  looked_ = SteadyClock::now();
  left_ = scenario_.deadline;
  paused_ = false;
  killed_ = false;
  ended_ = false;
  pid_ = must("fork", fork());
  if (pid_ != 0) return;
  run_here(scenario_, sysctls_, options_.machine_is_ours, cpu_, **legacy_);
  _exit(0);
}

void Running::pass_time() {
  const SteadyClock::time_point now = SteadyClock::now();
  const SteadyClock::duration passed = now - looked_;
  looked_ = now;
  left_ -= std::min(passed, turn_);
  paused_ = paused_ || passed >= turn_ + pause_at_least;
}

void Running::kill_all() const {
  kill(pid_, SIGKILL);  // it may not lead its group yet
  kill(-pid_, SIGKILL);
}

std::optional<Json> Running::observation() {
  pass_time();
  siginfo_t info{};
  // WNOWAIT: until its leader is reaped, the group's number is nobody else's.
  must("waitid", waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT));
  if (info.si_pid != 0) {
    kill_all();
    int status = 0;
    must("waitpid", waitpid(pid_, &status, 0));
    ended_ = true;
    if (!paused_) return record_of_end(status);
    if (attempt_ == most_attempts) {
      return record("broken", "the machine was paused each time that it ran");
    }
    start();
    return std::nullopt;
  }
  if (left_.count() > 0) return std::nullopt;
  if (killed_) {
    ended_ = true;
    return record("timed_out", "still there after its deadline and after SIGKILL");
  }
  kill_all();
  killed_ = true;
  left_ = dying_time;
  return std::nullopt;
}

Json Running::record_of_end(int status) const {
  const std::string reason = (*legacy_)->reason.data();
  if (WIFSIGNALED(status)) {
    if (killed_) {
      return record("timed_out",
                    "not done after " + std::to_string(scenario_.deadline.count()) + " s");
    }
    if (const std::string ours = not_the_kernels(status); !ours.empty()) {
      return record("broken", ours);
    }
    return record("killed", {}, signal_name(WTERMSIG(status)));
  }
  switch ((*legacy_)->ending) {
    case Ending::completed:
      return record("completed", {});
    case Ending::unsupported:
      return record("unsupported", reason);
    case Ending::broken:
      return record("broken", reason);
    case Ending::none:
      break;
  }
  return record("broken", "it left by exit: " + status_words(status));
}

Json Running::record(std::string ending, std::string reason, std::string signal) const {
  const KernelLog::News news = log_ == nullptr ? KernelLog::News() : log_->news();
  if (news.out_of_memory) {
    ending = "broken";
    reason = "the kernel has killed a process, for it is out of memory";
    signal.clear();
  }
  Json record =
      Json::object({{"record", "observation"}, {"scenario", scenario_.id}, {"ending", ending}});
  if (!reason.empty()) record.set("reason", reason);
  if (!signal.empty()) record.set("signal", signal);
  if (!shortened_.empty()) {
    std::vector<std::string> words;
    for (const auto& [name, value] : shortened_) words.emplace_back(name).append("=" + value);
    record.set("shortened", Json::strings(words));
  }
  if ((*legacy_)->feature.front() != '\0') record.set("feature", (*legacy_)->feature.data());
  if ((*legacy_)->proof.front() != '\0') record.set("proof", (*legacy_)->proof.data());
  return record.set("steps", Json::verbatim(with_reports((*legacy_)->trace.steps(), news.reports)));
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  must("sched_getaffinity", sched_getaffinity(0, sizeof set, &set));
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

sigset_t only_sigchld() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

// Until a child ends or one is to be looked at.
void wait_for_event(const std::list<Running>& running) {
  const auto first = std::min_element(
      running.begin(), running.end(),
      [](const Running& one, const Running& other) { return one.next_look() < other.next_look(); });
  const auto left =
      std::max(SteadyClock::duration::zero(), first->next_look() - SteadyClock::now());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{
      .tv_sec = seconds.count(),
      .tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
  const sigset_t sigchld = only_sigchld();
  sigtimedwait(&sigchld, nullptr, &timeout);
}

}  // namespace

bool hears_kernel_log(const RunOptions& options) {
  return options.machine_is_ours && options.jobs == 1;
}

void run_scenarios(const std::vector<const Scenario*>& chosen, const RunOptions& options,
                   RecordWriter& records) {
  // Blocked from before the first fork on, so that no end is missed between look and wait.
  signal(SIGCHLD, SIG_DFL);
  const sigset_t sigchld = only_sigchld();
  must("sigprocmask", sigprocmask(SIG_BLOCK, &sigchld, nullptr));

  const std::vector<int> cpus = allowed_cpus();
  std::optional<KernelLog> log;
  if (hears_kernel_log(options)) log.emplace();
  std::list<Running> running;
  size_t started = 0;
  while (started < chosen.size() || !running.empty()) {
    while (started < chosen.size() && running.size() < options.jobs) {
      const Scenario& next = *chosen.at(started);
      records.write(Json::object({{"record", "begin"}, {"scenario", next.id}}));
      running.emplace_back(next, options, cpus.at(started % cpus.size()), log ? &*log : nullptr);
      ++started;
    }
    wait_for_event(running);
    for (auto it = running.begin(); it != running.end();) {
      const std::optional<Json> observation = it->observation();
      if (observation) records.write(*observation);
      it = observation ? running.erase(it) : std::next(it);
    }
  }
}

}  // namespace probe
