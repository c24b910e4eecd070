"""Reads a CSV file as spreadsheets and scripts do, and prints its rows as JSON."""
import csv
import json
import sys

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file, strict=True))
# DictReader puts what has no column below None, and None into a column that has nothing.
for row in rows:
    if None in row or None in row.values():
        sys.exit(f"not as wide as the first row: {row}")
json.dump(rows, sys.stdout)
