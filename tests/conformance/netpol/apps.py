#!/usr/bin/env python3
"""Real applications: how near generated policies come to what their authors wrote and what their manifests say.

    tests/conformance/netpol/apps.py --tally PROGRAM DIR

DIR is corpus/apps. Printed, not judged:
  Online Boutique   ingress between workloads that our policies allow, against the authors' own NetworkPolicies
  Bank of Anthos    links that the environment variables and config maps name, and how many of them are allowed
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import synthesis  # noqa: E402


def between_workloads(found):
    return {line for line in found if not line.startswith("outside ")}


def boutique(tally, root):
    manifests = root / "microservices-demo" / "kubernetes-manifests"
    authors = root / "microservices-demo" / "kustomize" / "components" / "network-policies"
    with tempfile.TemporaryDirectory() as temporary:
        ours = Path(temporary) / "ours.yaml"
        ours.write_text(synthesis.tally_network(tally, "generate", str(manifests)), encoding="utf-8")
        generated = between_workloads(synthesis.connections(tally, [str(manifests), str(ours)]))
        written = between_workloads(synthesis.connections(
            tally, [str(manifests), *sorted(str(path) for path in authors.glob("network-policy-*.yaml"))]))
    both = generated & written
    print(f"online-boutique: {len(generated)} links allowed by ours, {len(written)} by the authors', {len(both)} by both")
    for line in sorted(generated - written):
        print(f"  only ours: {line}")
    for line in sorted(written - generated):
        print(f"  only the authors': {line}")


def objects_of(tally, folder):
    for path in sorted(folder.glob("*.yaml")):
        for document in re.split(r"^---\s*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            if not any(line.strip() and not line.lstrip().startswith("#") for line in document.splitlines()):
                continue
            done = subprocess.run([tally, "jp", "@", "--with", "-"], input=document, capture_output=True, text=True,
                                  timeout=60, check=True)
            yield json.loads(done.stdout)


def bank(tally, root):
    """The links are read here a second time, from the variables alone: "host:port" where host is a Service."""
    manifests = root / "bank-of-anthos" / "kubernetes-manifests"
    items = list(objects_of(tally, manifests))
    maps = {item["metadata"]["name"]: item.get("data", {}) for item in items if item["kind"] == "ConfigMap"}
    services = {item["metadata"]["name"]: item["spec"] for item in items if item["kind"] == "Service"}
    links = set()
    for item in items:
        template = item.get("spec", {}).get("template") if item["kind"] in ("Deployment", "StatefulSet") else None
        if template is None:
            continue
        values = []
        for container in template["spec"].get("containers", []) + template["spec"].get("initContainers", []):
            for variable in container.get("env", []):
                values.append(str(variable.get("value", "")))
            for source in container.get("envFrom", []):
                values += [str(v) for v in maps.get(source.get("configMapRef", {}).get("name"), {}).values()]
        for value in values:
            for host, port in re.findall(r"([a-z0-9-]+):(\d+)", value):
                for entry in services.get(host, {}).get("ports", []):
                    if entry["port"] == int(port):
                        links.add((item["metadata"]["name"], host, entry.get("targetPort", entry["port"])))
    with tempfile.TemporaryDirectory() as temporary:
        ours = Path(temporary) / "ours.yaml"
        ours.write_text(synthesis.tally_network(tally, "generate", str(manifests)), encoding="utf-8")
        allowed = between_workloads(synthesis.connections(tally, [str(manifests), str(ours)]))
    pairs = {re.match(r"^[^/]*/([^\[]+)\[[^ ]* -> [^/]*/([^\[]+)\[.* (\S+)$", line).groups() for line in allowed}
    selects = {}
    for name, spec in services.items():
        for item in items:
            labels = item.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {}) \
                if item["kind"] in ("Deployment", "StatefulSet") else {}
            if labels and all(labels.get(key) == value for key, value in spec.get("selector", {}).items()):
                selects.setdefault(name, set()).add(item["metadata"]["name"])
    wanted = {(source, target, str(port)) for source, host, port in links for target in selects.get(host, ()) if
              target != source}
    found = wanted & pairs
    print(f"bank-of-anthos: {len(found)} of {len(wanted)} links of the variables are allowed; "
          f"{len(pairs)} links are allowed in all")
    for line in sorted(wanted - pairs):
        print(f"  missing: {line}")
    for line in sorted(pairs - wanted):
        print(f"  beside: {line}")


def main():
    parser = argparse.ArgumentParser(description="Generated policies of real applications")
    parser.add_argument("--tally", required=True, type=Path)
    parser.add_argument("dir", type=Path)
    options = parser.parse_args()
    tally = str(options.tally.resolve())
    boutique(tally, options.dir.resolve())
    bank(tally, options.dir.resolve())


if __name__ == "__main__":
    main()
