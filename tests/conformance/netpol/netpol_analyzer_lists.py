"""cases.json of netpol-analyzer: the whole output of `list` or `diff`, in txt, csv, json or md."""

import json

from case import Case, list_options, network


def bare(text):
    return text.replace("\r", "").replace("\n", "")


def first_difference(expected, actual):
    expected_lines = expected.replace("\r", "").splitlines()
    actual_lines = actual.replace("\r", "").splitlines()
    for number, (wanted, found) in enumerate(zip(expected_lines, actual_lines), 1):
        if wanted != found:
            return f"  line {number}\n  expected: {wanted}\n  actual: {found}"
    number = min(len(expected_lines), len(actual_lines)) + 1
    wanted = expected_lines[number - 1] if number <= len(expected_lines) else "(end)"
    found = actual_lines[number - 1] if number <= len(actual_lines) else "(end)"
    return f"  line {number}\n  expected: {wanted}\n  actual: {found}"


def make(root, entry):
    def run(tally):
        output = ["-o", entry["format"]]
        if entry["kind"] == "list":
            answer = network(tally, "connections", [*output, *list_options(entry), entry["dir"]], root)
        else:
            answer = network(tally, "diff", [*output, *list_options(entry), entry["dir1"], entry["dir2"]], root)
        if answer is None:
            return "  no answer in time"
        if answer.code != 0:
            return f"  exit code {answer.code}: {answer.err.strip().splitlines()[-1:]}"
        expected = (root / entry["expected"]).read_text(encoding="utf-8")
        return None if bare(answer.out) == bare(expected) else first_difference(expected, answer.out)

    return Case(entry["id"], run)


def find(root):
    path = root / "cases.json"
    if not path.exists():
        return []
    return [make(root, entry) for entry in json.loads(path.read_text(encoding="utf-8"))["cases"]]
