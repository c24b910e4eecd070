#include "results/base/run_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stop_token>
#include <string_view>

#include "results/base/error.h"
#include "results/base/folder.h"
#include "results/base/process_limit.h"

namespace brokenpipe {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe make_pipe(const std::string& doing) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(doing, std::strerror(errno));
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// What the child starts with: its descriptors, its folder, and signals as a shell would leave
/// them, whatever this process blocks or ignores.
class SpawnSettings {
 public:
  SpawnSettings(const CommandOptions& options, const Pipe& out, const Pipe& err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out.write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err.write.get(), STDERR_FILENO);
    if (!options.directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, options.directory.c_str());
    }
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigemptyset(&usual);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) {
      sigaddset(&usual, signal);
    }
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  SpawnSettings(SpawnSettings&&) = delete;
  SpawnSettings& operator=(SpawnSettings&&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// This process's environment in the C locale: what is said is read by a program.
std::vector<std::string> c_environment() {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("LC_") && !text.starts_with("LANG=") && !text.starts_with("LANGUAGE=")) {
      result.emplace_back(text);
    }
  }
  result.emplace_back("LC_ALL=C");
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& string : strings) {
    result.push_back(string.data());
  }
  result.push_back(nullptr);
  return result;
}

/// posix_spawn(3) says of neither which it could not enter, the folder or the program.
void check_folder(const std::string& doing, const std::filesystem::path& directory) {
  if (directory.empty()) {
    return;
  }
  const UniqueFd folder(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder || access(directory.c_str(), X_OK) != 0) {
    throw Error(doing, fmt::format("the folder {} to run it in: {}", directory.string(),
                                   std::strerror(errno)));
  }
}

/// Appends what can be read now; false at the end of the file.
bool read_some(const UniqueFd& from, std::string& to) {
  std::array<char, 65536> buffer{};
  const ssize_t count = read(from.get(), buffer.data(), buffer.size());
  if (count < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  to.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

void collect(const Pipe& out, const Pipe& err, const CommandOptions& options,
             CommandResult& result) {
  std::array<pollfd, 2> watched{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
  std::size_t told = 0;
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    if (poll(watched.data(), watched.size(), -1) < 0) {
      continue;
    }
    if (watched[0].revents != 0 && !read_some(out.read, result.out)) {
      watched[0].fd = -1;
    }
    if (watched[1].revents != 0 && !read_some(err.read, result.err)) {
      watched[1].fd = -1;
    }
    for (std::size_t end = 0;
         options.on_line && (end = result.out.find('\n', told)) != std::string::npos;) {
      options.on_line(result.out.substr(told, end - told));
      told = end + 1;
    }
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& arguments,
                          const CommandOptions& options) {
  const std::string doing = fmt::format("running {}", arguments.front());
  Pipe out = make_pipe(doing);
  Pipe err = make_pipe(doing);
  std::vector<std::string> words = arguments;
  std::vector<std::string> environment = c_environment();
  pid_t child = -1;
  {
    const SpawnSettings settings(options, out, err);
    const int error =
        posix_spawnp(&child, words.front().c_str(), settings.actions(), settings.attributes(),
                     pointers(words).data(), pointers(environment).data());
    if (error != 0) {
      check_folder(doing, options.directory);
      throw Error(doing, std::strerror(error),
                  error == EAGAIN || error == ENOMEM ? process_limit_remedy
                                                     : "Is it installed, and in the PATH?");
    }
  }
  out.write.reset();
  err.write.reset();
  CommandResult result;
  try {
    const std::stop_callback end_it(options.stop, [child] { kill(child, SIGTERM); });
    collect(out, err, options, result);
  } catch (...) {
    kill(child, SIGTERM);
    wait_for(child);
    throw;
  }
  result.exit_status = wait_for(child);
  return result;
}

}  // namespace brokenpipe
