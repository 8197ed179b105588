#!/usr/bin/env python3
"""The filters of the HTML report, driven in headless Chromium and compared with the same selections made from the JSON report.

    filters.py TALLY MANIFESTS [--config FILE]

Skips (exit code 0, and says so) where there is no Chromium.
"""
import argparse
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SEVERITIES = ["critical", "high", "medium", "low", "info"]
HERE = pathlib.Path(__file__).resolve().parent


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


def shown_name(finding):
    """The key by which the page groups: the object, or the file where there is none."""
    subject = finding["subject"]
    if subject is None:
        return ("file", (finding["location"] or {}).get("file", ""))
    return ("object", subject["group"], subject["kind"], subject["namespace"], subject["name"])


def make_cases(findings, tiers):
    """Selections a person makes, and the numbers that must come out of each."""
    is_open = lambda f: f["verdict"] in ("fail", "error", "unknown") and f["exception"] is None
    def space(f):
        subject = f["subject"]
        if subject is None:
            return ""
        return subject["name"] if (subject["kind"], subject["group"]) == ("Namespace", "") else subject["namespace"]

    # Error and unknown count as high, as the exit code sees them.
    severity_of = lambda f: min(f["severity"], "high", key=SEVERITIES.index) if f["verdict"] in ("error", "unknown") else f["severity"]
    cases = [({"name": "everything open"}, is_open), ({"name": "all verdicts", "verdict": "*"}, lambda f: True)]
    for name in sorted({space(f) for f in findings}):
        cases.append(({"name": f"namespace {name}", "namespace": name}, lambda f, n=name: is_open(f) and space(f) == n))
    for tier in sorted(set(tiers.values())):
        cases.append(({"name": f"tier {tier}", "tier": tier},
                      lambda f, t=tier: is_open(f) and f["subject"] is not None and tiers.get(space(f), "") == t))
    for severity in SEVERITIES:
        cases.append(({"name": f"severity {severity}", "severities": [severity]},
                      lambda f, s=severity: is_open(f) and severity_of(f) == s))
    for rule in sorted({f["rule"] for f in findings}):
        cases.append(({"name": f"rule {rule}", "rule": rule}, lambda f, r=rule: is_open(f) and f["rule"] == r))
    for container in sorted({f["subject"]["container"] for f in findings if f["subject"] and f["subject"]["container"]})[:3]:
        # A search looks at more than the container's name: only a lower bound is known.
        cases.append(({"name": f"search {container}", "text": container},
                      lambda f, c=container: is_open(f) and f["subject"] and c == f["subject"]["container"]))
    cases.append(({"name": "search for nothing", "text": "no-such-text-anywhere"}, lambda f: False))
    return cases


def drive(browser, page, driver, cases):
    """Opens a page with a driver script and its cases; what the driver noted of each, or None if it wrote nothing."""
    settings = json.dumps(cases).replace("<", "\\u003c")
    # The page allows only its own scripts: the copy is opened without that rule.
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    script = (HERE / driver).read_text()
    page = page.replace("</body>", f'<script type="application/json" id="cases">{settings}</script><script>{script}</script></body>')
    with tempfile.TemporaryDirectory() as folder:
        driven = pathlib.Path(folder) / "driven.html"
        driven.write_text(page)
        out = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=120000", "--dump-dom",
                              f"file://{driven}"], capture_output=True, text=True, timeout=240, check=False).stdout
    notes = re.search(r'<pre id="notes">(.*?)</pre>', out, re.S)
    if notes is None:
        print("0 passed, 1 failed\nthe page wrote no notes; the end of it:\n" + out[-2000:])
        return None
    return json.loads(html.unescape(notes.group(1)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tally")
    parser.add_argument("manifests")
    parser.add_argument("--config")
    arguments = parser.parse_args()
    browser = find_browser()
    if browser is None:
        print("The filters of the HTML report were NOT tested: no Chromium (tools/setup browser installs it).")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = [arguments.tally, "assess", arguments.manifests, "-o", f"html={folder}/report.html", "-o", f"json={folder}/report.json",
                   "--fail-on", "never"]
        if arguments.config:
            command += ["--config", arguments.config]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        report = json.loads((folder / "report.json").read_text())
        findings = report["findings"]
        tiers = {n["name"]: n["tier"] for n in report["namespaces"]}
        cases = make_cases(findings, tiers)
        page = (folder / "report.html").read_text()
    notes = drive(browser, page, "filters.js", [c for c, _ in cases])
    if notes is None:
        return 1
    passed = failed = 0
    for (case, wanted), note in zip(cases, notes, strict=True):
        chosen = [f for f in findings if wanted(f)]
        objects = len({shown_name(f) for f in chosen})
        at_least = "text" in case and chosen
        good = note["rows"] >= len(chosen) if at_least else (note["rows"], note["objects"]) == (len(chosen), objects)
        number = re.match(r"([\d,]+) finding", note["count"])
        good = good and (int(number.group(1).replace(",", "")) if number else 0) == note["rows"]
        passed += good
        failed += not good
        if not good:
            print(f"FAILED {case['name']}: expected {len(chosen)} findings in {objects} objects, the page shows {note}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
