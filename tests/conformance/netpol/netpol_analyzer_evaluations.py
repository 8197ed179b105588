"""eval.json of netpol-analyzer: may this connection pass?"""

import json

from case import Case, network


def end(entry, side, flag):
    arguments = [f"--{flag}-namespace", entry.get(f"{side}Ns") or "default"]
    address = entry.get(f"{side}ExternalIP") or entry.get(f"{side}IP")
    if address:
        return [f"--{flag}-ip", address]
    name = entry.get(f"{side}Workload") or entry.get(f"{side}Pod") or entry.get(f"{side}")
    return [f"--{flag}-pod", name, *arguments]


def make(root, number, entry):
    def run(tally):
        arguments = [*end(entry, "source", "source"), *end(entry, "dest", "destination"),
                     "-p", entry["port"], "--protocol", entry.get("protocol") or "tcp", entry["dir"]]
        answer = network(tally, "evaluate", arguments, root)
        if answer is None:
            return "  no answer in time"
        expected = 0 if entry["evalResult"] else 1
        return None if answer.code == expected else \
            f"  expected: exit code {expected}\n  actual: {answer.code}: {answer.err.strip()}{answer.out.strip()}"

    return Case(f"eval/{number}-{entry['dir'].split('/')[-1]}", run)


def find(root):
    path = root / "eval.json"
    if not path.exists():
        return []
    return [make(root, number, entry) for number, entry in enumerate(json.loads(path.read_text(encoding="utf-8")), 1)]
