#pragma once

#include <filesystem>

/// Getting the kernel's own tests.
namespace brokenpipe::testing {

/// tools/testing/selftests of the newest linux-source package in the suites of the newest default
/// kernel: of it `kselftest.h`, `kselftest_harness.h` and `net/af_unix/unix_connreset.c`. Fetched
/// by apt as kernels are (some 170 MB), and kept in the user's cache: a second call needs no
/// network. Throws Error where the mirror has no such package.
std::filesystem::path selftest_sources();

}  // namespace brokenpipe::testing
