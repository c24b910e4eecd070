// The folder of a run.
#include "results/run_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/json_file.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

constexpr Words<KernelState, 4> kernel_states{{
    {KernelState::planned, "planned"},
    {KernelState::done, "done"},
    {KernelState::failed, "failed"},
    {KernelState::not_offered, "not_offered"},
}};

constexpr const char* run_file = "run.json";

/// What is wrong with the ids of a run's kernels, which name their files; empty where nothing is.
std::string wrong_with_ids(const std::vector<PlannedKernel>& kernels) {
  std::set<std::string> ids;
  for (const PlannedKernel& kernel : kernels) {
    if (kernel.id.empty() || kernel.id.front() == '.' || kernel.id.find('/') != std::string::npos ||
        kernel.id.find('\0') != std::string::npos || kernel.id + ".json" == run_file)
      return fmt::format("\"{}\" cannot name a kernel's results", kernel.id);
    if (!ids.insert(kernel.id).second)
      return fmt::format("kernel {} is asked for twice", kernel.id);
  }
  return {};
}

RunRecord run_record_from(const JsonPlace& root) {
  root.only({"schema", "id", "started", "command_line", "host", "kernels", "finished"});
  RunRecord run;
  run.id = root.at("id").text();
  run.started = root.at("started").text();
  run.command_line = root.at("command_line").texts();
  const JsonPlace host = root.at("host");
  host.only({"qemu", "libvirt", "uname"});
  run.qemu = host.at("qemu").text();
  run.libvirt = host.at("libvirt").text();
  run.uname = host.at("uname").text();
  for (const JsonPlace& item : root.at("kernels").items()) {
    item.only({"id", "state", "reason"});
    const auto reason = item.find("reason");
    run.kernels.push_back({item.at("id").text(), item.at("state").one_of(kernel_states),
                           reason ? reason->text() : std::string()});
  }
  if (const std::string wrong = wrong_with_ids(run.kernels); !wrong.empty())
    root.at("kernels").fail(wrong);
  run.finished = root.at("finished").boolean();
  return run;
}

}  // namespace

std::string_view to_string(KernelState state) {
  return word_for(kernel_states, state);
}

nlohmann::ordered_json to_json(const PlannedKernel& kernel) {
  nlohmann::ordered_json json = {{"id", kernel.id}, {"state", to_string(kernel.state)}};
  if (!kernel.reason.empty()) json["reason"] = kernel.reason;
  return json;
}

nlohmann::ordered_json to_json(const RunRecord& run) {
  nlohmann::ordered_json json;
  json["schema"] = RunRecord::schema;
  json["id"] = run.id;
  json["started"] = run.started;
  json["command_line"] = run.command_line;
  json["host"] = {{"qemu", run.qemu}, {"libvirt", run.libvirt}, {"uname", run.uname}};
  json["kernels"] = nlohmann::ordered_json::array();
  for (const PlannedKernel& kernel : run.kernels) json["kernels"].push_back(to_json(kernel));
  json["finished"] = run.finished;
  return json;
}

RunDirectory::RunDirectory(fs::path path, RunRecord run)
    : path_(std::move(path)), run_(std::move(run)) {}

RunDirectory RunDirectory::create(const fs::path& out, RunRecord run) {
  if (const std::string wrong = wrong_with_ids(run.kernels); !wrong.empty())
    throw UsageError(wrong);
  const std::string wanted = run.id;
  std::error_code error;
  fs::create_directories(out, error);
  // To make it is to find out whether another run took the name meanwhile.
  for (unsigned nth = 2; !error && !fs::create_directory(out / run.id, error) && !error; ++nth)
    run.id = fmt::format("{}-{}", wanted, nth);
  if (error)
    throw Error(fmt::format("making the run's folder {}", (out / run.id).string()), error.message(),
                "Choose another folder with --out.");
  const fs::path folder = out / run.id;
  RunDirectory directory(folder, std::move(run));
  directory.save();
  return directory;
}

