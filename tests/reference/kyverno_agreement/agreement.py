#!/usr/bin/env python3
"""Compares our verdicts with those of the Kyverno CLI on generated objects; README.md says how.

For every sample policy: objects of the kinds that it matches, made of the objects of its own tests and mutated around
the fields and values that the policy names. Both sides judge each policy alone; compared are verdict and message for
each policy, rule and object.
"""
import argparse
import collections
import concurrent.futures
import copy
import json
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile

CLI_BYTES_MAX = 6 << 30  # address space of one run of the CLI

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
        out = []
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
            metadata["name"] = f"o{index}-{before}" if index % 2 else f"{before}-o{index}"
            # The CLI puts objects without a namespace into `default`.
            if not isinstance(metadata.get("namespace", ""), str):
                del metadata["namespace"]
            if thing["kind"] not in CLUSTER_WIDE and not metadata.get("namespace"):
                metadata["namespace"] = "default"
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
             and thing.get("kind") and thing.get("apiVersion") and thing["kind"] not in POLICY_KINDS
             and "kyverno" not in thing["apiVersion"] and "chainsaw" not in thing["apiVersion"]
             and thing["kind"] != "CustomResourceDefinition" and isinstance(thing.get("metadata"), dict)]
    kinds = kinds_of(policy)
    wanted = [thing for thing in found if thing["kind"] in kinds or thing["kind"] in CONTROLLERS]
    if "Pod" in kinds:
        wanted.append(POD)
        wanted += [wrapped(POD, kind) for kind in ("Deployment", "CronJob")]
    return (wanted or found or [POD])[:60]


def limit_memory():
    """Some policies make the CLI take all memory that there is: such a run fails, and is listed."""
    resource.setrlimit(resource.RLIMIT_AS, (CLI_BYTES_MAX, CLI_BYTES_MAX))


def their_answers(cli, policy, objects):
    run = subprocess.run([cli, "apply", policy, "-r", objects, "--policy-report", "--output-format", "json",
                          "--continue-on-fail", "--remove-color"], capture_output=True, text=True, check=False,
                         preexec_fn=limit_memory)
    begin = run.stdout.rfind('{"kind":"ClusterReport"')
    if begin < 0:
        return None, (run.stdout + run.stderr).strip().splitlines()[-1:]
    report = json.JSONDecoder().raw_decode(run.stdout[begin:])[0]
    out = collections.defaultdict(list)
    for result in report.get("results") or []:
        for of in result.get("resources") or [{}]:
            key = (result.get("rule", ""), of.get("kind", ""), of.get("name", ""))
            out[key].append((result["result"], result.get("message", "")))
    return out, []


def our_answers(answers, policy, objects):
    run = subprocess.run([answers, objects, policy], capture_output=True, text=True, check=False)
    out = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        if line:
            said = json.loads(line)
            key = (said["rule"], said["kind"], said["name"])
            out[key].append((said["verdict"], said["message"]))
    return out, run.stderr.strip().splitlines()[-1:] if run.returncode == 0 else [f"exit {run.returncode}"]


# Why two answers may differ: reason, what of theirs shows it, what of ours. README.md tells more.
# (reason, expression over the CLI's texts, expression over ours): differences whose cause was looked at. None yet.
EXPLAINED = [
]


def explanation(their, our):
    theirs, ours = " ".join(text for _, text in their), " ".join(text for _, text in our)
    for reason, of_theirs, of_ours in EXPLAINED:
        if re.search(of_theirs, theirs) and re.search(of_ours, ours) and (of_theirs or ours):
            return reason
    return None


def by_object(answers):
    """Answers of CEL policies: the rule's name belongs to the answer, an error has one of its own."""
    out = collections.defaultdict(list)
    for (_, kind, name), said in answers.items():
        out["", kind, name] += said
    return out


def shape(message):
    """What two texts must share: the CLI's prefix and Go's random order of maps do not count."""
    return re.sub(r"\s+", " ", message.removeprefix("validation failure: ")).strip()


def documents(objects):
    return "\n---\n".join(map(json.dumps, objects)) + "\n"


