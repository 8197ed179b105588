"""Objects for a policy: those of its own tests, mutated around the fields and values that the policy names.

The same policy, count and seed give the same objects. `agreement.py` uses it.
"""
import copy
import json
import re
import subprocess

CONTROLLERS = {
    "Deployment": ("apps/v1", ("spec", "template")),
    "StatefulSet": ("apps/v1", ("spec", "template")),
    "DaemonSet": ("apps/v1", ("spec", "template")),
    "ReplicaSet": ("apps/v1", ("spec", "template")),
    "ReplicationController": ("v1", ("spec", "template")),
    "Job": ("batch/v1", ("spec", "template")),
    "CronJob": ("batch/v1", ("spec", "jobTemplate", "spec", "template")),
}
POLICY_KINDS = {
    "ClusterPolicy", "Policy", "ValidatingPolicy", "NamespacedValidatingPolicy", "MutatingPolicy",
    "NamespacedMutatingPolicy", "GeneratingPolicy", "NamespacedGeneratingPolicy", "ImageValidatingPolicy",
    "NamespacedImageValidatingPolicy",
}
POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "teller"}},
    "spec": {"containers": [{"name": "main", "image": "registry.bank.example/teller:1.4"},
                            {"name": "proxy", "image": "nginx"}],
             "initContainers": [{"name": "init", "image": "busybox:latest"}]},
}
CLUSTER_WIDE = {
    "Namespace", "Node", "ClusterRole", "ClusterRoleBinding", "PersistentVolume", "StorageClass", "IngressClass",
    "PriorityClass", "RuntimeClass", "CustomResourceDefinition", "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration", "VolumeSnapshotClass", "ClusterIssuer", "NodePool", "Provisioner",
}
# The CLI's API server panics when a kind is listed of which it holds nothing: one object of such a kind.
LISTED = {
    "/networkpolicies": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                         "metadata": {"name": "listed", "namespace": "default"}, "spec": {"podSelector": {}}},
}
ODD = [None, 0, 1, -1, 1.5, True, False, "", "a", "*", "0", "1Gi", "100m", "30s", [], {}, ["a", 1], {"a": "b"}]


