"""network-config-analyzer: the queries of its scheme files (extra/nca/index.json).

One query is one unit. Its number must be the expected one (none given: 0, unless a whole text is given), and where a scheme
names a text, the text must be the same, compared as that tool does: line by line, blanks at the ends of lines aside, and
empty lines at the end.
"""

import json
import subprocess
import threading
from pathlib import Path

import case

PLACE = Path("extra", "nca")


class Scheme:
    """One run of the program for all queries of a scheme."""

    def __init__(self, root, path):
        self.root = root
        self.path = path
        self.answers = None
        self.lock = threading.Lock()

    def answer(self, tally, number):
        with self.lock:
            if self.answers is None:
                self.answers = self.ask(tally)
        return self.answers if isinstance(self.answers, str) else self.answers[number]

    def ask(self, tally):
        command = [tally, "network", "query", "--compat", "network-config-analyzer", "-q", "-o", "json", self.path]
        try:
            done = subprocess.run(command, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=case.TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return f"no answer within {case.TIMEOUT_S} s"
        try:
            return json.loads(done.stdout)[0]["queries"]
        except (ValueError, LookupError):
            return f"exit code {done.returncode}: {done.stderr.decode('utf-8', 'replace').strip()[:300]}"


def lines_of(text):
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def check(scheme, number, tally):
    answer = scheme.answer(tally, number)
    if isinstance(answer, str):
        return answer
    if answer["error"]:
        return answer["error"]
    wrong = []
    if not answer["as_expected"]:
        wrong.append(f"expected {answer['expected']}, found {answer['result']} ({answer['not_executed']} not executed)")
    if answer["expected_output"]:
        path = (scheme.root / scheme.path).parent / answer["expected_output"]
        expected, actual = lines_of(path.read_text(encoding="utf-8")), lines_of(answer["output"])
        if expected != actual:
            differing = next((i for i, pair in enumerate(zip(expected, actual)) if pair[0] != pair[1]),
                             min(len(expected), len(actual)))
            wrong.append(f"{answer['expected_output']}:{differing + 1}: expected "
                         f"{(expected + ['the end'])[min(differing, len(expected))]!r}, found "
                         f"{(actual + ['the end'])[min(differing, len(actual))]!r}")
    return "\n".join(wrong) or None


def find(root):
    base = Path(root) / PLACE
    index = base / "index.json"
    if not index.exists():
        return []
    cases = []
    for entry in json.loads(index.read_text(encoding="utf-8")):
        scheme = Scheme(base, entry["scheme"])
        cases += [case.Case(id=f"nca/{entry['scheme']}#{number + 1}",
                            run=lambda tally, scheme=scheme, number=number: check(scheme, number, tally))
                  for number in range(entry["queries"])]
    return cases
