#include "results/base/text_table.h"

#include <gtest/gtest.h>

/// How the cells of a table for the terminal stand.
namespace brokenpipe {
namespace {

TEST(TextTable, ColumnIsAsWideAsItsWidestCell) {
  EXPECT_EQ(text_table({{"KERNEL", "FROM", "STATE"},
                        {"debian-6.12", "trixie, trixie-security, bookworm-backports", "here"},
                        {"host", "-", "a state of more than one word"}}),
            "KERNEL       FROM                                         STATE\n"
            "debian-6.12  trixie, trixie-security, bookworm-backports  here\n"
            "host         -                                            a state of more than one "
            "word\n");
}

TEST(TextTable, WidthsAreThoseOfTheWidestCells) {
  EXPECT_EQ(column_widths({{"a", "bb"}, {"ccc", ""}}), (std::vector<std::size_t>{3, 2}));
  EXPECT_EQ(text_table({}), "");
}

}  // namespace
}  // namespace brokenpipe
