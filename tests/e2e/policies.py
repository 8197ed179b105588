"""Policies that come, change and go, and the webhook configurations that follow them."""
import json

import objects
from tally import CONFIGURATION, SPACE
from tools import claim, scenario, until

GROUP = "kyverno.io"


def define_cluster_policy(world):
    """The definition of Kyverno's ClusterPolicy."""
    world.cluster.must("apply", "-f", "-", given=[objects.open_definition(GROUP, "ClusterPolicy", "clusterpolicies")])
    world.cluster.must("wait", "--for=condition=Established", "crd/clusterpolicies.kyverno.io", "--timeout=30s")


def forget_cluster_policy(world):
    world.cluster.must("delete", "crd", "clusterpolicies.kyverno.io", "--ignore-not-found")


def asked_resources(world, word="validating"):
    """Every resource about which the configuration asks."""
    found = world.webhooks(word)
    return {resource for hook in (found or {"webhooks": []})["webhooks"] for rule in hook["rules"] for resource in rule["resources"]}


@scenario
def kind_whose_definition_appears_later_is_watched(world):
    """A ClusterPolicy in the cluster, whose definition is younger than the process, is enforced; deleting it stops that."""
    world.tally("later").begin()
    space = world.namespace("later")
    world.cluster.must("create", "-f", "-", given=[objects.config_map("before", space)])
    define_cluster_policy(world)
    try:
        world.cluster.must("create", "-f", "-", given=[objects.label_policy("owners")])
        world.wait_refused(space, objects.config_map("probe", space))
        answer = world.cluster.kubectl("create", "-f", "-", given=[objects.config_map("bare", space)])
        claim("the label owner is missing" in answer.stderr, f"kubectl says {answer.stderr}")
        world.cluster.must("create", "-f", "-", given=[objects.config_map("owned", space, owner="blue")])
        # A change of the policy counts, too.
        world.cluster.must("apply", "-f", "-", given=[objects.label_policy("owners", label="cost-centre")])
        world.wait_refused(space, objects.config_map("probe", space, owner="blue"))
        world.cluster.must("delete", "clusterpolicy", "owners")
        world.wait_admitted(objects.config_map("probe", space))
    finally:
        forget_cluster_policy(world)


@scenario
def broken_policy_never_displaces_a_working_one(world):
    """Neither an expression that does not compile nor a file that is no YAML; the log and the metrics say so, a restart forgets nothing."""
    tally = world.tally("broken")
    tally.write_policy("owners.yaml", objects.expression_policy("owners", "'owner' in object.metadata.?labels.orValue({})"))
    tally.begin()
    space = world.namespace("broken")
    bare = objects.config_map("probe", space)
    world.wait_refused(space, bare)

    tally.write_policy("owners.yaml", objects.expression_policy("owners", "object.metadata.("))
    until("the last good policy stands in", lambda: tally.metric("tally_policies_loaded", state="last-good") == 1)
    tally.wait_log("its last good text stays")
    world.wait_refused(space, bare)

    tally.write_policy("owners.yaml", "kind: [ValidatingAdmissionPolicy\n")
    tally.wait_log("a policy file cannot be read")
    # Something else changes, so that the policies are surely loaded with the broken file among them.
    tally.write_policy("zones.yaml", objects.expression_policy("zones", "!has(object.metadata.annotations)"))
    marked = objects.config_map("marked", space, owner="blue")
    marked["metadata"]["annotations"] = {"zone": "inner"}
    world.wait_refused(space, marked)
    world.wait_refused(space, bare, 5)

    tally.kill()
    tally.begin()
    world.wait_refused(space, bare)

    tally.write_policy("owners.yaml", objects.expression_policy("owners", "true"))
    world.wait_admitted(bare)
    claim(tally.metric("tally_policies_loaded", state="last-good") == 0, "a last good policy is still counted")


@scenario
def configuration_follows_the_policies(world):
    """Rules appear and disappear with the policies; the configuration of what mutates goes when nothing mutates."""
    tally = world.tally("follows").begin()
    claim("configmaps" not in asked_resources(world), "config maps are asked about before a policy speaks of them")
    claim(world.webhooks("mutating") is None, "a mutating configuration without a mutating policy")
    tally.write_policy("owners.yaml", objects.expression_policy("owners", "true"))
    until("config maps are asked about", lambda: "configmaps" in asked_resources(world))
    tally.write_policy("mutations.yaml", objects.MUTATIONS)
    until("mutations are asked for", lambda: asked_resources(world, "mutating") >= {"pods"})
    (tally.policies / "owners.yaml").unlink()
    (tally.policies / "mutations.yaml").unlink()
    until("config maps are asked about no more", lambda: "configmaps" not in asked_resources(world))
    until("the mutating configuration is gone", lambda: world.webhooks("mutating") is None)
    claim("pods" in asked_resources(world), "pods are asked about no more")


@scenario
def own_and_system_namespaces_are_exempt(world):
    """Nothing in them waits for the webhook: the cluster can be repaired when it is dead."""
    tally = world.tally("exempt")
    tally.write_policy("never.yaml", objects.expression_policy("never", "false"))
    tally.begin()
    space = world.namespace("exempt")
    world.wait_refused(space, objects.config_map("probe", space))
    for alive in (True, False):
        if not alive:
            tally.kill()
        for exempt in (SPACE, "kube-system"):
            name = f"alive-{alive}".lower()
            world.cluster.must("create", "-f", "-", given=[objects.config_map(name, exempt), objects.pod(name, exempt, bad=True)])
            world.cluster.must("delete", "pod,configmap", name, "-n", exempt)
        # What deadlocks: the configuration itself, namespaces, nodes, leases.
        world.cluster.must("create", "namespace", f"exempt-{alive}".lower())
    status, body = world.cluster.create(objects.config_map("probe", space), dry_run=True)
    claim(status == 500 and "failed calling webhook" in body["message"], f"without the webhook: {status} {body}")
    world.cluster.must("annotate", "validatingwebhookconfiguration", CONFIGURATION, "repaired=yes")


@scenario
def configuration_that_somebody_changed_comes_back(world):
    """The failure policy and the rules are changed by hand: for a moment nobody is asked, then both are as they were."""
    world.tally("restored").begin()
    space = world.namespace("restored", tier="baseline", mode="enforce")
    patch = [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"},
             {"op": "replace", "path": "/webhooks/0/rules", "value": []}]
    world.cluster.must("patch", "validatingwebhookconfiguration", CONFIGURATION, "--type=json", "-p", json.dumps(patch))
    world.wait_admitted(objects.pod("probe", space, bad=True))
    world.wait_refused(space, seconds=90)
    found = world.webhooks("validating")
    claim(found["webhooks"][0]["failurePolicy"] == "Fail", "the failure policy stayed changed")
