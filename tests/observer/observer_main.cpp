#include <gtest/gtest.h>

#include "orchestrator/guest/supervisor.h"

/// main() of the tests with guests: those are libvirt's, which want to be supervised
/// (orchestrator/guest/virt.h).
int main(int argc, char** argv) {
  return brokenpipe::supervise([&] {
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}
