#pragma once

#include <ostream>
#include <string_view>
#include <vector>

/// A parser of outside bytes, as a fuzzer and the ordinary tests call it.
namespace brokenpipe {

/// `parse` takes any bytes and comes back: what is wrong with them is a value, or an Error or
/// UsageError, which is caught for it. Whatever else leaves it is a defect.
struct FuzzTarget {
  std::string_view name;  ///< the folder of its corpus in tests/fuzz/corpus
  void (*parse)(std::string_view bytes);
};

/// For a test's name.
inline std::ostream& operator<<(std::ostream& out, const FuzzTarget& target) {
  return out << target.name;
}

/// All that are linked into this program.
const std::vector<FuzzTarget>& fuzz_targets();

/// Adds a target: `const RegisterFuzzTarget registered{"changes", parse};` in the target's file.
struct RegisterFuzzTarget {
  RegisterFuzzTarget(std::string_view name, void (*parse)(std::string_view bytes));
};

/// Calls the target with these bytes. Error and UsageError end here.
void run_target(const FuzzTarget& target, std::string_view bytes);

}  // namespace brokenpipe
