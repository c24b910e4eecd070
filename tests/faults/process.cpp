#include "tests/faults/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace brokenpipe::testing {
namespace {

namespace fs = std::filesystem;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::string contents(const fs::path& file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// A line of /proc/PID/status, without its name.
std::string status_line(const fs::path& process, const std::string& name) {
  std::ifstream file(process / "status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":"))
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

fs::path process_folder(pid_t pid) {
  return fs::path("/proc") / std::to_string(pid);
}

// Of a process of one thread.
std::vector<pid_t> children(const fs::path& process) {
  std::ifstream file(process / "task" / process.filename() / "children");
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

long number(const std::string& text) {
  return std::atol(text.c_str());
}

// A zombie has ended, and waits for its parent only.
bool is_zombie(pid_t pid) {
  const std::string state = status_line(process_folder(pid), "State");
  return state.empty() || state.starts_with("Z");
}

std::vector<ProcessWords> all_processes() {
  std::vector<ProcessWords> all;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    const std::string pid = entry.path().filename();
    if (!std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); }))
      continue;
    ProcessWords one;
    one.pid = std::atoi(pid.c_str());
    one.parent = static_cast<pid_t>(number(status_line(entry.path(), "PPid")));
    one.name = status_line(entry.path(), "Name");
    one.words = contents(entry.path() / "cmdline");
    std::replace(one.words.begin(), one.words.end(), '\0', ' ');
    one.environs = contents(entry.path() / "environ");
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<ProcessWords> below(pid_t ancestor, const std::vector<ProcessWords>& all) {
  std::vector<ProcessWords> found;
  std::vector<pid_t> parents{ancestor};
  for (std::size_t i = 0; i < parents.size(); ++i) {
    for (const ProcessWords& one : all) {
      if (one.parent != parents[i]) continue;
      parents.push_back(one.pid);
      found.push_back(one);
    }
  }
  return found;
}

}  // namespace

Process::Process(const std::vector<std::string>& words,
                 const std::vector<std::string>& environment) {
  std::vector<std::string> all{"/usr/bin/env"};
  all.insert(all.end(), environment.begin(), environment.end());
  all.insert(all.end(), words.begin(), words.end());
  const std::vector<char*> argv = pointers(all);
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe2");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execv(argv.front(), argv.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  listener_ = std::jthread([this, from = out[0], and_from = err[0]](const std::stop_token& stop) {
    listen(stop, from, and_from);
  });
}

Process::~Process() {
  if (exit_code_ >= 0) return;
  kill(pid_, SIGKILL);
  wait();
}

void Process::listen(const std::stop_token& stop, int out, int err) {
  constexpr int look_every = 20;  // milliseconds
  std::array<pollfd, 2> watched{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  std::array<char, 65536> buffer{};
  while (!stop.stop_requested() && (watched[0].fd >= 0 || watched[1].fd >= 0)) {
    look();
    if (poll(watched.data(), watched.size(), look_every) <= 0) continue;
    for (pollfd& one : watched) {
      if (one.fd < 0 || one.revents == 0) continue;
      const ssize_t count = read(one.fd, buffer.data(), buffer.size());
      const std::lock_guard lock(mutex_);
      if (count > 0)
        (one.fd == out ? out_ : err_).append(buffer.data(), static_cast<size_t>(count));
      if (count <= 0) one.fd = -1;
    }
    said_more_.notify_all();
  }
  close(out);
  close(err);
  const std::lock_guard lock(mutex_);
  silent_ = true;
  said_more_.notify_all();
}

void Process::look() const {
  // The program, which waits, the process that looks after the guests, and the one that works.
  std::vector<pid_t> ours{pid_};
  for (std::size_t i = 0; i < ours.size() && i < 3; ++i) {
    const fs::path process = process_folder(ours[i]);
    if (i > 0 && contents(process / "comm") != "brokenpipe\n") continue;
    kilobytes_ = std::max(kilobytes_.load(), number(status_line(process, "VmHWM")));
    for (const pid_t child : children(process)) ours.push_back(child);
  }
}

bool Process::until(const std::string& words) {
  std::unique_lock lock(mutex_);
  const auto said = [&] { return err_.find(words) != std::string::npos; };
  said_more_.wait_for(lock, std::chrono::minutes(1), [&] { return said() || silent_; });
  return said();
}

bool Process::runs() const {
  return exit_code_ < 0 && !status_line(process_folder(pid_), "State").starts_with("Z");
}

int Process::wait() {
  if (exit_code_ >= 0) return exit_code_;
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  // What it started may hold the pipes open, and must not: it is over with the program.
  std::unique_lock lock(mutex_);
  said_more_.wait_for(lock, std::chrono::seconds(20), [&] { return silent_; });
  return exit_code_;
}

std::string Process::out() {
  const std::lock_guard lock(mutex_);
  return out_;
}

std::string Process::err() {
  const std::lock_guard lock(mutex_);
  return err_;
}

std::vector<ProcessWords> processes() {
  std::vector<ProcessWords> all = all_processes();
  std::erase_if(all, [](const ProcessWords& one) { return is_zombie(one.pid); });
  return all;
}

long zombies_below(pid_t ancestor) {
  const std::vector<ProcessWords> all = below(ancestor, all_processes());
  return std::count_if(all.begin(), all.end(),
                       [](const ProcessWords& one) { return is_zombie(one.pid); });
}

std::vector<ProcessWords> descendants(pid_t ancestor) {
  return below(ancestor, processes());
}

bool await(const std::function<bool()>& state, std::chrono::seconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!state()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace brokenpipe::testing
