// The walls around QEMU: the script that puts them up, and what /proc says of a QEMU within.
#include "orchestrator/guest/confinement.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <utility>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/run_command.h"
#include "results/base/unique_fd.h"
#include "tests/support/qemu_process.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::expect_no_rights;
using testing::expect_own_world;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::qemu_below;
using testing::ScratchFolder;

constexpr uid_t nobody = 65534;

// As much of a bzImage as QEMU looks at (Documentation/x86/boot.rst: 0x1f1 setup_sects, 0x202 magic
// and version).
std::string header_of_kernel() {
  std::string image(65536, '\0');
  image[0x1f1] = 4;
  image.replace(0x202, 6, std::string("HdrS\x02\x02", 6));
  return image;
}

// A guest's folder with a kernel that is never run, and a place for the emulator.
class Place {
 public:
  explicit Place(uid_t owner = geteuid()) {
    fs::permissions(folder(), fs::perms::owner_all | fs::perms::others_exec);
    fs::create_directory(guest());
    write_file(spec().kernel, header_of_kernel());
    write_file(spec().initrd, "initramfs");
    for (const fs::path& path : {folder(), guest(), spec().kernel, spec().initrd})
      EXPECT_EQ(chown(path.c_str(), owner, owner), 0);
    fs::permissions(guest(), fs::perms::owner_all);
    for (const fs::path& file : {spec().kernel, spec().initrd})
      fs::permissions(file, fs::perms::owner_read);
  }
  const fs::path& folder() const { return scratch_.path(); }
  fs::path guest() const { return folder() / "guest"; }
  BootSpec spec() const {
    BootSpec spec;
    spec.kernel = guest() / "vmlinux";
    spec.initrd = guest() / "initramfs.cpio";
    return spec;
  }

 private:
  ScratchFolder scratch_;
};

// QEMU as libvirt runs it, with its guest paused, and up when the object is made.
class RunningQemu {
 public:
  RunningQemu(const Confinement& confinement, const BootSpec& spec) {
    hand_over(spec, confinement);
    std::vector<std::string> words{
        confinement.emulator,
        "-S",
        "-machine",
        "pc,accel=tcg",
        "-m",
        "64",
        "-display",
        "none",
        "-no-user-config",
        "-nodefaults",
        "-kernel",
        spec.kernel,
        "-initrd",
        spec.initrd,
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-qmp",
        "stdio"};
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    EXPECT_EQ(pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
    stdin_ = UniqueFd(in[1]);
    stdout_ = UniqueFd(out[0]);
    const UniqueFd child_in(in[0]);
    const UniqueFd child_out(out[1]);
    started_ = fork();
    if (started_ == 0) {
      dup2(child_in.get(), STDIN_FILENO);
      dup2(child_out.get(), STDOUT_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    // Its monitor greets when the machine is there.
    char byte = 0;
    if (read(stdout_.get(), &byte, 1) != 1) throw std::runtime_error("QEMU did not come up");
    qemu_ = status_of_started() == "qemu-system-x86" ? started_ : qemu_below(started_);
    pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, qemu_, 0)));
  }
  ~RunningQemu() { end(SIGKILL); }
  RunningQemu(const RunningQemu&) = delete;
  RunningQemu& operator=(const RunningQemu&) = delete;
  RunningQemu(RunningQemu&&) = delete;
  RunningQemu& operator=(RunningQemu&&) = delete;

  pid_t qemu() const { return qemu_; }

  // Ends the process that libvirt knows; whether QEMU ended with it. The limit only keeps a
  // failing test from hanging.
  bool end(int signal) {
    if (started_ == 0 || !pidfd_) return false;
    kill(started_, signal);
    waitpid(started_, nullptr, 0);
    started_ = 0;
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return poll(&ended, 1, 20'000) == 1;
  }

 private:
  std::string status_of_started() const { return testing::status_of(started_)["Name"]; }

  pid_t started_ = 0;
  pid_t qemu_ = 0;
  UniqueFd pidfd_;
  UniqueFd stdin_;
  UniqueFd stdout_;
};

// Does it as a user who is nobody in particular; whether all that was expected there came.
bool as_ordinary_user(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setresgid(nobody, nobody, nobody) != 0 ||
                           setresuid(nobody, nobody, nobody) != 0))
      _exit(2);
    try {
      act();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0;
}

