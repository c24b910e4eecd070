#include <gtest/gtest.h>

#include "orchestrator/guest/supervisor.h"

// The tests' guests are libvirt's, which want to be supervised (virt.h).
int main(int argc, char** argv) {
  return brokenpipe::supervise([&] {
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  });
}
