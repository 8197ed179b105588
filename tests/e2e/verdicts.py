"""What a developer sees: refusals, warnings, mutations, and what is kept of them."""
import json
import re
import subprocess

import objects
from tools import claim, claim_in, scenario, until

# What a denial has to say (issue 7, point 6).
TOLD = ["breaks a rule", "baseline/privileged", "field:   spec.containers[0].securityContext.privileged", "found:   true",
        "allowed: false", "remedy:  Remove `securityContext.privileged`", "tally decision show d-"]


def enforced_of(findings):
    """(policy, rule, field) of what denied, as a set."""
    return {(f["policy"], f["rule"], f["pointer"]) for f in findings if f["mode"] == "enforce" and f["verdict"] == "fail"}


def failed_offline(world, tally, review, space):
    """The same of `tally assess` about a kept request; it needs the labels of the namespace, which no AdmissionReview holds."""
    there = tally.folder / "namespace.json"
    there.write_text(json.dumps(world.cluster.get("namespace", space)))
    done = subprocess.run([world.program, "assess", "-", there, "--config", tally.folder / "tally.yaml", "-o", "json", "--quiet"],
                          input=review, capture_output=True, text=True, check=False)
    claim(done.returncode == 1, f"tally assess ended with {done.returncode}: {done.stderr}")
    return {(f["policy"], f["rule"], f["pointer"]) for f in json.loads(done.stdout)["findings"]
            if f["engine"] == "pod-security" and f["verdict"] == "fail" and f["severity"] in ("critical", "high")}


@scenario
def pod_that_breaks_its_tier_is_refused(world):
    """The denial names rule, field, found, allowed, remedy and decision; the decision is explained, offline the verdict is the same."""
    tally = world.tally("refused").begin()
    space = world.namespace("refused", tier="baseline", mode="enforce")
    answer = world.cluster.kubectl("create", "-f", "-", given=[objects.pod("bad", space, bad=True)])
    claim(answer.returncode != 0, "the pod was created")
    claim_in(TOLD, answer.stderr, "the denial")
    claim(world.cluster.get("pod", "bad", space) is None, "the refused pod is there")
    number = re.search(r"Decision (d-\w+)", answer.stderr).group(1)
    row = until("the decision is kept", lambda: tally.rows("decision", "--denied", "-n", space))[0]
    claim(row["id"] == number, f"the denial names {number}, kept is {row['id']}")
    told = tally.ask("decision", "show", number)
    claim_in(["baseline", "privileged", "spec.containers[0].securityContext.privileged", "admin"], told, "decision show")
    wanted = enforced_of(row["decision"]["findings"])
    claim(len(wanted) == 1, f"one rule denied, kept are {wanted}")
    offline = failed_offline(world, tally, tally.ask("decision", "show", number, "--request"), space)
    claim(offline == wanted, f"offline {offline}, in the cluster {wanted}")
    world.cluster.must("create", "-f", "-", given=[objects.pod("good", space)])


@scenario
def updates_and_ephemeral_containers_are_judged(world):
    """A pod that is within its tier cannot leave it later."""
    world.tally("updates").begin()
    space = world.namespace("updates", tier="baseline", mode="enforce")
    world.cluster.must("create", "-f", "-", given=[objects.pod("good", space)])
    patch = {"spec": {"ephemeralContainers": [{"name": "debug", "image": objects.IMAGE, "securityContext": {"privileged": True}}]}}
    answer = world.cluster.kubectl("patch", "pod", "good", "-n", space, "--subresource=ephemeralcontainers", "-p", json.dumps(patch))
    claim(answer.returncode != 0, "a privileged ephemeral container was added")
    claim_in(["baseline/privileged", "spec.ephemeralContainers[0].securityContext.privileged"], answer.stderr, "the denial")
    world.cluster.must("label", "pod", "good", "-n", space, "colour=blue")


@scenario
def warn_mode_warns(world):
    """kubectl prints the warning, and the pod is created."""
    tally = world.tally("warned").begin()
    space = world.namespace("warned", tier="baseline", mode="warn")
    answer = world.cluster.kubectl("create", "-f", "-", given=[objects.pod("bad", space, bad=True)])
    claim(answer.returncode == 0, f"the pod was refused: {answer.stderr}")
    claim_in(["Warning: ", "privileged", "spec.containers[0].securityContext.privileged"], answer.stderr, "the warning")
    row = until("the decision is kept", lambda: tally.rows("decision", "-n", space))[0]
    claim(row["decision"]["allowed"], "it is kept as denied")


@scenario
def audit_mode_is_silent(world):
    """Neither a warning nor a refusal; the decision is kept where tally.yaml wants what is allowed to be kept."""
    tally = world.tally("audited")
    tally.change_config("serve: {", "serve: {decisions: {keepAllowed: true}, ")
    tally.begin()
    space = world.namespace("audited", tier="baseline")
    answer = world.cluster.kubectl("create", "-f", "-", given=[objects.pod("bad", space, bad=True)])
    claim(answer.returncode == 0 and "Warning" not in answer.stderr, f"it was not silent: {answer.stderr}")
    row = until("the decision is kept", lambda: tally.rows("decision", "-n", space))[0]
    rules = {f["rule"] for f in row["decision"]["findings"] if f["verdict"] == "fail" and f["mode"] == "audit"}
    claim("privileged" in rules and row["decision"]["allowed"], f"kept is {row['decision']}")