uid_t ordinary_user() {
  return geteuid() == 0 ? nobody : geteuid();
}

std::string path_now() {
  const char* path = std::getenv("PATH");
  return path == nullptr ? "/usr/bin" : path;
}

// A PATH with QEMU and what else is named, for one test.
class OnlyInPath {
 public:
  OnlyInPath(const fs::path& folder, const std::vector<std::string>& programs)
      : before_(path_now()) {
    fs::create_directory(folder);
    fs::permissions(folder, fs::perms::all);
    for (const std::string& program : programs)
      fs::create_symlink("/usr/bin/" + program, folder / program);
    setenv("PATH", folder.c_str(), 1);
  }
  ~OnlyInPath() { setenv("PATH", before_.c_str(), 1); }
  OnlyInPath(const OnlyInPath&) = delete;
  OnlyInPath& operator=(const OnlyInPath&) = delete;
  OnlyInPath(OnlyInPath&&) = delete;
  OnlyInPath& operator=(OnlyInPath&&) = delete;

 private:
  std::string before_;
};

bool needs_root() {
  return geteuid() != 0;
}

TEST(Confinement, AsRootQemuIsAnotherAccountWithoutRightsInAWorldOfItsOwn) {
  if (needs_root()) GTEST_SKIP() << "only root can be another account";
  const Place place;
  const Confinement confinement = confine_qemu(place.folder() / "emulator");
  ASSERT_EQ(confinement.plan.walls, Walls::namespaces) << confinement.why_not_more;
  const RunningQemu running(confinement, place.spec());
  expect_no_rights(running.qemu());
  expect_own_world(running.qemu(), {"kernel", "initrd"});
}

TEST(Confinement, AsAnOrdinaryUserQemuIsThatUserWithoutRightsInAWorldOfItsOwn) {
  const Place place(ordinary_user());
  EXPECT_TRUE(as_ordinary_user([&] {
    const Confinement confinement = confine_qemu(place.folder() / "emulator");
    ASSERT_EQ(confinement.plan.walls, Walls::namespaces) << confinement.why_not_more;
    const RunningQemu running(confinement, place.spec());
    expect_no_rights(running.qemu());
    expect_own_world(running.qemu(), {"kernel", "initrd"});
    EXPECT_TRUE(testing::own_namespaces(running.qemu()).contains("user"));
  }));
}

TEST(Confinement, QemuEndsWithTheProcessThatLibvirtKnows) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    const Place place;
    RunningQemu running(confine_qemu(place.folder() / "emulator"), place.spec());
    EXPECT_TRUE(running.end(signal)) << signal;
    const Place of_user(ordinary_user());
    EXPECT_TRUE(as_ordinary_user([&] {
      RunningQemu users(confine_qemu(of_user.folder() / "emulator"), of_user.spec());
      EXPECT_TRUE(users.end(signal)) << signal;
    }));
  }
}

TEST(Confinement, WithoutNamespacesRootsQemuIsStillAnotherAccountWithoutRights) {
  if (needs_root()) GTEST_SKIP() << "only root can be another account";
  const Place place;
  const OnlyInPath path(place.folder() / "bin", {"qemu-system-x86_64", "setpriv"});
  const Confinement confinement = confine_qemu(place.folder() / "emulator");
  EXPECT_EQ(confinement.plan.walls, Walls::account);
  EXPECT_THAT(confinement.why_not_more, HasSubstr("apt install bubblewrap"));
  EXPECT_THAT(in_words(confinement), HasSubstr("as libvirt-qemu"));
  const RunningQemu running(confinement, place.spec());
  expect_no_rights(running.qemu());
}

TEST(Confinement, RootsQemuIsNeverRoot) {
  if (needs_root()) GTEST_SKIP() << "only root can be another account";
  const Place place;
  const OnlyInPath path(place.folder() / "bin", {"qemu-system-x86_64"});
  EXPECT_THROW(confine_qemu(place.folder() / "emulator"), Error);
}

