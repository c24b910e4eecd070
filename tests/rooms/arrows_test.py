#!/usr/bin/env python3
"""What arrows.py must say of a project that is not as its table has it."""

import unittest

from arrows import complaints

HEAD = "| room | what | may include | libraries |\n|---|---|---|---|\n"
TABLE = HEAD + """\
| `low/` | tools | | fmt |
| `high/` | what uses them | `low/` | |
| `tests/` | tests | all | |
"""
SOURCES = {
    "low/tool.h": "#include <string>\n#include <fmt/format.h>\n",
    "high/user.cpp": '#include "low/tool.h"\n#include <sys/socket.h>\n',
    "tests/test.cpp": '#include "high/user.h"\n#include <gtest/gtest.h>\n',
    "high/user.h": "",
}


def after(changes, table=TABLE):
    return complaints(table, {**SOURCES, **changes})


class Arrows(unittest.TestCase):
    def test_that_go_as_the_table_says_are_fine(self):
        self.assertEqual(after({}), [])

    def test_that_go_upwards_are_named(self):
        wrong = after({"low/tool.cpp": '#include "high/user.h"\n'})
        self.assertEqual(
            wrong, ["low/tool.cpp includes high/user.h: low/ may not include high/"])

    def test_to_a_library_that_the_room_may_not_use_are_named(self):
        wrong = after({"high/xml.cpp": "#include <pugixml.hpp>\n"})
        self.assertEqual(wrong, ["high/xml.cpp includes <pugixml.hpp>: high/ may not use pugixml"])

    def test_to_a_library_that_nobody_knows_are_named(self):
        self.assertIn("boost/asio.hpp", after({"high/net.cpp": "#include <boost/asio.hpp>\n"})[0])

    def test_to_a_file_that_is_not_there_are_named(self):
        wrong = after({"high/old.cpp": '#include "low/gone.h"\n'})
        self.assertEqual(wrong, ["high/old.cpp includes low/gone.h, which is not there"])

    def test_that_nobody_uses_any_more_are_named(self):
        wrong = after({"high/user.cpp": ""})
        self.assertEqual(wrong, ["the table lets high/ use low, which it does not"])

    def test_that_the_table_draws_in_a_circle_are_named(self):
        table = TABLE.replace("tools | |", "tools | `high/` |")
        self.assertIn("the table's arrows go in a circle: high -> low -> high", after({}, table))

    def test_need_a_room_for_every_file(self):
        self.assertEqual(after({"attic/x.cpp": ""}), ["attic/x.cpp lies in no room of the table"])

    def test_need_a_file_in_every_room(self):
        table = TABLE + "| `empty/` | nothing | | |\n"
        self.assertIn("the table has empty/, where no source lies", after({}, table))

    def test_need_a_table(self):
        self.assertEqual(complaints("No table.", SOURCES), ["the table has no rooms"])


if __name__ == "__main__":
    unittest.main()