RunDirectory RunDirectory::open(const fs::path& folder) {
  if (!is_one(folder))
    throw Error("opening the run in " + folder.string(), "there is no run.json in it",
                "Name a folder that `brokenpipe run` has made.");
  const fs::path file = folder / run_file;
  const nlohmann::json document = read_json(file, RunRecord::schema);
  return {folder, run_record_from(JsonPlace(document, file.string()))};
}

bool RunDirectory::is_one(const fs::path& folder) {
  std::error_code absent;
  return fs::exists(folder / run_file, absent);
}

fs::path RunDirectory::result_file(const std::string& kernel_id) const {
  return path_ / (kernel_id + ".json");
}

fs::path RunDirectory::console_file(const std::string& kernel_id) const {
  return path_ / (kernel_id + ".console.txt");
}

void RunDirectory::keep(const RunResult& result) {
  PlannedKernel& kernel = planned(result.kernel.id);
  const fs::path file = result_file(kernel.id);
  write_run_result(file, result);
  try {
    // What a guest says may be more than a file of ours holds, and a result that is done and cannot
    // be read would stop every report of the run.
    read_run_result(file);
  } catch (const Error& error) {
    fs::remove(file);
    throw Error("keeping the result of " + kernel.id,
                "it could not be read again: " + one_line(error.what()));
  }
  const GuestRun& guest = result.guest;
  kernel.state = vouches_for_all(guest.ending) ? KernelState::done : KernelState::failed;
  kernel.reason.clear();
  if (kernel.state == KernelState::failed)
    kernel.reason = guest.reason.empty()
                        ? std::string(to_string(guest.ending))
                        : fmt::format("{}: {}", to_string(guest.ending), guest.reason);
  save();
}

void RunDirectory::mark(const std::string& kernel_id, KernelState state,
                        const std::string& reason) {
  PlannedKernel& kernel = planned(kernel_id);
  kernel.state = state;
  kernel.reason = reason;
  save();
}

void RunDirectory::booted_with(const std::string& qemu, const std::string& libvirt) {
  if (run_.qemu == qemu && run_.libvirt == libvirt) return;
  run_.qemu = qemu;
  run_.libvirt = libvirt;
  save();
}

void RunDirectory::finish() {
  run_.finished = true;
  save();
}

std::vector<std::string> RunDirectory::plan_damaged_again() {
  std::vector<std::string> damaged;
  for (PlannedKernel& kernel : run_.kernels) {
    const fs::path file = result_file(kernel.id);
    try {
      if (result(kernel.id) || kernel.state != KernelState::done) continue;
      damaged.push_back(fmt::format("{} is gone: {} is run again", file.string(), kernel.id));
    } catch (const Error& error) {
      const fs::path aside = file.string() + ".damaged";
      fs::rename(file, aside);
      // Its advice is for who names a file.
      const std::string why = error.what();
      damaged.push_back(fmt::format("{}; it is put aside as {}, and {} is run again",
                                    why.substr(0, why.find("\n  ")), aside.filename().string(),
                                    kernel.id));
    }
    kernel.state = KernelState::planned;
    kernel.reason.clear();
  }
  if (damaged.empty()) return damaged;
  run_.finished = false;
  save();
  return damaged;
}

std::optional<RunResult> RunDirectory::result(const std::string& kernel_id) const {
  const fs::path file = result_file(kernel_id);
  std::error_code unreadable;
  if (!fs::exists(file, unreadable) && !unreadable) return std::nullopt;
  RunResult result = read_run_result(file);
  if (result.kernel.id != kernel_id)
    throw Error("reading " + file.string(),
                fmt::format("kernel.id: it is of {}, and not of {}", result.kernel.id, kernel_id),
                "Give the file its name back, or remove it.");
  return result;
}

PlannedKernel& RunDirectory::planned(const std::string& kernel_id) {
  const auto found = std::find_if(run_.kernels.begin(), run_.kernels.end(),
                                  [&](const PlannedKernel& k) { return k.id == kernel_id; });
  if (found == run_.kernels.end())
    throw Error("keeping what was seen of " + kernel_id, "it is no kernel of run " + run_.id);
  return *found;
}

void RunDirectory::save() const {
  write_file(path_ / run_file, json_text(to_json(run_)));
}

}  // namespace brokenpipe