def read_objects(answers, files):
    """The objects of YAML files; ours reads them, Python's library knows no YAML."""
    out = subprocess.run([answers, "--read", *map(str, files)], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def pod_of(thing):
    """The pod template inside an object, or None."""
    kind = thing.get("kind")
    if kind == "Pod":
        return thing
    for name in CONTROLLERS.get(kind, (None, ()))[1]:
        thing = thing.get(name) if isinstance(thing, dict) else None
    return thing if kind in CONTROLLERS and isinstance(thing, dict) else None


def wrapped(pod, kind):
    version, path = CONTROLLERS[kind]
    inner = {key: copy.deepcopy(pod[key]) for key in ("metadata", "spec") if key in pod}
    if isinstance(inner.get("metadata"), dict):
        inner["metadata"].pop("name", None)
        inner["metadata"].pop("namespace", None)
    for name in reversed(path):
        inner = {name: inner}
    metadata = copy.deepcopy(pod.get("metadata") or {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **inner}


def bare(key):
    """A pattern's key without its anchor."""
    return re.sub(r"^(?:[+<=X^]?\()(.*)\)$", r"\1", key)


class Vocabulary:
    """What a policy names: paths and values of patterns, texts and numbers of conditions and expressions."""

    def __init__(self, policy):
        self.values = []
        self.keys = []
        self.leaves = []  # (path, value)
        self.walk(policy.get("spec"), ())
        if not self.values:
            self.values = ["a"]

    def walk(self, node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("pattern", "anyPattern", "patchStrategicMerge", "patternPath"):
                    for item in value if isinstance(value, list) else [value]:
                        self.pattern(item, ())
                self.walk(value, path + (key,))
        elif isinstance(node, list):
            for item in node:
                self.walk(item, path)
        elif path and path[-1] not in ("message", "name", "messageExpression"):
            self.values += variants(node)
            if isinstance(node, str):
                self.keys += [word for word in re.findall(r"\.\"?([A-Za-z][A-Za-z0-9]*)", node)]

    def pattern(self, node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                self.keys.append(bare(key))
                self.pattern(value, path + (bare(key),))
        elif isinstance(node, list):
            for item in node:
                self.pattern(item, path + (0,))
        elif values := variants(node):
            self.leaves.append((path, values))


def variants(value):
    """Values at, below and beyond what a pattern or a condition says."""
    if isinstance(value, bool) or value is None:
        return [value, not value, str(value).lower()]
    if isinstance(value, (int, float)):
        return [value, value + 1, value - 1, str(value), float(value) + 0.5]
    out = [value] if len(value) < 80 else []
    if len(value) < 80:
        for part in re.split(r"[|&]", value):
            part = part.strip().lstrip("!<>=").strip()
            out += [part, part.replace("*", "x").replace("?", "y"), part + "x"]
    for quoted in re.findall(r"['\"]([^'\"{}]{1,60})['\"]", value):
        out += [quoted, quoted + "x"]
    for number, unit in re.findall(r"(?<![A-Za-z0-9.])(-?\d{1,12})(m|Mi|Gi|Ki|s|h)?(?![A-Za-z0-9.])", value):
        for step in (-1, 0, 1):
            near = int(number) + step
            out += [f"{near}{unit}", near if not unit else f"{near}.5{unit}"]
    return out


class Mutator:
    def __init__(self, policy, seeds, chance):
        self.words = Vocabulary(policy)
        self.seeds = seeds
        self.chance = chance
        text = json.dumps(policy.get("spec"))
        self.names_matter = '"names":' in text or '"resourceNames":' in text
        self.listed = [thing for path, thing in LISTED.items() if path in text]

    def places(self, node, path=()):
        out = []
        if isinstance(node, dict):
            for key, value in node.items():
                if path == () and key in ("apiVersion", "kind"):
                    continue
                out.append((node, key))
                out += self.places(value, path + (key,))
        elif isinstance(node, list):
            for index, value in enumerate(node):
                out.append((node, index))
                out += self.places(value, path + (index,))
        return out

    def value(self):
        return copy.deepcopy(self.chance.choice(self.words.values if self.chance.random() < 0.75 else ODD))

    def mutate(self, thing):
        places = self.places(thing)
        if not places:
            return
        holder, key = self.chance.choice(places)
        what = self.chance.random()
        if what < 0.2:
            del holder[key]
        elif what < 0.5:
            old = holder[key]
            if not isinstance(old, (dict, list)) or self.chance.random() < 0.2:
                holder[key] = self.value()
        elif what < 0.6 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif what < 0.75 and self.words.keys and isinstance(holder, dict):
            name = self.chance.choice(self.words.keys)
            if holder is not thing or name not in ("apiVersion", "kind"):
                holder[name] = self.value()
        elif what < 0.9 and self.words.leaves:
            self.set_leaf(thing)
        else:
            pod = pod_of(thing)
            spec = pod.get("spec") if isinstance(pod, dict) else None
            if isinstance(spec, dict) and isinstance(spec.get("containers"), list):
                name = self.chance.choice(["initContainers", "ephemeralContainers", "containers"])
                more = copy.deepcopy(spec["containers"])
                spec[name] = spec[name] + more if isinstance(spec.get(name), list) else more

    def set_leaf(self, thing):
        path, values = self.chance.choice(self.words.leaves)
        if path and path[0] == "spec" and thing.get("kind") in CONTROLLERS and self.chance.random() < 0.9:
            thing = pod_of(thing)
        if not isinstance(thing, dict) or not path or path[0] in ("apiVersion", "kind"):
            return
        node = thing
        for index, name in enumerate(path):
            last = index + 1 == len(path)
            if isinstance(name, int):
                if not isinstance(node, list):
                    return
                if not node:
                    node.append({})
                name = self.chance.randrange(len(node))
            elif not isinstance(node, dict):
                return
            if last:
                node[name] = copy.deepcopy(self.chance.choice(values))
                return
            following = path[index + 1]
            wanted = list if isinstance(following, int) else dict
            if isinstance(name, str) and not isinstance(node.get(name), wanted):
                node[name] = wanted()
            node = node[name]

    def without_null_maps(self, node):
        """The CLI reads a null where a map of texts must stand as no map at all: not what is compared here."""
        for holder, key in self.places(node):
            if key in ("annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"):
                if isinstance(holder, dict) and holder.get(key, {}) is None:
                    holder[key] = {}

    def objects(self, count):
        out = copy.deepcopy(self.listed)
        while len(out) < count:
            index = len(out)
            thing = copy.deepcopy(self.seeds[index % len(self.seeds)])
            if index >= len(self.seeds):
                if thing["kind"] == "Pod" and self.chance.random() < 0.35:
                    thing = wrapped(thing, self.chance.choice(sorted(CONTROLLERS)))
                for _ in range(self.chance.choice([1, 1, 1, 2, 2, 3, 5])):
                    self.mutate(thing)
            metadata = thing.get("metadata")
            if not isinstance(metadata, dict):
                metadata = thing["metadata"] = {}
            before = metadata.get("name")
            before = before if isinstance(before, str) else "o"
            keeps_name = self.names_matter and thing["kind"] not in CLUSTER_WIDE and self.chance.random() < 0.6
            if not keeps_name:
                metadata["name"] = f"o{index}-{before}" if index % 2 else f"{before}-o{index}"
            # The CLI puts objects without a namespace into `default`.
            if not isinstance(metadata.get("namespace", ""), str):
                del metadata["namespace"]
            if thing["kind"] not in CLUSTER_WIDE and not metadata.get("namespace"):
                metadata["namespace"] = "default"
            if keeps_name:
                metadata["name"] = before
                metadata["namespace"] += f"-o{index}"
            # The CLI's reader refuses a whole file for labels that are no map of texts.
            for name in ("labels", "annotations"):
                held = metadata.get(name)
                if held is not None and not (isinstance(held, dict) and
                                             all(isinstance(value, str) for value in held.values())):
                    metadata[name] = {str(k): str(v) for k, v in held.items()} if isinstance(held, dict) else {}
            self.without_null_maps(thing)
            out.append(thing)
        return out


def kinds_of(policy):
    text = json.dumps(policy.get("spec"))
    kinds = set(re.findall(r"[A-Z][A-Za-z]+", " ".join(re.findall(r'"kinds": \[([^\]]*)\]', text))))
    for plural in re.findall(r'"([a-z]+)"', " ".join(re.findall(r'"resources": \[([^\]]*)\]', text))):
        kinds.add({"pods": "Pod", "deployments": "Deployment", "cronjobs": "CronJob", "jobs": "Job",
                   "statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "replicasets": "ReplicaSet"}.get(plural))
    return kinds


def seeds_of(answers, folder, policy):
    files = [file for pattern in ("*.yaml", "*.yml") for file in sorted(folder.rglob(pattern))
             if file.parent != folder and file.name not in ("kyverno-test.yaml", "chainsaw-test.yaml")]
    found = [thing for thing in read_objects(answers, files) if isinstance(thing, dict)
             and thing.get("kind") and thing.get("apiVersion") and "kyverno" not in thing["apiVersion"] and "chainsaw" not in thing["apiVersion"]
             and thing["kind"] != "CustomResourceDefinition" and isinstance(thing.get("metadata"), dict)]
    kinds = kinds_of(policy)
    wanted = [thing for thing in found if thing["kind"] in kinds or thing["kind"] in CONTROLLERS]
    if "Pod" in kinds:
        wanted.append(POD)
        wanted += [wrapped(POD, kind) for kind in ("Deployment", "CronJob")]
    return (wanted or found or [POD])[:60]
