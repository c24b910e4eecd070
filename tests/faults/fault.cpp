#include "tests/faults/fault.h"

#include <fmt/format.h>

#include <algorithm>

namespace brokenpipe::testing {
namespace {

std::string kept_words(const Expected& expected) {
  std::vector<std::string> parts;
  if (expected.observations > 0) {
    parts.push_back(expected.observations == 1
                        ? "1 observation"
                        : fmt::format("{} observations", expected.observations));
  }
  if (expected.log) parts.emplace_back("the log");
  if (!expected.kept.empty()) parts.push_back(expected.kept);
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string excerpt(const std::string& text) {
  constexpr std::size_t most = 2000;
  return text.size() <= most ? text : text.substr(0, most) + "...";
}

}  // namespace

std::vector<Fault> all_faults() {
  std::vector<Fault> all = guest_faults();
  for (std::vector<Fault> (*part)() : {process_faults, file_faults}) {
    const std::vector<Fault> more = part();
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::vector<std::string> complaints(const Fault& fault, const Outcome& outcome) {
  const Expected& expected = fault.expected;
  std::vector<std::string> wrong = outcome.complaints;
  const auto hold = [&wrong](const char* what, const auto& must, const auto& is) {
    if (must != is) wrong.push_back(fmt::format("{} is {}, not {}", what, is, must));
  };
  hold("the word", expected.word, outcome.word);
  hold("the exit code", expected.exit_code, outcome.exit_code);
  hold("the number of observations kept", expected.observations, outcome.observations);
  hold("whether the log is kept", expected.log, outcome.log);
  if (outcome.megabytes > expected.megabytes) {
    wrong.push_back(
        fmt::format("it took {} MB, {} are enough", outcome.megabytes, expected.megabytes));
  }
  for (const std::string& words : expected.says) {
    if ((outcome.out + outcome.err).find(words) == std::string::npos)
      wrong.push_back(fmt::format("it does not say \"{}\"", words));
  }
  if (!wrong.empty()) wrong.push_back("it said: " + excerpt(outcome.err) + excerpt(outcome.out));
  return wrong;
}

std::string fault_table(const std::vector<Fault>& faults) {
  std::string text =
      "# Faults, and how each of them ends\n\n"
      "Made of the data that `tests/faults/faults_test` tests, by the target `fault_table`. In "
      "each "
      "run of a guest\nanother kernel is asked too, which must come to no harm; nothing may be "
      "left "
      "behind, neither file nor process.\n\n"
      "| fault | what is done | word | exit code | kept | memory, at most |\n"
      "|---|---|---|---|---|---|\n";
  for (const Fault& fault : faults) {
    const Expected& expected = fault.expected;
    text +=
        fmt::format("| {} | {} | {} | {} | {} | {} MB |\n", fault.name, fault.what, expected.word,
                    expected.exit_code, kept_words(expected), expected.megabytes);
  }
  return text;
}

}  // namespace brokenpipe::testing
