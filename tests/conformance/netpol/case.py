"""What the parts of this suite share: a case, and running `tally network` for it."""

import subprocess
from dataclasses import dataclass
from typing import Callable, Optional

TIMEOUT_S = 60


@dataclass
class Case:
    """run(tally) gives nothing for a pass, else lines that say what differs. skip: why it cannot be run."""

    id: str
    run: Callable[[str], Optional[str]]
    skip: Optional[str] = None


class Skip:
    """What run() may give instead: only the answer showed that the case cannot be judged."""

    def __init__(self, reason):
        self.reason = reason


@dataclass
class Answer:
    code: int
    out: str
    err: str


def network(tally, verb, arguments, folder):
    """Answer of `tally network VERB --compat netpol-analyzer ...`; nothing if it does not end."""
    command = [tally, "network", verb, "--compat", "netpol-analyzer", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S,
                              check=False)
    except subprocess.TimeoutExpired:
        return None
    return Answer(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def list_options(entry):
    """Flags of `list` from an entry's fields, under the names of cases.json and errors.json alike."""
    arguments = []

    def add(flag, *names):
        for name in names:
            value = entry.get(name)
            if value:
                arguments.extend([flag, ",".join(value) if isinstance(value, list) else value])
                return

    add("--focusworkload", "focusworkload", "focusWorkloads", "focusworkloads")
    add("--focusworkload-peer", "focusworkload_peer", "focusWorkloadPeers")
    add("--focus-direction", "focus_direction", "focusDirection")
    add("--focus-conn", "focus_conn")
    add("--explain-only", "explain_only", "explainOnly")
    for flag in ("exposure", "explain"):
        if entry.get(flag):
            arguments.append(f"--{flag}")
    if entry.get("multiple_networks") or entry.get("multipleNetworksEnabled"):
        arguments.append("--multiple-networks")
    return arguments