def judge(options, file, policy, scratch):
    chance = random.Random(f"{options.seed} {file.name} {policy['metadata']['name']}")
    folder = file.parent
    mutator = Mutator(policy, seeds_of(options.answers, folder, policy), chance)
    name = f"{folder.parent.name}-{folder.name}-{file.stem}-{policy['metadata']['name']}"
    policy_file = scratch / f"{name}.policy.yaml"
    policy_file.write_text(json.dumps(policy))
    objects_file = scratch / f"{name}.objects.yaml"
    part_file = scratch / f"{name}.part.yaml"
    # One object that makes the CLI give up costs the file that it stands in: ask again, in smaller files.
    pending, judged, theirs, problem = [mutator.objects(options.objects)], [], collections.defaultdict(list), []
    failures = 0
    while pending and failures < 12:
        objects = pending.pop()
        part_file.write_text(documents(objects))
        answer, problem_here = their_answers(options.cli, policy_file, part_file)
        if answer is not None:
            judged += objects
            theirs.update(answer)
        else:
            problem, failures = problem_here, failures + 1
            size = len(objects) // 5
            pending += [objects[at:at + size] for at in range(0, len(objects), size)] if size >= 6 else []
    part_file.unlink()
    objects_file.write_text(documents(judged))
    ours, own = our_answers(options.answers, policy_file, objects_file) if judged else ({}, [])
    if policy["kind"] not in ("ClusterPolicy", "Policy"):
        theirs, ours = by_object(theirs), by_object(ours)
    return name, judged, theirs if judged else None, ours, problem, own


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cli", required=True, help="the Kyverno CLI")
    parser.add_argument("--answers", required=True, help="our kyverno_answers")
    parser.add_argument("--objects", type=int, default=120, help="objects for each policy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="policies whose path holds this text")
    parser.add_argument("--show", type=int, default=2, help="differences shown of each policy")
    parser.add_argument("--keep", help="folder for the generated files")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("policies", type=pathlib.Path)
    options = parser.parse_args()

    work = []
    for file in sorted(options.policies.rglob("*.yaml")):
        parts = file.relative_to(options.policies).parts
        if any(part.startswith(".") for part in parts) or options.only not in str(file):
            continue
        try:
            policies = read_objects(options.answers, [file])
        except subprocess.CalledProcessError:
            continue
        work += [(file, policy) for policy in policies if policy.get("kind") in POLICY_KINDS]
    total, same_texts, texts = 0, 0, 0
    differing, explained = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as made:
        scratch = pathlib.Path(options.keep or made)
        scratch.mkdir(parents=True, exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for name, objects, theirs, ours, problem, own in pool.map(
                    lambda pair: judge(options, pair[0], pair[1], scratch), work):
                if theirs is None:
                    print(f"{name}: the CLI gives no report: {problem} {own}", flush=True)
                    differing["no report"] += 1
                    continue
                shown = 0
                by_name = {thing["metadata"]["name"]: thing for thing in objects}
                for key in sorted(set(theirs) | set(ours)):
                    their, our = sorted(theirs.get(key, [])), sorted(ours.get(key, []))
                    total += max(len(their), len(our))
                    verdicts = [verdict for verdict, _ in their], [verdict for verdict, _ in our]
                    kind = None
                    if verdicts[0] != verdicts[1]:
                        kind = "verdict"
                    else:
                        texts += len(their)
                        equal = sum(shape(a[1]) == shape(b[1]) for a, b in zip(their, our))
                        same_texts += equal
                        kind = "message" if equal != len(their) else None
                    reason = explanation(their, our) if kind else None
                    if reason:
                        explained[f"{kind}: {reason}"] += 1
                    elif kind:
                        differing[kind] += 1
                        differing[f"{kind} {name}"] += 1
                        if (shown < options.show and kind == "verdict") or (kind == "message" and shown == 0):
                            shown += 1
                            print(f"{name} {'/'.join(key)}: {kind}\n  theirs {their}\n  ours   {our} {own}\n"
                                  f"  object {json.dumps(by_name.get(key[2]))[:700]}", flush=True)
    for name, count in sorted(differing.items()):
        print(f"{count:6} {name}")
    for name, count in sorted(explained.items()):
        print(f"{count:6} explained, {name}")
    because = sum(count for name, count in explained.items() if name.startswith("verdict"))
    print(f"{len(work)} policies, {total} verdicts: {differing['verdict']} differ, {because} more for a known reason; "
          f"{texts - same_texts} of {texts} messages differ, {differing['message']} of them for no known reason")
    return 1 if differing["verdict"] else 0


if __name__ == "__main__":
    sys.exit(main())