TEST(Confinement, WithoutNamespacesAUsersQemuRunsAndItIsSaid) {
  const Place place(ordinary_user());
  const OnlyInPath path(place.folder() / "bin", {"qemu-system-x86_64"});
  EXPECT_TRUE(as_ordinary_user([&] {
    const Confinement confinement = confine_qemu(place.folder() / "emulator");
    EXPECT_EQ(confinement.plan.walls, Walls::none);
    EXPECT_THAT(in_words(confinement), HasSubstr("apt install bubblewrap"));
    const RunningQemu running(confinement, place.spec());
    EXPECT_EQ(testing::limits_of(running.qemu()).at("Max file size"), "1073741824");
  }));
}

// As a unit of systemd's with ProtectKernelTunables= does it, or a container.
bool make_proc_sys_read_only() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr) == 0 &&
         mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
}

TEST(Confinement, AUserWithoutAWritableProcSysHasNamespacesAllTheSame) {
  if (needs_root()) GTEST_SKIP() << "only root can take it away";
  const Place place(nobody);
  const pid_t child = fork();
  if (child == 0) {
    const bool done = make_proc_sys_read_only() && as_ordinary_user([&] {
                        const Confinement confinement = confine_qemu(place.folder() / "emulator");
                        EXPECT_EQ(confinement.plan.walls, Walls::namespaces)
                            << confinement.why_not_more;
                        EXPECT_TRUE(confinement.plan.may_nest);
                        const RunningQemu running(confinement, place.spec());
                        expect_no_rights(running.qemu());
                        expect_own_world(running.qemu(), {"kernel", "initrd"});
                      });
    _exit(done ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Confinement, LibvirtFindsTheSameProgramAsLongAsQemuIsTheSame) {
  const Place place;
  const fs::path folder = place.folder() / "emulator";
  const fs::path first = confine_qemu(folder).emulator;
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(stat(first.c_str(), &before), 0);
  EXPECT_EQ(confine_qemu(folder).emulator, first);
  ASSERT_EQ(stat(first.c_str(), &after), 0);
  EXPECT_EQ(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
  WallPlan plan;
  plan.qemu = "/usr/bin/qemu-system-x86_64";
  plan.of_qemu = "of today";
  WallPlan upgraded = plan;
  upgraded.of_qemu = "of tomorrow";
  EXPECT_NE(emulator_script(plan), emulator_script(upgraded));
}

TEST(Confinement, OurOwnProgramIsNotTakenForQemu) {
  const Place place;
  const fs::path folder = place.folder() / "emulator";
  const Confinement first = confine_qemu(folder);
  const std::string path = path_now();
  setenv("PATH", (first.emulator.parent_path().string() + ":" + path).c_str(), 1);
  EXPECT_EQ(confine_qemu(folder).plan.qemu, first.plan.qemu);
  setenv("PATH", path.c_str(), 1);
}

TEST(Confinement, WhatLibvirtAsksQemuIsAnsweredWithTheProcessNumberOfEverybody) {
  const Place place;
  const Confinement confinement = confine_qemu(place.folder() / "emulator");
  const fs::path folder = place.folder() / "qmp";
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms::owner_all);
  // As virQEMUCapsInitQMP() does.
  const CommandResult asked =
      run_command({confinement.emulator, "-S", "-no-user-config", "-nodefaults", "-nographic",
                   "-machine", "none,accel=kvm:tcg", "-qmp",
                   "unix:" + (folder / "monitor").string() + ",server=on,wait=off", "-pidfile",
                   folder / "pid", "-daemonize"});
  ASSERT_EQ(asked.exit_status, 0) << asked.err;
  const pid_t qemu = std::stoi(read_file(folder / "pid"));
  EXPECT_TRUE(fs::is_socket(folder / "monitor"));
  const auto status = testing::status_of(qemu);
  EXPECT_EQ(status.at("Name"), "qemu-system-x86");
  EXPECT_THAT(" " + status.at("Uid"), Not(HasSubstr(" 0")));
  EXPECT_TRUE(testing::own_namespaces(qemu).contains("mnt"));
  kill(qemu, SIGKILL);
}

}  // namespace
}  // namespace brokenpipe
