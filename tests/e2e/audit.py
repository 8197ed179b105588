"""The continuous audit: what was there before, what changes, and the reports in the cluster."""
import objects
from tools import claim, claim_in, scenario, until

REPORTS = "wgpolicyk8s.io"


def open_rules(tally, space):
    """(object, rule) of what is wrong in a namespace now and counts as high."""
    return {(row["subject"]["name"], row["rule"])
            for row in tally.rows("finding", "--open", "--severity", "high", "-n", space, "--limit", "0")}


@scenario
def audit_finds_what_was_there_before(world):
    """A pod older than the process is found; deleting it resolves the finding."""
    space = world.namespace("before", tier="baseline")
    world.cluster.must("create", "-f", "-", given=[objects.pod("old", space, bad=True), objects.pod("good", space)])
    tally = world.tally("before").begin()
    until("the old pod is found", lambda: ("old", "privileged") in open_rules(tally, space))
    claim(not [rule for name, rule in open_rules(tally, space) if name == "good"], "the good pod is found, too")
    world.cluster.must("delete", "pod", "old", "-n", space)
    until("its findings are resolved", lambda: not open_rules(tally, space))
    claim_in("privileged", tally.ask("finding", "list", "--resolved", "-n", space), "finding list --resolved")


@scenario
def label_change_of_a_namespace_rejudges_its_pods(world):
    """From privileged to baseline and back: the same pod is wrong, then right, though nobody touched it."""
    tally = world.tally("relabelled").begin()
    space = world.namespace("relabelled", tier="privileged")
    other = world.namespace("relabelled", tier="privileged")
    both = [objects.pod("node-agent", one, bad=True) for one in (space, other)]
    world.cluster.must("create", "-f", "-", given=both)
    judged = lambda: tally.metric("tally_audit_objects") or 0
    until("the pods are judged", lambda: judged() >= 2 and tally.metric("tally_audit_queue_length") == 0)
    claim(not open_rules(tally, space), f"found before: {open_rules(tally, space)}")
    world.cluster.must("label", "namespace", space, "tier=baseline", "--overwrite")
    until("the pod is found", lambda: ("node-agent", "privileged") in open_rules(tally, space))
    claim(not open_rules(tally, other), "the pod of the other namespace is found, too")
    world.cluster.must("label", "namespace", space, "tier=privileged", "--overwrite")
    until("its finding is resolved", lambda: not open_rules(tally, space))


@scenario
def audit_follows_the_policies(world):
    """A policy that comes finds objects of the past; when it goes, so do its findings."""
    space = world.namespace("swept")
    world.cluster.must("create", "-f", "-", given=[objects.pod("old", space)])
    tally = world.tally("swept").begin()
    tally.write_policy("owners.yaml", objects.expression_policy("owners", "'owner' in object.metadata.?labels.orValue({})", "pods"))
    found = lambda: [row for row in tally.rows("finding", "--open", "-n", space, "--limit", "0") if row["policy"] == "owners"]
    until("the old pod is found", found)
    (tally.policies / "owners.yaml").unlink()
    until("the finding is resolved", lambda: not found())


@scenario
def reports_are_written(world):
    """Where the definition of PolicyReport exists, each namespace has a report with the counts; it follows what changes."""
    world.cluster.must("apply", "-f", "-", given=[objects.open_definition(REPORTS, "PolicyReport", "policyreports", "Namespaced", "v1alpha2"),
                                                  objects.open_definition(REPORTS, "ClusterPolicyReport", "clusterpolicyreports", version="v1alpha2")])
    try:
        world.cluster.must("wait", "--for=condition=Established", f"crd/policyreports.{REPORTS}", "--timeout=30s")
        space = world.namespace("reported", tier="baseline")
        world.cluster.must("create", "-f", "-", given=[objects.pod("bad", space, bad=True)])
        world.tally("reported").begin()

        def results():
            listed = world.cluster.must("get", "policyreports", "-n", space, "-o", "jsonpath={range .items[*].results[*]}{.rule} {.result}{\"\\n\"}{end}")
            return listed.splitlines()
        until("the report names the rule", lambda: [r for r in results() if "privileged" in r and r.endswith("fail")], 60)
        world.cluster.must("delete", "pod", "bad", "-n", space)
        until("the report is without it", lambda: not [r for r in results() if "privileged" in r and r.endswith("fail")], 60)
    finally:
        world.cluster.must("delete", "crd", f"policyreports.{REPORTS}", f"clusterpolicyreports.{REPORTS}", "--ignore-not-found")