@scenario
def dry_run_is_answered_and_not_kept(world):
    """kubectl --dry-run=server is refused alike."""
    tally = world.tally("dry").begin()
    space = world.namespace("dry", tier="baseline", mode="enforce")
    answer = world.cluster.kubectl("create", "--dry-run=server", "-f", "-", given=[objects.pod("dry", space, bad=True)])
    claim(answer.returncode != 0, "the pod was admitted")
    claim_in("baseline/privileged", answer.stderr, "the denial")
    world.cluster.kubectl("create", "-f", "-", given=[objects.pod("wet", space, bad=True)])
    rows = until("the second decision is kept", lambda: tally.rows("decision", "-n", space))
    claim([r["decision"]["name"] for r in rows] == ["wet"], f"kept are {[r['decision']['name'] for r in rows]}")


@scenario
def mutations_are_applied(world):
    """A mutating policy of Kyverno and a MutatingAdmissionPolicy, both from a file; the object read back has what they add."""
    tally = world.tally("mutated")
    tally.write_policy("mutations.yaml", objects.MUTATIONS)
    tally.begin()
    until("the mutating configuration is there", lambda: world.webhooks("mutating"))
    space = world.namespace("mutated", tier="restricted", mode="enforce")

    def is_mutated():
        status, made = world.cluster.create(objects.pod("probe", space), dry_run=True)
        return status == 201 and made["metadata"].get("labels", {}).get("team")
    until("the API server asks for mutations", is_mutated)
    world.cluster.must("create", "-f", "-", given=[objects.pod("plain", space), objects.pod("owned", space, team="blue")])
    for name, team in (("plain", "unknown"), ("owned", "blue")):
        meta = world.cluster.get("pod", name, space)["metadata"]
        claim(meta["labels"]["team"] == team and meta["annotations"]["zone"] == "inner", f"{name} has {meta}")


@scenario
def first_pod_of_a_namespace_is_judged_by_its_labels(world):
    """Namespace and pod in one file: no watch has seen the namespace when the pod comes."""
    world.tally("first").begin()
    for i in range(5):
        space = f"first-pod-{i}"
        both = [objects.namespace(space, tier="baseline", mode="enforce"), objects.pod("bad", space, bad=True)]
        answer = world.cluster.kubectl("apply", "-f", "-", given=both)
        claim_in([f"namespace/{space} created"], answer.stdout, "kubectl apply")
        claim(answer.returncode != 0, "the pod was created")
        claim_in("baseline/privileged", answer.stderr, "the denial")
        free = f"first-free-{i}"
        world.cluster.must("apply", "-f", "-", given=[objects.namespace(free), objects.pod("bad", free, bad=True)])


@scenario
def raised_scope_is_enforced_and_recorded(world):
    """tally.yaml changes from audit to enforce while it serves: what was admitted is refused, and who raised it is told."""
    tally = world.tally("raised").begin()
    space = world.namespace("raised", tier="baseline")
    world.cluster.must("create", "-f", "-", given=[objects.pod("before", space, bad=True)])
    tally.change_config("  scopes:\n", f"  scopes:\n    - {{name: raised, namespaces: [{space}], mode: enforce}}\n")
    world.wait_refused(space)
    claim_in(["raised", "enforce"], until("the change is kept", lambda: tally.ask("decision", "scopes")), "decision scopes")
    # One that cannot be read changes nothing.
    tally.change_config("mode: audit", "mode: sometimes")
    tally.wait_log("the configuration is refused")
    world.wait_refused(space)


def sidecar_policy(name, space):
    """A MutatingAdmissionPolicy of the API server itself: every pod of a namespace gets a privileged container."""
    group = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    container = (f'Object.spec.containers{{name: "sidecar", image: "{objects.IMAGE}", '
                 'securityContext: Object.spec.containers.securityContext{privileged: true}}')
    patch = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": f"Object{{spec: Object.spec{{containers: [{container}]}}}}"}}
    return [{"apiVersion": group, "kind": "MutatingAdmissionPolicy", "metadata": {"name": name},
             "spec": {"failurePolicy": "Fail", "reinvocationPolicy": "Never", "mutations": [patch], "matchConstraints": {
                 "resourceRules": [rule], "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}}}}},
            {"apiVersion": group, "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": {"policyName": name}}]


@scenario
def injected_container_is_named(world):
    """The object is judged as other mutators left it; the denial says that the author did not write the container."""
    world.tally("injected").begin()
    space = world.namespace("injected", tier="baseline", mode="enforce")
    world.cluster.must("create", "-f", "-", given=sidecar_policy("inject-sidecar", space))
    try:
        world.wait_refused(space, objects.pod("good", space))
        answer = world.cluster.kubectl("apply", "-f", "-", given=[objects.pod("good", space)])
        claim(answer.returncode != 0, "the pod was created")
        claim_in(["baseline/privileged", "container sidecar was put in by a webhook or a mutating policy: what kubectl applied does not have it"], answer.stderr, "the denial")
    finally:
        world.cluster.must("delete", "mutatingadmissionpolicy,mutatingadmissionpolicybinding", "inject-sidecar")
