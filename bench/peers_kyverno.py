"""tally beside the Kyverno CLI, on the same policies and objects in the same run.

    bench/peers kyverno [--tally BIN] [--cli BIN]

Builds the CLI from its Go module under build/peers (once), measures, prints the ratios. Both must say the same: the totals
of their verdicts are compared, and a difference is an error. Sample policies and their tests are read from
../shared/corpus/kyverno/policies (TALLY_CORPUS names another corpus). The CLI gets 6 GB of address space. Both write JSON
reports as they do by default: ours counts what passed and lists the rest.
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import measure

MODULE = "github.com/kyverno/kyverno@v1.19.1"
WORK = measure.BUILD / "bench" / "kyverno"
DEPLOYMENTS = 1_000
POLICIES = 3_500
CLI_BYTES_MAX = 6_000_000 << 10


def go_program():
    """Go 1.26 or newer, or None."""
    go = shutil.which("go", path=f"/usr/local/go/bin{os.pathsep}{os.environ.get('PATH', '')}")
    if go is None:
        return None
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False,
                             env={**os.environ, "GOTOOLCHAIN": "local"}).stdout
    found = re.match(r"go1\.(\d+)", version)
    return go if found and int(found[1]) >= 26 else None


def install(peers):
    """Its go.mod has replacements, so `go install` refuses it: the module is copied and built in the copy."""
    program = peers / "bin" / "kyverno"
    if program.exists():
        return program
    go = go_program()
    if go is None:
        print("Kyverno CLI: not measured, because Go 1.26 or newer is not here.")
        return None
    print(f"building {MODULE} (some minutes) ...")
    peers.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([go, "mod", "download", "-json", MODULE], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-1000:] + done.stderr[-1000:] + "Kyverno CLI: not measured, its module is not here.")
        return None
    source = peers / "kyverno-source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(json.loads(done.stdout)["Dir"], source, copy_function=shutil.copyfile)
    for folder, _, _ in os.walk(source):
        os.chmod(folder, 0o755)
    done = subprocess.run([go, "build", "-o", program, "./cmd/cli/kubectl-kyverno"], cwd=source, capture_output=True,
                          text=True, check=False, env={**os.environ, "CGO_ENABLED": "0"})
    if done.returncode != 0:
        print(done.stderr[-1000:] + "Kyverno CLI: not measured, `go build` failed.")
        return None
    return program


def deployments():
    """1,000 Deployments of a bank, every 37th with something that Pod Security refuses."""
    path = WORK / "deployments.yaml"
    with open(path, "w", encoding="utf-8") as out:
        for i in range(DEPLOYMENTS):
            odd = "true" if i % 37 == 0 else "false"
            out.write(f"""---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ledger-{i}
  namespace: branch-{i % 50}
  labels: {{app.kubernetes.io/name: ledger-{i}, tier: {("web", "api", "db")[i % 3]}}}
spec:
  replicas: {1 + i % 5}
  selector: {{matchLabels: {{app: ledger-{i}}}}}
  template:
    metadata:
      labels: {{app: ledger-{i}}}
    spec:
      serviceAccountName: ledger-{i}
      securityContext:
        runAsNonRoot: true
        seccompProfile: {{type: RuntimeDefault}}
      containers:
      - name: main
        image: registry.bank.example/ledger:{i % 10}.{i % 21}
        ports: [{{containerPort: {8000 + i % 1000}}}]
        env:
        - {{name: QUEUE, value: "ledger-{i}.queue"}}
        resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{memory: {128 << (i % 4)}Mi}}}}
        securityContext:
          privileged: {odd}
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {{drop: [ALL]}}
      - name: proxy
        image: registry.bank.example/proxy:3
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {{drop: [ALL]}}
      volumes:
      - {{name: settings, configMap: {{name: settings-{i}}}}}
