"""tally beside the Kyverno CLI, on the same policies and objects in the same run.

    bench/peers kyverno       builds the CLI from its Go module under build/peers (once), measures, prints the ratios

Sample policies and their tests are read from ../shared/corpus/kyverno/policies (TALLY_CORPUS names another corpus).
KYVERNO_CLI and TALLY_BINARY name programs that are already built.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import measure

MODULE = "github.com/kyverno/kyverno@v1.19.1"
WORK = measure.BUILD / "bench" / "kyverno"
DEPLOYMENTS = 1_000
POLICIES = 3_500


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
    if named := os.environ.get("KYVERNO_CLI"):
        return Path(named)
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


def compare(title, ours, theirs, runs):
    own, peer = measure.measure(ours, runs, (0, 1, 2)), measure.measure(theirs, 1, (0, 1, 2))
    print(f"{title:58} {own.seconds:9.3f} {peer.seconds:9.2f} {peer.seconds / own.seconds:8.0f}x "
          f"{own.megabytes:7.0f} {peer.megabytes:7.0f} {peer.megabytes / own.megabytes:7.1f}x", flush=True)


def run(peers):
    cli = install(peers)
    if cli is None:
        return
    tally = Path(os.environ.get("TALLY_BINARY", measure.TALLY))
    corpus = Path(os.environ.get("TALLY_CORPUS", measure.ROOT.parent / "shared" / "corpus")) / "kyverno" / "policies"
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"\nPolicies of Kyverno, whole process, {os.cpu_count()} cores; the CLI runs once\n")
    print(f"{'':58} {'tally s':>9} {'CLI s':>9} {'ratio':>9} {'MB':>7} {'CLI MB':>7} {'ratio':>8}")
    report = WORK / "report.json"

    def assess(objects, policies):
        return [tally, "assess", objects, *(word for file in policies for word in ("--policy", file)), "--no-defaults",
                "--include", "pass", "-o", f"json={report}"]

    def apply(objects, policies):
        return [cli, "apply", *policies, "-r", objects, "--policy-report", "--output-format", "json"]

    policies, pod = many_policies()
    compare(f"load {POLICIES:,} policies of 2 rules, judge one pod", assess(pod, [policies]), apply(pod, [policies]), 5)
    if not corpus.is_dir():
        print(f"The sample policies are not here ({corpus}): the rest was not measured.")
        return
    objects = deployments()
    for kind, folder in (("classic Pod Security policies", "pod-security"),
                         ("Pod Security ValidatingPolicies", "pod-security-vpol")):
        files = policy_files(corpus / folder)
        compare(f"{len(files)} {kind}, {DEPLOYMENTS:,} Deployments", assess(objects, files), apply(objects, files), 5)
    compare("all tests of the sample policies", [tally, "test", corpus], [cli, "test", corpus, "--remove-color"], 3)
