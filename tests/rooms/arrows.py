#!/usr/bin/env python3
"""Holds every #include against CONTRIBUTING's table of rooms: which room may include which, and
which library. Usage: arrows.py FOLDER_OF_THE_PROJECT. Prints what is wrong, a line each."""

import pathlib
import re
import sys

# What a header of somebody else's belongs to, by the beginning of its name. The C and C++ libraries
# and the kernel's own headers are everybody's.
LIBRARIES = {
    "CLI/": "CLI11",
    "archive": "libarchive",
    "fmt/": "fmt",
    "gelf.h": "libelf",
    "gmock/": "googletest",
    "gtest/": "googletest",
    "kainjow/": "mustache",
    "libelf.h": "libelf",
    "libkmod.h": "libkmod",
    "libvirt/": "libvirt",
    "lz4": "liblz4",
    "lzma.h": "liblzma",
    "nettle/": "nettle",
    "nlohmann/": "nlohmann_json",
    "pugixml.hpp": "pugixml",
    "valijson/": "valijson",
    "zlib.h": "zlib",
    "zstd.h": "libzstd",
}
# Headers with another name than a library's that nobody has to be allowed.
EVERYBODYS = re.compile(r"^(linux|sys|net|netinet|netax25|netrom|netrose|arpa|asm)/|^[a-z_0-9]+(\.h)?$")

ROW = re.compile(r"^\| `([^`]+)/` \|[^|]*\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
INCLUDE = re.compile(r'^#include (?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


class Room:
    def __init__(self, rooms, libraries):
        self.rooms = set(re.findall(r"`([^`]+)/`", rooms))
        self.libraries = {name.strip() for name in libraries.split(",")} - {""}
        self.may_all = rooms.strip() == "all"


def rooms_of(contributing):
    return {folder: Room(rooms, libraries) for folder, rooms, libraries in ROW.findall(contributing)}


def room_of(path, rooms):
    """The innermost room that a file lies in; None outside of all."""
    inside = [folder for folder in rooms if path.startswith(folder + "/")]
    return max(inside, key=len, default=None)


def library_of(header):
    for beginning, library in LIBRARIES.items():
        if header.startswith(beginning):
            return library
    return None if EVERYBODYS.match(header) else f"<{header}>, which arrows.py does not know"


def circle(rooms):
    """Rooms that include one another, if any: the way round."""
    done = set()

    def visit(folder, way):
        if folder in way:
            return way[way.index(folder):] + [folder]
        if folder in done:
            return None
        done.add(folder)
        for other in sorted(rooms[folder].rooms & rooms.keys()):
            found = visit(other, way + [folder])
            if found:
                return found
        return None

    for folder in sorted(rooms):
        found = visit(folder, [])
        if found:
            return found
    return None


def complaints(contributing, sources):
    """`sources`: the text of every source file by its path."""
    rooms = rooms_of(contributing)
    if not rooms:
        return ["the table has no rooms"]
    wrong = []
    for folder, room in rooms.items():
        for other in sorted(room.rooms - rooms.keys()):
            wrong.append(f"the table lets {folder}/ include {other}/, which it does not have")
        if not any(room_of(path, rooms) == folder for path in sources):
            wrong.append(f"the table has {folder}/, where no source lies")
    if not wrong and (way := circle(rooms)):
        wrong.append("the table's arrows go in a circle: " + " -> ".join(way))
    used = {folder: set() for folder in rooms}
    for path, text in sorted(sources.items()):
        mine = room_of(path, rooms)
        if mine is None:
            wrong.append(f"{path} lies in no room of the table")
            continue
        for own, foreign in INCLUDE.findall(text):
            if own:
                other = room_of(own, rooms)
                used[mine].add(other)
                if own not in sources:
                    wrong.append(f"{path} includes {own}, which is not there")
                elif other != mine and not rooms[mine].may_all and other not in rooms[mine].rooms:
                    wrong.append(f"{path} includes {own}: {mine}/ may not include {other}/")
            elif (library := library_of(foreign)) is not None:
                used[mine].add(library)
                if not rooms[mine].may_all and library not in rooms[mine].libraries:
                    wrong.append(f"{path} includes <{foreign}>: {mine}/ may not use {library}")
    for folder, room in rooms.items():
        for name in sorted((room.rooms | room.libraries) - used[folder] if not room.may_all else ()):
            wrong.append(f"the table lets {folder}/ use {name}, which it does not")
    return wrong


def main(project):
    project = pathlib.Path(project)
    sources = {}
    for top in ("probes", "results", "images", "orchestrator", "tests"):
        for file in sorted((project / top).rglob("*")):
            # A header that CMake makes is its template's.
            name = str(file.relative_to(project)).removesuffix(".in")
            if name.endswith((".cpp", ".h")):
                sources[name] = file.read_text(encoding="utf-8")
    wrong = complaints((project / "CONTRIBUTING.md").read_text(encoding="utf-8"), sources)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
