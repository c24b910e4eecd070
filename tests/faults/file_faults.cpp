#include <fmt/format.h>

#include <array>
#include <fstream>

#include "results/base/file.h"
#include "tests/faults/bench.h"

/// The faults of files: what a run, a report or the store finds there is not what was written.
namespace brokenpipe::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string result_name = std::string(faulty_kernel) + ".json";

// A run as it should be, to be spoilt.
fs::path good_run(const Bench& bench) {
  bench.run(bench.run_words("none"));
  return bench.last_run();
}

void truncate(const fs::path& file) {
  fs::resize_file(file, fs::file_size(file) / 2);
}

void flip_a_byte(const fs::path& file, std::uintmax_t at) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(static_cast<std::streamoff>(at));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x40));
}

// The stored kernel of the bench's own cache.
fs::path stored_kernel(const Bench& bench) {
  bench.use_own_cache();
  return fs::directory_iterator(bench.cache() / "brokenpipe/store/kernels")->path();
}

json description(const fs::path& kernel) {
  return json_of(kernel / "kernel.json");
}

fs::path unpacked_image(const Bench& bench, const fs::path& kernel) {
  return bench.cache() / "brokenpipe/kernels" /
         (description(kernel).value("sha256", "") + ".vmlinux");
}

// A run from what is stored: no mirror answers.
Outcome run_without_mirror(const Bench& bench) {
  return bench.run(bench.run_words("none", {"--mirror", "http://127.0.0.1:9"}));
}

// In the text of the boot sector, which no boot loader runs: it boots as well as before.
Outcome changed_image(const Bench& bench, const Fault& /*fault*/) {
  const fs::path kernel = stored_kernel(bench);
  fs::remove(unpacked_image(bench, kernel));
  flip_a_byte(kernel / "vmlinuz", 0x50);
  return run_without_mirror(bench);
}

Outcome truncated_image(const Bench& bench, const Fault& /*fault*/) {
  const fs::path kernel = stored_kernel(bench);
  fs::remove(unpacked_image(bench, kernel));
  truncate(kernel / "vmlinuz");
  return run_without_mirror(bench);
}

Outcome wrong_hash(const Bench& bench, const Fault& /*fault*/) {
  const fs::path kernel = stored_kernel(bench);
  std::string text = read_file(kernel / "kernel.json");
  const std::string hash = description(kernel).at("sha256");
  text.replace(text.find(hash), hash.size(), std::string(hash.size(), 'a'));
  write_file(kernel / "kernel.json", text);
  return run_without_mirror(bench);
}

// The unpacked kernel is unpacked again.
Outcome healed_run(const Bench& bench, const fs::path& unpacked, const std::string& good) {
  Outcome outcome = run_without_mirror(bench);
  if (read_file(unpacked) != good) outcome.complaints.emplace_back("it is as wrong as before");
  return outcome;
}

Outcome changed_unpacked_image(const Bench& bench, const Fault& /*fault*/) {
  const fs::path unpacked = unpacked_image(bench, stored_kernel(bench));
  const std::string good = read_file(unpacked);
  flip_a_byte(unpacked, good.size() - 1000);
  return healed_run(bench, unpacked, good);
}

Outcome truncated_unpacked_image(const Bench& bench, const Fault& /*fault*/) {
  const fs::path unpacked = unpacked_image(bench, stored_kernel(bench));
  const std::string good = read_file(unpacked);
  truncate(unpacked);
  return healed_run(bench, unpacked, good);
}

Outcome no_mirror(const Bench& bench, const Fault& /*fault*/) {
  return bench.run({"fetch", faulty_kernel, "--store", (bench.folder() / "store").string(),
                    "--mirror", "http://127.0.0.1:9"});
}

// A later run must go its way, whatever an earlier one left.
Outcome run_after(const Bench& bench) {
  std::vector<std::string> words = bench.run_words("none");
  std::erase(words, "--fresh");
  return bench.run(words);
}

