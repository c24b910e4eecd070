#include "tests/faults/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <stdexcept>

#include "results/base/file.h"
#include "results/base/paths.h"

namespace brokenpipe::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A result that is larger was not bounded, and is not read either.
constexpr std::uintmax_t largest_result = 32 << 20;

// A sentence.
constexpr std::size_t longest_reason = 600;

fs::path new_folder(const fs::path& parent, const char* prefix) {
  std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  return name;
}

std::string ending_of(const json& result) {
  return result.at("guest").at("ending").get<std::string>();
}

std::vector<std::string> words_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? std::vector<std::string>{} : std::vector<std::string>{value};
}

}  // namespace

json json_of(const fs::path& file) {
  if (!fs::exists(file) || fs::file_size(file) > largest_result) return {};
  return json::parse(read_file(file), nullptr, false);
}

std::vector<pid_t> our_processes(const Process& process) {
  std::vector<pid_t> pids{process.pid()};
  for (const ProcessWords& one : descendants(process.pid())) {
    if (one.name == "brokenpipe") pids.push_back(one.pid);
  }
  return pids;
}

Bench::Bench()
    : folder_(new_folder(fs::temp_directory_path(), "bp-fault-")),
      runtime_(new_folder("/tmp", "bpf")),
      environment_{"TMPDIR=" + tmp().string(), "XDG_STATE_HOME=" + (folder_ / "state").string(),
                   "XDG_RUNTIME_DIR=" + runtime_.string()} {
  fs::create_directories(tmp());
}

Bench::~Bench() {
  for (const ProcessWords& process : our_own()) kill(process.pid, SIGKILL);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  fs::remove_all(runtime_, ignored);
}

void Bench::use_own_cache() const {
  // In the order of time: what the command finds in its own cache is what it has.
  const fs::path users = cache_directory();
  const fs::path own = cache() / "brokenpipe";
  fs::create_directories(own / "store/kernels");
  fs::create_directories(own / "kernels");
  for (const auto& entry : fs::directory_iterator(users / "store/kernels")) {
    const json kernel = json_of(entry.path() / "kernel.json");
    if (!kernel.value("release", "").starts_with("6.1.")) continue;
    fs::copy(entry.path(), own / "store/kernels" / entry.path().filename(),
             fs::copy_options::recursive);
    const std::string image = kernel.value("sha256", "");
    for (const auto& unpacked : fs::directory_iterator(users / "kernels")) {
      const std::string name = unpacked.path().filename();
      if (unpacked.is_regular_file() && name.starts_with(image))
        fs::copy_file(unpacked.path(), own / "kernels" / name);
    }
  }
  if (fs::exists(users / "libvirt"))
    fs::copy(users / "libvirt", own / "libvirt", fs::copy_options::recursive);
  set("XDG_CACHE_HOME=" + cache().string());
}

void Bench::give_to(unsigned user) const {
  const auto give = [user](const fs::path& path) {
    if (lchown(path.c_str(), user, user) != 0) throw std::runtime_error("lchown " + path.string());
  };
  for (const fs::path& root : {folder_, runtime_}) {
    give(root);
    for (const auto& entry : fs::recursive_directory_iterator(root)) give(entry.path());
  }
}

