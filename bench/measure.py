"""Measures whole processes: wall time from start to exit and peak memory, as a user meets them."""

import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
TALLY = BUILD / "release" / "tally"
CLUSTERS = BUILD / "bench" / "clusters"
REPORTS = BUILD / "bench" / "reports"


class Measure(NamedTuple):
    seconds: float  # median of the runs
    best: float
    megabytes: float  # the most of all runs


def measure(command, runs, codes=(0, 1), cwd=None):
    """Runs the command once unmeasured (page cache) if there is more than one run, then `runs` times."""
    seconds, peak = [], 0
    for number in range(runs + (runs > 1)):
        began = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, cwd=cwd)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            raise SystemExit(f"{' '.join(str(word) for word in command)}\nended with exit code {process.returncode}\n"
                             f"{errors.decode('utf-8', 'replace')[-2000:]}")
        if number > 0 or runs == 1:
            seconds.append(elapsed)
            peak = max(peak, usage.ru_maxrss)
    return Measure(statistics.median(seconds), min(seconds), peak / 1000)


def build():
    """Builds the release binary and the generator; returns the generator."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": ROOT, "check": True}
    for preset, target in (("release", "tally"), ("bench", "cluster_generator")):
        subprocess.run(["cmake", "--preset", preset], **quiet)
        subprocess.run(["cmake", "--build", BUILD / preset, "--target", target], **quiet)
    return BUILD / "bench" / "bench" / "cluster_generator" / "cluster_generator"


def cluster(generator, workloads, files=0, uniform=True):
    """The path of a generated cluster; made anew each time, so that it is always that of today's generator."""
    CLUSTERS.mkdir(parents=True, exist_ok=True)
    name = f"{'uniform' if uniform else 'varied'}-{workloads}"
    path = CLUSTERS / (f"{name}-in-{files}" if files else f"{name}.yaml")
    command = [generator, "--workloads", workloads, *(["--files", files] if files else []),
               *(["--uniform"] if uniform else []), path]
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)
    return path


def size_mb(path):
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


def assess(path):
    """The command that is measured: manifests to a finished JSON report on disk."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    return [TALLY, "assess", path, "-o", f"json={REPORTS / 'report.json'}"]
