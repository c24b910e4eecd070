#include "orchestrator/guest/native_command.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "results/base/text.h"

namespace brokenpipe {
namespace {

/// The words of a line as virCommandToString() writes it: blanks between words, special characters
/// within single quotes, or after a backslash outside of them.
std::vector<std::string> shell_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\'') {
      quoted = !quoted;
      in_word = true;
    } else if (!quoted && c == '\\' && i + 1 < line.size()) {
      word += line[++i];
      in_word = true;
    } else if (!quoted && (c == ' ' || c == '\n')) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

bool only_for_libvirt(const std::string& option, const std::string& value) {
  const auto has = [&value](const char* text) { return value.find(text) != std::string::npos; };
  return option == "-mon" || (option == "-chardev" && has("id=charmonitor")) ||
         (option == "-object" && has("masterKey"));
}

}  // namespace

std::string runnable_command(const std::string& native, const std::string& program) {
  auto words = shell_words(native);
  // Before the program stand variables that point into libvirt's own folder.
  auto word = std::find_if(words.begin(), words.end(),
                           [](const std::string& text) { return text.front() == '/'; });
  if (word != words.end() && !program.empty()) *word = program;
  std::string command;
  while (word != words.end()) {
    std::vector<std::string> group{*word++};
    while (word != words.end() && word->rfind('-', 0) != 0) group.push_back(*word++);
    // -S waits for a monitor's leave to begin.
    if (group.front() == "-S" || (group.size() == 2 && only_for_libvirt(group[0], group[1])))
      continue;
    // What libvirt asks for through the monitor instead (set-action): a reboot is the end.
    if (group.front() == "-no-shutdown") group.front() = "-no-reboot";
    if (!command.empty()) command += " \\\n ";
    for (const auto& part : group) command += (command.empty() ? "" : " ") + shell_word(part);
  }
  return command;
}

}  // namespace brokenpipe
