#include <cstddef>
#include <string>

#include "orchestrator/guest/record_stream.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/frames.h"

/// What comes over a guest's record line: as it comes, and framed as it should be. A fuzzer would
/// not guess a checksum, a hostile guest knows how to count one.
namespace brokenpipe {
namespace {

std::string framed(std::string_view bytes) {
  std::string frames;
  for (std::size_t sequence = 0; !bytes.empty(); ++sequence) {
    const std::size_t end = bytes.find('\n');
    frames += testing::frame(sequence, std::string(bytes.substr(0, end)));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return frames;
}

void parse(std::string_view bytes) {
  RecordStream as_it_comes(testing::nonce);
  as_it_comes.feed(bytes);
  as_it_comes.missing();
  RecordStream well_framed(testing::nonce);
  well_framed.feed(framed(bytes));
  well_framed.missing();
}

const RegisterFuzzTarget registered{"records", parse};

}  // namespace
}  // namespace brokenpipe