std::vector<std::string> Bench::run_words(const std::string& mode,
                                          const std::vector<std::string>& more) const {
  std::vector<std::string> words{"run",        faulty_kernel,
                                 "host",       "--jobs",
                                 "1",          "--fresh",
                                 "--probe",    HOSTILE,
                                 "--out",      out().string(),
                                 "--scenario", "sigpipe/sigpipe-default",
                                 "--scenario", "sigpipe/sigpipe-ignored",
                                 "--append",   "brokenpipe.fault=" + mode};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::unique_ptr<Process> Bench::start(const std::vector<std::string>& words,
                                      const std::vector<std::string>& below) const {
  // Another build may be asked for, to see how it fares.
  const std::vector<std::string> other = words_of("BROKENPIPE_OTHER");
  std::vector<std::string> all = below;
  all.push_back(other.empty() ? BROKENPIPE_BINARY : other.front());
  all.insert(all.end(), words.begin(), words.end());
  return std::make_unique<Process>(all, environment_);
}

Outcome Bench::finish(Process& process) const {
  Outcome outcome;
  outcome.exit_code = process.wait();
  outcome.out = process.out();
  outcome.err = process.err();
  outcome.megabytes = process.megabytes();
  const fs::path run = last_run();
  const json result = run.empty() ? json() : json_of(run / (std::string(faulty_kernel) + ".json"));
  if (result.is_object()) {
    outcome.word = ending_of(result);
    outcome.observations = static_cast<int>(result.at("observations").size());
    const auto reason = result.at("guest").value("reason", "");
    if (reason.size() > longest_reason)
      outcome.complaints.push_back(fmt::format("the reason has {} bytes", reason.size()));
  }
  std::error_code none;
  outcome.log = !run.empty() &&
                fs::file_size(run / (std::string(faulty_kernel) + ".console.txt"), none) > 0 &&
                !none;
  const json beside = run.empty() ? json() : json_of(run / "host.json");
  if (beside.is_object()) outcome.beside = ending_of(beside);
  return outcome;
}

fs::path Bench::last_run() const {
  fs::path last;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(out(), none)) {
    if (fs::exists(entry.path() / "run.json")) last = std::max(last, entry.path());
  }
  return last;
}

bool Bench::is_ours(const ProcessWords& process) const {
  if (process.pid == getpid()) return false;
  const auto names = [&](const fs::path& path) {
    return process.words.find(path.string()) != std::string::npos ||
           process.environs.find("=" + path.string()) != std::string::npos;
  };
  return names(folder_) || names(runtime_);
}

std::vector<ProcessWords> Bench::our_own() const {
  const std::vector<ProcessWords> all = processes();
  std::vector<ProcessWords> ours;
  std::copy_if(all.begin(), all.end(), std::back_inserter(ours),
               [&](const ProcessWords& process) { return is_ours(process); });
  // What runs behind walls has other paths; who built them, ours.
  for (std::size_t i = 0; i < ours.size(); ++i) {
    for (const ProcessWords& process : all) {
      const auto is_it = [&](const ProcessWords& known) { return known.pid == process.pid; };
      if (process.parent == ours[i].pid && std::none_of(ours.begin(), ours.end(), is_it))
        ours.push_back(process);
    }
  }
  return ours;
}

Outcome Bench::run_at_once(std::size_t count, const std::vector<std::string>& words) const {
  std::vector<std::unique_ptr<Process>> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(start(words));
  Outcome outcome;
  std::vector<std::string> failed;
  for (const auto& process : all) {
    outcome = finish(*process);
    if (outcome.exit_code != 0)
      failed.push_back(fmt::format("one ended with {}: {}", outcome.exit_code, outcome.err));
  }
  outcome.complaints = failed;
  return outcome;
}

pid_t Bench::guest() const {
  pid_t found = -1;
  const auto is_up = [&] {
    for (const ProcessWords& process : our_own()) {
      // While libvirt asks QEMU what it can do, there is no machine yet.
      if (process.name.starts_with("qemu-system") &&
          process.words.find("guest=brokenpipe-") != std::string::npos)
        found = process.pid;
    }
    return found != -1;
  };
  await(is_up, std::chrono::seconds(30));
  return found;
}

std::vector<std::string> Bench::left_behind() const {
  std::vector<std::string> left;
  const auto nothing = [&] {
    left.clear();
    for (const ProcessWords& process : our_own())
      left.push_back(fmt::format("process {}: {}", process.pid, process.words));
    for (const fs::path& folder : {tmp(), runtime_ / "brokenpipe"}) {
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(folder, none)) {
        if (entry.path().filename() != "lock") left.push_back("file " + entry.path().string());
      }
    }
    return left.empty();
  };
  // What was killed by others than its parent takes a moment to be gone.
  await(nothing, std::chrono::seconds(4));
  return left;
}

}  // namespace brokenpipe::testing
