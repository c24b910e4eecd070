"""Reads a JUnit file by junitparser, and prints of every test case what became of it as JSON."""
import json
import sys

from junitparser import JUnitXml

suites = []
for suite in JUnitXml.fromfile(sys.argv[1]):
    cases = [
        {"name": case.name, "class": case.classname,
         "result": [type(result).__name__ for result in case.result],
         "message": [result.message for result in case.result]}
        for case in suite
    ]
    suites.append({"name": suite.name, "tests": suite.tests, "failures": suite.failures,
                   "errors": suite.errors, "skipped": suite.skipped, "cases": cases})
json.dump(suites, sys.stdout)
