#include "images/modules.h"

#include "results/base/file.h"
#include "results/base/folder.h"

#include "tests/fuzz/fuzz_target.h"

/// A module and the list of those that are built in.
namespace brokenpipe {
namespace {

void parse(std::string_view bytes) {
  static const TemporaryDirectory modules("/dev/shm");
  const auto name = modules.path() / "kernel" / "tls.ko";
  make_directories(name.parent_path());
  write_file(name, bytes);
  write_file(modules.path() / "modules.builtin", bytes);
  is_built_in(modules.path(), "sctp");
  resolve_modules(modules.path(), {"tls"}, {});
}

const RegisterFuzzTarget registered{"modules", parse};

}  // namespace
}  // namespace brokenpipe
