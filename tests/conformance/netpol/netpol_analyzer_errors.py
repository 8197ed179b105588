"""errors.json of netpol-analyzer: inputs that must be refused, and inputs that are answered with a warning.

A text must stand in the message. Where the entry is a symbol, upstream's text is not in the data: then each of its arguments
must be named. Texts of Go's libraries are not ours: for them an error at the place counts, `file:line`.
"""

import json
import re

from case import Case, list_options, network

# What Go's libraries say, and the words in which we say it.
LIBRARY_TEXTS = {
    "cannot restore slice from map": "expected a list",
    "is missing in": "kind",
    "does not exist": "ttt",
    "recognized file extensions are": "recognized file extensions are",
    "invalid CIDR address": "invalid CIDR address",
}


def texts(argument):
    """The texts of a symbol's arguments; symbols among them are unknown names of flags."""
    return [part for part in argument if isinstance(part, str)]


def misses(expected, said):
    """What of the expectation is not in the text."""
    if isinstance(expected, dict) and "all_of" in expected:
        return [part for one in expected["all_of"] for part in misses(one, said)]
    if isinstance(expected, dict):
        return [part for part in texts(expected["args"]) if part not in said]
    return [] if expected in said or LIBRARY_TEXTS.get(expected, expected) in said else [expected]


def fatal(root, entry):
    def run(tally):
        answer = network(tally, "connections", [*list_options(entry), entry["dir"]], root)
        if answer is None:
            return "  no answer in time"
        if answer.code != 2:
            return f"  exit code {answer.code}, expected 2"
        said = answer.err.strip().splitlines()[-1] if answer.err.strip() else ""
        missing = misses(entry["errorStrContains"], said)
        if missing:
            return f"  expected: {missing}\n  actual: {said}"
        if not entry.get("dirpath_only") and not re.search(r":\d+:\d+: ", said):
            return f"  expected: a message with a position\n  actual: {said}"
        return None

    return Case(f"list_fatal/{entry['name']}", run)


def warning(root, entry, kind):
    def run(tally):
        answer = network(tally, "connections", [*list_options(entry), entry["dir"]], root)
        if answer is None:
            return "  no answer in time"
        if answer.code != 0:
            return f"  exit code {answer.code}: {answer.err.strip()}"
        expected = entry.get("expectedWarningsStrContains", [entry.get("firstErrStrContains")])
        warnings = answer.err.splitlines()
        for one in expected:
            if all(misses(one, line) for line in warnings):
                return f"  expected: {one}\n  actual: {warnings}"
        if "emptyRes" in entry and entry["emptyRes"] != (answer.out.strip() == ""):
            return f"  expected an empty list: {entry['emptyRes']}\n  actual: {answer.out[:200]!r}"
        return None

    return Case(f"{kind}/{entry['name']}", run)


def find(root):
    path = root / "errors.json"
    if not path.exists():
        return []
    entries = json.loads(path.read_text(encoding="utf-8"))
    cases = [fatal(root, entry) for entry in entries["list_fatal"]]
    cases += [warning(root, entry, "list_warning") for entry in entries["list_warning"]]
    cases += [warning(root, entry, "log_warning") for entry in entries["log_warning"]]
    reason = "the command line of netpol-analyzer is not ours"
    cases += [Case(f"cli_error/{entry['name']}", lambda tally: None, reason) for entry in entries["cli_error"]]
    return cases