""")
    return path


def many_policies():
    """3,500 policies of two rules each, and one pod."""
    folder = WORK / "many"
    folder.mkdir(parents=True, exist_ok=True)
    policies, pod = folder / "policies.yaml", folder / "pod.yaml"
    kinds = ["Pod", "Service", "ConfigMap", "Ingress", "Secret", "Namespace", "ServiceAccount"]
    with open(policies, "w", encoding="utf-8") as out:
        for i in range(POLICIES):
            kind = kinds[i % len(kinds)]
            rules = "".join(f"""
  - name: rule-{rule}
    match: {{any: [{{resources: {{kinds: [{kind}]}}}}]}}
    validate:
      message: "label team-{i}-{rule} is needed"
      pattern: {{metadata: {{labels: {{team-{i}-{rule}: "?*"}}}}}}""" for rule in range(2))
            out.write(f"---\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: policy-{i}}}\n"
                      f"spec:\n  background: true\n  rules:{rules}\n")
    pod.write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: teller, namespace: branch}\n"
                   "spec: {containers: [{name: main, image: 'teller:1'}]}\n", encoding="utf-8")
    return policies, pod


def policy_files(folder):
    return sorted(file for file in folder.rglob("*.yaml")
                  if not any(part.startswith(".") for part in file.relative_to(folder).parts)
                  and "subrule" not in file.parts)


class Run(NamedTuple):
    seconds: float
    processor: float  # of all threads
    megabytes: float
    output: str


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (CLI_BYTES_MAX, CLI_BYTES_MAX))


def run_once(command, limit=None):
    """The whole process; what it prints goes to a file, as to a pipe that is read at once."""
    output = WORK / "output.txt"
    with open(output, "wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, preexec_fn=limit)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(encoding="utf-8", errors="replace")
    if process.returncode not in (0, 1, 2):
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {process.returncode}\n{text[-2000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, text)


def median_run(command, runs):
    """After one run that is not measured."""
    run_once(command)
    done = [run_once(command) for _ in range(runs)]
    return Run(statistics.median(run.seconds for run in done), statistics.median(run.processor for run in done),
               max(run.megabytes for run in done), done[-1].output)


def our_totals(_, report):
    rules = [rule for rule in json.loads(report.read_text(encoding="utf-8"))["rules"] if rule["engine"] == "kyverno"]
    return {name: sum(rule[name] for rule in rules) for name in ("pass", "fail", "error")}


def their_totals(output):
    begin = output.index('{"kind":"ClusterReport"')
    summary = json.JSONDecoder().raw_decode(output[begin:])[0]["summary"]
    return {name: summary[name] for name in ("pass", "fail", "error")}


def our_tests(output, _):
    passed, failed = re.search(r"(\d+) expectations passed, (\d+) failed", output).groups()
    files = re.search(r"^(\d+) tests, (\d+) failed", output, re.MULTILINE).groups()
    return {"expectations": int(passed), "failed": int(failed), "files failed": int(files[1])}


def compare(title, ours, theirs, runs, wanted):
    own, peer = median_run(ours, runs), run_once(theirs, limit_memory)
    ratio = peer.seconds / own.seconds
    print(f"{title:52} {own.seconds:8.3f} {peer.seconds:8.2f} {ratio:7.0f}x {own.processor:8.3f} {peer.processor:8.2f} "
          f"{peer.processor / own.processor:7.0f}x {own.megabytes:6.0f} {peer.megabytes:6.0f}   {wanted}", flush=True)
    return own, peer


def same_totals(own, peer):
    if own != peer:
        raise SystemExit(f"The verdicts differ: {own} here, {peer} there")
    print(f"    the same verdicts: {', '.join(f'{count:,} {name}' for name, count in own.items())}", flush=True)


def run(peers, words=()):
    parser = argparse.ArgumentParser(prog="bench/peers kyverno")
    parser.add_argument("--tally", type=Path, default=measure.TALLY)
    parser.add_argument("--cli", type=Path)
    options = parser.parse_args(words)
    cli = options.cli or install(peers)
    if cli is None:
        return
    corpus = Path(os.environ.get("TALLY_CORPUS", measure.ROOT.parent / "shared" / "corpus")) / "kyverno" / "policies"
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"\nPolicies of Kyverno, whole process, {os.cpu_count()} cores; medians of ours, the CLI runs once; "
          "CPU is the processor time of all threads\n")
    print(f"{'':52} {'tally s':>8} {'CLI s':>8} {'ratio':>8} {'CPU s':>8} {'CLI CPU':>8} {'ratio':>8} {'MB':>6} {'CLI':>6}")
    report = WORK / "report.json"

    def assess(objects, policies):
        return [options.tally, "assess", objects, *(word for file in policies for word in ("--policy", file)),
                "--no-defaults", "-o", f"json={report}"]

    def apply(objects, policies):
        return [cli, "apply", *policies, "-r", objects, "--policy-report", "--output-format", "json"]

    policies, pod = many_policies()
    own, peer = compare(f"load {POLICIES:,} policies of 2 rules, judge one pod", assess(pod, [policies]),
                        apply(pod, [policies]), 5, "at most 1 s")
    same_totals(our_totals(own.output, report), their_totals(peer.output))
    if not corpus.is_dir():
        print(f"The sample policies are not here ({corpus}): the rest was not measured.")
        return
    own, peer = compare("all tests of the sample policies", [options.tally, "test", corpus],
                        [cli, "test", corpus, "--remove-color"], 5, "at least 30x")
    tests = our_tests(own.output, report)
    summary = re.search(r"(\d+) tests? passed and (\d+) tests? failed", peer.output)
    print(f"    {tests['expectations']:,} expectations pass and {tests['failed']} fail here; the CLI: {summary[0]}")
    if tests["failed"] or tests["files failed"] or int(summary[2]):
        raise SystemExit("Tests fail.")
    objects = deployments()
    for kind, folder, wanted in (("classic Pod Security policies", "pod-security", "at least 100x"),
                                 ("Pod Security ValidatingPolicies", "pod-security-vpol", "at least 1000x")):
        files = policy_files(corpus / folder)
        own, peer = compare(f"{len(files)} {kind}, {DEPLOYMENTS:,} Deployments", assess(objects, files),
                            apply(objects, files), 9, wanted)
        same_totals(our_totals(own.output, report), their_totals(peer.output))


if __name__ == "__main__":
    sys.exit("bench/peers kyverno runs this")
