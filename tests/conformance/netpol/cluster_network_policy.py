"""extra/cnp/probes.json: the probes of the ClusterNetworkPolicy conformance suite, through `tally network evaluate`.

A test loads its manifests, then does its steps in order; what a step changes stays. The pods of the StatefulSets are made
here: name-0 and name-1, each with an address. One probe is one unit.
"""

import functools
import json
import re
import subprocess
import tempfile
from pathlib import Path

from case import TIMEOUT_S, Case

HOST_PORTS = [40001, 40003, 40005, 40007, 40009, 40011, 40013, 40015]


def to_json(tally, text):
    """A document of YAML as a value, read by the program itself."""
    done = subprocess.run([tally, "jp", "@", "--with", "-"], input=text, capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise ValueError(f"cannot read a manifest: {done.stderr}")
    return json.loads(done.stdout)


@functools.lru_cache(maxsize=None)
def load_text(tally, root, manifests):
    """Read once for each test, kept as text: every case changes its own copy."""
    objects = []
    for manifest in manifests:
        text = (root / manifest).read_text(encoding="utf-8")
        text = re.sub(r"\{\{ index \.HostNetworkPorts (\d+) \}\}", lambda m: str(HOST_PORTS[int(m[1])]), text)
        for document in re.split(r"^---\s*$", text, flags=re.MULTILINE):
            lines = [line for line in document.splitlines() if line.strip() and not line.strip().startswith("#")]
            if lines:
                objects.append(to_json(tally, document))
    return json.dumps(with_pods(objects))


def load(tally, root, manifests):
    return json.loads(load_text(tally, root, tuple(manifests)))


NODE = {"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "linux", "kubernetes.io/hostname": "node-1"}}}


def with_pods(objects):
    """The suite's cluster runs on Linux nodes; its rules select them by that label."""
    made = [NODE]
    for index, item in enumerate(objects):
        if item["kind"] != "StatefulSet":
            made.append(item)
            continue
        template = item["spec"]["template"]
        for ordinal in range(2):
            made.append({"apiVersion": "v1", "kind": "Pod",
                         "metadata": {"name": f"{item['metadata']['name']}-{ordinal}",
                                      "namespace": item["metadata"]["namespace"],
                                      "labels": template["metadata"].get("labels", {})},
                         "spec": {**template["spec"], "nodeName": "node-1"},
                         "status": {"podIP": f"10.244.{index}.{ordinal + 1}"}})
    return made


def find_object(objects, name, *kinds):
    name_space, _, plain = name.rpartition("/")
    for item in objects:
        if item["kind"] in kinds and item["metadata"]["name"] == plain and \
                (not name_space or item["metadata"].get("namespace") == name_space):
            return item
    raise ValueError(f"no {kinds} {name}")


def patch(objects, change):
    policy = find_object(objects, change["policy"], "ClusterNetworkPolicy")["spec"]
    original = json.loads(json.dumps(policy))
    for move in change.get("move_rules", []):
        policy[move["direction"]][move["to_index"]] = original[move["direction"]][move["from_original_index"]]
    for setting in change.get("set_action", []):
        policy[setting["direction"]][setting["rule"]]["action"] = setting["action"]
    for setting in change.get("set_protocols", []):
        policy[setting["direction"]][setting["rule"]]["protocols"] = setting["protocols"]
    if "priority" in change:
        policy["priority"] = change["priority"]
    rule = change.get("prepend_egress_rule")
    if rule:
        networks = [find_object(objects, pod, "Pod")["status"]["podIP"] + "/32" for pod in rule["networks_of_pods"]]
        policy["egress"].insert(0, {"name": rule["name"], "action": rule["action"], "to": [{"networks": networks}]})


def apply_step(objects, step):
    if "patch" in step:
        patch(objects, step["patch"])
    elif "set_namespace_labels" in step:
        change = step["set_namespace_labels"]
        find_object(objects, change["namespace"], "Namespace")["metadata"]["labels"] = change["labels"]
    elif "delete_networkpolicy" in step:
        objects.remove(find_object(objects, step["delete_networkpolicy"], "NetworkPolicy"))
    else:
        raise ValueError(f"unknown step {step}")


def ask(tally, objects, probe):
    port = probe["port"]
    if isinstance(port, str):
        port = HOST_PORTS[int(re.search(r"\[(\d+)\]", port)[1])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cluster.json"
        path.write_text("\n".join(json.dumps(item) for item in objects), encoding="utf-8")
        done = subprocess.run([tally, "network", "evaluate", probe["from"], probe["to"], f"{probe['protocol']}/{port}",
                               "-f", str(path)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    expected = "allowed" if probe["allowed"] else "denied"
    actual = done.stdout.strip()
    return None if actual == expected else \
        f"  {probe['from']} -> {probe['to']} {probe['protocol']} {port}\n  expected: {expected}\n" \
        f"  actual: {actual or done.stderr.strip()}"


def make(folder, test, run, number, before, probe):
    def judge(tally):
        objects = load(tally, folder, test["manifests"])
        for step in before:
            apply_step(objects, step)
        return ask(tally, objects, probe)

    return Case(f"cnp/{test['test']}/{run['name']}#{number}", judge)


def find(root):
    folder = root / "extra" / "cnp"
    path = folder / "probes.json"
    if not path.exists():
        return []
    cases = []
    for test in json.loads(path.read_text(encoding="utf-8"))["tests"]:
        before = []
        for run in test["runs"]:
            for number, step in enumerate(run["steps"], 1):
                if "probe" in step:
                    cases.append(make(folder, test, run, number, list(before), step["probe"]))
                else:
                    before.append(step)
    return cases
