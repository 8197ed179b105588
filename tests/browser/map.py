#!/usr/bin/env python3
"""The network map, driven in headless Chromium and compared with what `tally network connections` prints.

    map.py TALLY MANIFESTS

Skips (exit code 0, and says so) where there is no Chromium.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from filters import drive, find_browser

KIND = re.compile(r"\[\w+\]")


def load(tally, manifests):
    """The rows of the connection list: (source, destination, is one of them outside)."""
    out = subprocess.run([tally, "network", "connections", manifests, "-o", "json", "-q", "--mesh", "none"], capture_output=True, text=True, check=False)
    return json.loads(out.stdout)


def names_of(tally, manifests):
    out = subprocess.run([tally, "network", "exposure", manifests, "-o", "json", "-q"], capture_output=True, text=True, check=False)
    found = json.loads(out.stdout)
    rows = found["workloads"] if isinstance(found, dict) else found
    return sorted({row["workload"] for row in rows})


def make_cases(rows, names):
    """What a person asks, and a test of what the page notes."""
    short = lambda label: KIND.sub("", label)
    inside = [r for r in rows if r["source"] in names and r["destination"] in names]
    outside = [r for r in rows if not (r["source"] in names and r["destination"] in names)]
    pairs = {(short(r["source"]), short(r["destination"])) for r in inside}
    shown = lambda note: {(a, b) for a, b, _ in note["rows"] if not a.startswith("outside") and not b.startswith("outside")}
    cases = [({"name": "the list", "view": "list"}, lambda n: shown(n) == pairs and len(n["rows"]) == len(rows)),
             ({"name": "outside only", "view": "list", "outside": True}, lambda n: len(n["rows"]) == len(outside) and not shown(n)),
             ({"name": "nothing matches", "view": "list", "text": "no-such-text-anywhere"}, lambda n: not n["rows"]),
             ({"name": "no such port", "view": "list", "port": "tcp/1"}, lambda n: all(c == "all" or "TCP 1-" in c or re.search(r"TCP(;|,|$)", c) or "perhaps" in c for _, _, c in n["rows"])),
             ({"name": "the map", "view": "map"}, lambda n: n["workloads"] == (len(names) if len(names) <= 60 else 0)),
             ({"name": "unknown name", "from": "no-such-workload", "to": "outside"}, lambda n: "no workload is named" in n["unanswered"]),
             ({"name": "outside twice", "from": "outside", "to": "outside"}, lambda n: "both ends are outside" in n["unanswered"])]
    for space in sorted({name.split("/")[0] for name in names}):
        wanted = {(a, b) for a, b in pairs if a.split("/")[0] == space or b.split("/")[0] == space}
        cases.append(({"name": f"namespace {space}", "view": "list", "namespace": space}, lambda n, w=wanted: shown(n) == w))
    for a in names[:12]:
        for b in names[:12]:
            if a == b:
                continue
            is_there = (short(a), short(b)) in pairs
            test = lambda n, t=is_there: n["unanswered"] == "" and ("denied" not in n["panel"][:200]) == t and "tally network explain" in n["panel"]
            cases.append(({"name": f"{a} to {b}", "from": a, "to": b}, test))
    return cases


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tally")
    parser.add_argument("manifests")
    arguments = parser.parse_args()
    browser = find_browser()
    if browser is None:
        print("The network map was NOT tested: no Chromium (tools/setup browser installs it).")
        return 0
    names = names_of(arguments.tally, arguments.manifests)
    cases = make_cases(load(arguments.tally, arguments.manifests), names)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([arguments.tally, "network", "map", arguments.manifests, "-q", "--mesh", "none", "--out", f"{folder}/map.html"], check=False)
        page = (folder / "map.html").read_text()
    notes = drive(browser, page, "map.js", [c for c, _ in cases])
    if notes is None:
        return 1
    passed = failed = 0
    for (case, is_good), note in zip(cases, notes, strict=True):
        good = is_good(note)
        passed += good
        failed += not good
        if not good:
            print(f"FAILED {case['name']}: the page shows {json.dumps(note)[:600]}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
