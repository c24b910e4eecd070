#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "probes/base/child.h"
#include "probes/base/fd.h"
#include "probes/base/file.h"
#include "probes/base/must.h"
#include "probes/frame/guest.h"
#include "probes/frame/record.h"

/// /init of a guest that runs another program than the probe: the arguments are those of the
/// probe, with the program and its arguments in the place of the scenarios. What it writes to its
/// standard output and to the file `trace` in its folder is told in records when it has ended:
///
///     {"record":"written","file":"trace","text":"..."}     as many as it takes, in order
///     {"record":"ended","status":"exited 0"}
namespace probe {
namespace {

// A frame's length; nothing depends on it but that a damaged one is not the whole file.
constexpr size_t chunk_size = 16384;

constexpr const char* folder = "/tmp/observed";
constexpr const char* output = "output";
constexpr const char* trace = "trace";

// Cut between lines, for a character may be several bytes.
void tell_file(RecordWriter& records, const char* name) {
  const auto text = read_file(name);
  if (!text) return;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at + chunk_size), text->size() - 1) + 1;
    records.write(Json::object(
        {{"record", "written"}, {"file", name}, {"text", text->substr(at, end - at)}}));
    at = end;
  }
}

int run_program(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  std::vector<std::string> copies = words;
  argv.reserve(copies.size() + 1);
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  Child child([&]() -> int {
    const Fd file(must(output, open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)));
    must("dup2", dup2(file, STDOUT_FILENO));
    must("setenv", setenv("PATH", "/usr/bin:/bin", 1));
    must("execv", execv(argv.front(), argv.data()));
    return 0;
  });
  return child.wait();
}

int observe(const std::vector<std::string>& arguments) {
  constexpr size_t words_of_the_host = 4;  // --framed NONCE --clock CLOCK
  const std::vector<std::string> program(arguments.begin() + words_of_the_host, arguments.end());
  RecordWriter records(STDOUT_FILENO, arguments.at(1));
  records.write(Json::object({{"record", "begin"}, {"scenario", program.at(0)}}));
  must("mkdir", mkdir(folder, 0755));
  must("chdir", chdir(folder));
  const int status = run_program(program);
  tell_file(records, output);
  tell_file(records, trace);
  records.write(Json::object({{"record", "ended"}, {"status", status_words(status)}}));
  records.write(Json::object({{"record", "end"}, {"observations", 0}}));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace probe

int main() {
  using namespace probe;
  if (!is_guest()) {
    std::fprintf(stderr, "This is the first program of a guest, and no other's.\n");
    return EXIT_FAILURE;
  }
  be_guest([](const std::vector<std::string>& arguments, const FailedModules& failed) {
    for (const auto& [module, error] : failed) {
      std::fprintf(stderr, "module %s does not load: %s\n", module.c_str(), error.c_str());
    }
    return observe(arguments);
  });
}
