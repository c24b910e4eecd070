#!/usr/bin/env python3
"""Holds a catalogue of measured answers (semantics.md, whose summary table has a row for each
situation) against the reference and a run, row by row, and prints every disagreement.

    tests/semantics_agreement.py SEMANTICS.md RUN_FOLDER

Of a row it compares the 3.16 results, with the reference's steps of that call, and the column
"since-changed?", with the kernels of the run whose answers differ from the reference. What is
told in words that name no call is counted as not compared, and read by people. Exits with 1 where
a row has no scenario or disagrees."""

import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/release/brokenpipe"

# The catalogue's names for calls, where they are not the steps' own: call, and how its arguments
# begin.
CALLS = {
    "bsend": ("send", ""),
    "send0": ("send", "0"),
    "recv0": ("recv", "0"),
    "write0": ("write", "0"),
    "read0": ("read", "0"),
    "shutwr": ("shutdown", "SHUT_WR"),
    "shut": ("shutdown", ""),
    "shutrdwr": ("shutdown", "SHUT_RDWR"),
    "unspec": ("connect", "AF_UNSPEC"),
    "disc": ("connect", "AF_UNSPEC"),
    "c": ("connect", ""),
    "acc": ("accept", ""),
    "oob": ("send", "1, MSG_OOB"),
    "more": ("send", "1, MSG_MORE"),
    "peek": ("recv", "100, MSG_PEEK"),
    "recvoob": ("recv", "1, MSG_OOB"),
    "recv_trunc": ("recv", "100, MSG_TRUNC"),
    "recv_waitall": ("recv", "100, MSG_WAITALL"),
    "errq": ("recv", "100, MSG_ERRQUEUE"),
    "spliceR": ("splice", ""),
    "bsendfile": ("sendfile", ""),
    "bwrite": ("write", ""),
}
OWN_NAMES = {"send", "recv", "write", "read", "connect", "accept", "sendto", "sendfile", "splice",
             "vmsplice", "tee", "pwrite"}


def rows(semantics):
    """The rows of the summary table: id, 3.16's results, and what has changed since."""
    table = semantics.split("\n## 1.", 1)[1].split("\n## 2.", 1)[0]
    for line in table.splitlines():
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        yield cells[0].strip("`"), cells[3:-1], cells[-1]


def answers_of(observation, name):
    """What the observation's steps of that call answer, in the catalogue's notation."""
    call, begins = CALLS.get(name, (name, ""))
    for step in observation["steps"]:
        if step["call"] != call or not step["args"].startswith(begins):
            continue
        returned = step.get("returned")
        if returned == -1:
            yield f"-{step['errno']}" + ("!" if step.get("signals") else "")
        elif returned == "fd":
            yield "0"  # the catalogue writes success so
        else:
            yield f"{returned}" + ("!" if step.get("signals") else "")


def value_complaints(cells, observations):
    """Of the results that name a call: how many were compared, and those that no step has."""
    compared, complaints = 0, []
    for cell in cells:
        match = re.fullmatch(r"(\w+)=(.+)", cell)
        if not match or (match[1] not in CALLS and match[1] not in OWN_NAMES):
            continue
        compared += 1
        seen = [a for o in observations for a in answers_of(o, match[1])]
        if match[2] not in seen:
            complaints.append(f"{cell}, but the reference has {match[1]}: {', '.join(seen) or 'no such step'}")
    return compared, complaints


def series_in(text, all_series):
    """`5.10; yes: 6.1–7.3` as the set of the run's series that it names."""
    named = set()
    for first, last in re.findall(r"(\d+\.\d+)(?:–(\d+\.\d+))?", text):
        low = all_series.index(first) if first in all_series else None
        high = all_series.index(last or first) if (last or first) in all_series else None
        if first == "3.16":
            low = 0
        if low is not None and high is not None:
            named.update(all_series[low : high + 1])
    return named


def change_complaints(changed, ids, verdicts, all_series):
    """Whether the kernels that differ are those which the column names."""
    if not re.match(r"(no|yes|new entry)\b", changed) or changed == "yes":
        return 0, []
    wanted = "new" if changed.startswith("new") else "differs"
    told = set() if changed.startswith("no (") else series_in(changed, all_series)
    seen = {s for s in all_series if any(verdicts[s].get(i) == wanted for i in ids)}
    gone = {s for s in all_series if all(verdicts[s].get(i) in ("gone", None) for i in ids)}
    complaints = []
    if told - seen - gone:
        complaints.append(f"said to be {wanted} on {', '.join(s for s in all_series if s in told - seen - gone)}, and is not")
    if seen - told:
        complaints.append(f"{wanted} on {', '.join(s for s in all_series if s in seen - told)}, which the row does not say")
    return 1, complaints


def main():
    semantics, run = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
    reference = json.loads((ROOT / "results/reference/linux-3.16.json").read_text())
    by_row = collections.defaultdict(list)
    for observation in reference["observations"]:
        by_row[observation["scenario"].split("/", 1)[1].split("+")[0]].append(observation)

    kernels = [k["id"] for k in json.loads((run / "run.json").read_text())["kernels"]]
    all_series = [kernel.removeprefix("debian-") for kernel in kernels]
    verdicts = {}
    for kernel, series in zip(kernels, all_series):
        report = subprocess.run([PROGRAM, "diff", f"{run}:{kernel}", "--format", "json"],
                                capture_output=True, check=False).stdout
        diff = json.loads(report)["kernels"][0]["diff"]
        verdicts[series] = {s["scenario"]: s["verdict"] for s in diff["scenarios"]}

    total, open_rows, compared, disagreeing = 0, 0, 0, 0
    for row, results, changed in rows(semantics):
        total += 1
        observations = by_row.get(row)
        if not observations:
            disagreeing += 1
            print(f"{row}: no scenario")
            continue
        open_rows += all(result == "?" for result in results)
        values, complaints = value_complaints(results, observations)
        changes, more = change_complaints(changed, [o["scenario"] for o in observations], verdicts,
                                          all_series)
        compared += values + changes
        complaints += more
        disagreeing += bool(complaints)
        for complaint in complaints:
            print(f"{row}: {complaint}")
    print(f"{total} rows ({open_rows} of them left open by the catalogue), each with a scenario; "
          f"{compared} results and columns compared, {disagreeing} rows disagree.")
    return 1 if disagreeing else 0


if __name__ == "__main__":
    sys.exit(main())
