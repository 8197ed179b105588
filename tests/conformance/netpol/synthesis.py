"""extra/synthesis: policies that `tally network generate` makes, judged by what they allow, not by their text.

cluster-topology-analyzer: manifests, and the policies that its authors expect. netpol-synthesizer: links that were seen, and
the policies expected for them; the links become a list of flows, and each of their ends a Deployment. In both, the connections
that our policies leave must be those that the expected ones leave. Ports of DNS are not compared: the peers open them to every
pod, we to the cluster's DNS alone. One directory, or one list of links, is one unit.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from case import TIMEOUT_S, Case

DNS_PORTS = {53, 5353}


def tally_network(tally, *arguments, accept=(0,)):
    done = subprocess.run([tally, "network", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)
    if done.returncode not in accept:
        raise ValueError(f"tally network {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def without_dns(text):
    """"TCP 53,80-90; UDP" as a set of parts without the ports of DNS."""
    parts = set()
    for part in text.split("; "):
        protocol, _, ports = part.partition(" ")
        if not ports:
            parts.add(part)
            continue
        for item in ports.split(","):
            if item.isdigit() and int(item) in DNS_PORTS:
                continue
            parts.add(f"{protocol} {item}")
    return parts


def connections(tally, paths):
    """Connections between workloads, and from outside to them, each way as a set of texts."""
    rows = json.loads(tally_network(tally, "connections", *paths, "-q", "-o", "json"))
    found = set()
    for row in rows:
        ends = [row["source"], row["destination"]]
        outside = [re.match(r"^[0-9a-f:.]+(-|/|$)", end) is not None or "[" not in end for end in ends]
        if outside[1]:
            continue  # egress to the outside: neither side says anything about it
        source = "outside" if outside[0] else ends[0]
        for part in without_dns(row["allowed"]):
            found.add(f"{source} -> {ends[1]} {part}")
    return found


def compare(tally, manifests, generated, expected):
    ours = connections(tally, [*manifests, generated])
    theirs = connections(tally, [*manifests, expected])
    lines = [f"  missing: {line}" for line in sorted(theirs - ours)]
    lines += [f"  too much: {line}" for line in sorted(ours - theirs)]
    return "\n".join(lines) or None


def run_topology(folder, expected):
    def run(tally):
        with tempfile.TemporaryDirectory() as temporary:
            manifests = Path(temporary) / "manifests"
            shutil.copytree(folder, manifests, ignore=shutil.ignore_patterns("expected_*"))
            generated = Path(temporary) / "generated.yaml"
            generated.write_text(tally_network(tally, "generate", str(manifests)), encoding="utf-8")
            return compare(tally, [str(manifests)], str(generated), str(expected))
    return run


def to_cluster(links):
    """Deployments and flows of a list of links."""
    workloads = {}
    flows = ["source,destination,protocol,port"]

    def end(resource):
        if not resource.get("name"):
            return "world"
        labels = resource.get("labels") or {}
        if not labels and resource.get("selectors"):
            labels = dict(item.split(":", 1) for item in resource["selectors"])
        account = resource.get("serviceaccountname") or "default"
        workloads[resource["name"]] = {
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": resource["name"], "namespace": "default"},
            "spec": {"selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels},
                                  "spec": {"serviceAccountName": account, "containers": []}}}}
        return f"default/{resource['name']}"

    for entry in links:
        service = entry["link"]["resource"]
        source = end(entry.get("source", {}).get("resource", {}))
        target = end(entry["target"]["resource"])
        if source == "world" and service.get("type") not in ("LoadBalancer", "NodePort"):
            continue  # nobody is named, and nobody outside reaches such a Service
        for port in service.get("network") or []:
            number = port.get("target_port") or port.get("port")
            flows.append(f"{source},{target},{port.get('protocol') or 'TCP'},{number}")
    return list(workloads.values()), flows


def run_links(links, expected):
    def run(tally):
        workloads, flows = to_cluster(json.loads(links.read_text(encoding="utf-8")))
        with tempfile.TemporaryDirectory() as temporary:
            manifests = Path(temporary) / "manifests.json"
            manifests.write_text("\n".join(json.dumps(item) for item in workloads), encoding="utf-8")
            seen = Path(temporary) / "flows.csv"
            seen.write_text("\n".join(flows) + "\n", encoding="utf-8")
            generated = Path(temporary) / "generated.yaml"
            generated.write_text(tally_network(tally, "generate", str(manifests), "--default-deny", "--flows", str(seen)),
                                 encoding="utf-8")
            tally_network(tally, "replay", str(seen), "--against", str(generated), "-f", str(manifests))
            return compare(tally, [str(manifests)], str(generated), str(expected))
    return run


def find(root):
    cases = []
    top = root / "extra" / "synthesis"
    for folder in sorted((top / "cluster-topology-analyzer" / "tests").glob("*")):
        expected = sorted(folder.glob("expected_netpol_output.*"))
        if not expected:
            continue
        others = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("expected_")]
        cases.append(Case(f"synthesis/{folder.name}", run_topology(folder, expected[0]),
                          None if others else "the manifests are not in the pack"))
    listing = top / "netpol-synthesizer" / "tests" / "tests.json"
    entries = json.loads(listing.read_text(encoding="utf-8")) if listing.exists() else []
    for entry in entries:
        links = listing.parent / "connectivity_jsons" / entry["inputLinks"]
        expected = listing.parent / "er_files" / f"{entry['name']}.yaml"
        is_mesh = any("istio" in argument for argument in entry.get("args", []))
        cases.append(Case(f"synthesis/{entry['name']}", run_links(links, expected),
                          "AuthorizationPolicies are not generated" if is_mesh else None))
    return cases
