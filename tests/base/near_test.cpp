#include "results/base/near.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What a mistyped name is taken for, and what not.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;

TEST(Near, MistypedLettersCountLeast) {
  EXPECT_THAT(near("debian-6.l", {"debian-5.10", "host", "debian-6.1", "debian-6.12"}),
              ElementsAre("debian-6.1", "debian-6.12", "debian-5.10"));
}

TEST(Near, WhatIsFarIsNotNamed) {
  EXPECT_THAT(near("frobnicate", {"debian-5.10", "host"}), ElementsAre());
  EXPECT_EQ(where_to_look("frobnicate", {"host"}, "kernels"),
            "`brokenpipe kernels` lists them all.");
  EXPECT_EQ(where_to_look("hots", {"host"}, "kernels"), "`brokenpipe kernels` lists them all.")
      << "two letters of four";
  EXPECT_EQ(where_to_look("hosst", {"host"}, "kernels"),
            "Near: host. `brokenpipe kernels` lists them all.");
}

}  // namespace
}  // namespace brokenpipe