Outcome number_in_old_result(const Bench& bench, const Fault& /*fault*/) {
  const fs::path file = good_run(bench) / result_name;
  std::string text = read_file(file);
  const std::string number = "\"returned\": -1";
  text.replace(text.find(number), number.size(), "\"returned\": 1e999");
  write_file(file, text);
  return run_after(bench);
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

void make_deep(const fs::path& file) {
  std::string text = read_file(file);
  const std::string number = "\"returned\": -1";
  // Where a reader takes any JSON: beside what it knows of a signal.
  text.replace(text.find(number), number.size(),
               number + R"(, "siginfo": {"signal": "SIGPIPE", "beside": )" + nested(100000) + "}");
  write_file(file, text);
}

Outcome deep_old_result(const Bench& bench, const Fault& /*fault*/) {
  make_deep(good_run(bench) / result_name);
  return run_after(bench);
}

// By every command that is given the result by name.
Outcome deep_result_named(const Bench& bench, const Fault& /*fault*/) {
  const fs::path run = good_run(bench);
  make_deep(run / result_name);
  const std::string file = (run / result_name).string();
  Outcome last;
  std::vector<std::string> wrong;
  const std::vector<std::vector<std::string>> commands{
      {"diff", file},
      {"report", run.string()},
      {"publish", run.string(), "--out", (bench.folder() / "site").string()},
      {"run", "host", "--against", file, "--out", bench.out().string()}};
  for (const std::vector<std::string>& command : commands) {
    last = bench.run(command);
    if (last.exit_code != 3 || last.err.find(result_name) == std::string::npos)
      wrong.push_back(
          fmt::format("{} ended with {}: {}", command.front(), last.exit_code, last.err));
  }
  last.complaints = wrong;
  return last;
}

Outcome resume_truncated_result(const Bench& bench, const Fault& /*fault*/) {
  const fs::path run = good_run(bench);
  truncate(run / result_name);
  return bench.run({"run", "--resume", run.string()});
}

Outcome resume_without_result(const Bench& bench, const Fault& /*fault*/) {
  const fs::path run = good_run(bench);
  fs::remove(run / result_name);
  return bench.run({"run", "--resume", run.string()});
}

Outcome resume_truncated_run(const Bench& bench, const Fault& /*fault*/) {
  const fs::path run = good_run(bench);
  truncate(run / "run.json");
  return bench.run({"run", "--resume", run.string()});
}

Outcome long_pattern(const Bench& bench, const Fault& /*fault*/) {
  json catalogue = json::parse(read_file(PROJECT_FILES "/images/kernels.json"));
  for (json& entry : catalogue.at("kernels")) entry.at("packages") = {std::string(100000, 'a')};
  const fs::path file = bench.folder() / "kernels.json";
  write_file(file, catalogue.dump());
  return bench.run({"kernels", "--catalogue", file.string()});
}

Outcome two_publishers(const Bench& bench, const Fault& /*fault*/) {
  const fs::path run = good_run(bench);
  const fs::path site = bench.folder() / "site";
  const std::vector<std::string> words{"publish", run.string(), "--out", site.string()};
  Outcome outcome = bench.run_at_once(4, words);
  if (!fs::exists(site / "index.html")) outcome.complaints.emplace_back("there is no page");
  std::size_t beside = 0;
  for (const auto& entry : fs::directory_iterator(bench.folder())) {
    if (entry.path().filename().string().find("site") != std::string::npos) ++beside;
  }
  if (beside != 1)
    outcome.complaints.push_back(fmt::format("{} folders are left, not one", beside));
  return outcome;
}

Fault fault(const std::string& name, const std::string& what, const Expected& expected,
            Procedure happen) {
  return {.name = name, .what = what, .expected = expected, .happen = happen};
}

}  // namespace

std::vector<Fault> file_faults() {
  const Expected healed{.word = "finished", .exit_code = 0, .observations = 2};
  const Expected refused{
      .word = "none", .log = false, .says = {"fetching again what the store has damaged"}};
  const Expected kept_as_it_is{
      .word = "finished", .observations = 2, .says = {result_name}, .kept = "the file, as it is"};
  return {
      fault("AChangedImage", "a byte of the stored kernel is another, and there is no mirror",
            refused, changed_image),
      fault("ATruncatedImage", "half of the stored kernel is gone, and there is no mirror", refused,
            truncated_image),
      fault("AWrongHash", "the store has another hash for its kernel, and there is no mirror",
            refused, wrong_hash),
      fault("AChangedUnpackedImage", "a byte of the unpacked kernel is another", healed,
            changed_unpacked_image),
      fault("ATruncatedUnpackedImage", "half of the unpacked kernel is gone", healed,
            truncated_unpacked_image),
      fault("NoMirror", "a fetch, and nobody answers",
            {.word = "none", .log = false, .says = {"127.0.0.1"}}, no_mirror),
      fault("ANumberTooLargeInAnOldResult", "1e999 in an earlier result, then a new run",
            {.word = "finished", .exit_code = 0, .observations = 2, .says = {result_name}},
            number_in_old_result),
      fault("DepthInAnOldResult", "100 000 open brackets in an earlier result, then a new run",
            {.word = "finished", .exit_code = 0, .observations = 2, .says = {result_name}},
            deep_old_result),
      fault("DepthInANamedResult", "diff, report, publish and --against of such a result",
            kept_as_it_is, deep_result_named),
      fault("ResumeWithHalfAResult", "--resume of a run with half a result", healed,
            resume_truncated_result),
      fault("ResumeWithoutAResult", "--resume of a run whose result is gone", healed,
            resume_without_result),
      fault("ResumeWithHalfARecord", "--resume of a run with half a run.json",
            {.word = "finished",
             .exit_code = 3,
             .observations = 2,
             .says = {"run.json"},
             .kept = "the run, as it is"},
            resume_truncated_run),
      fault("ALongPattern", "a catalogue with a pattern of 100 000 letters",
            {.word = "none", .log = false, .says = {"kernels.json"}}, long_pattern),
      fault("PublishersAtOnce", "four publishers, one site",
            {.word = "finished", .exit_code = 0, .observations = 2, .kept = "one whole site"},
            two_publishers),
  };
}

}  // namespace brokenpipe::testing
