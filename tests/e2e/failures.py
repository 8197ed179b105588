"""The API server is killed, tally is killed, one of two replicas is killed: nothing wrong is ever admitted, and all of it comes back."""
import shutil
import subprocess

import objects
from policies import define_cluster_policy, forget_cluster_policy
from tools import POLL, Failed, Forwarder, Load, Skipped, claim, claim_in, scenario, until

ROUNDS = 3  # how often tally is killed under load


def judge(tally, space, bundle):
    """Asks without the API server: a pod that breaks its tier is denied, another is not."""
    denied = tally.review(objects.pod("bad", space, bad=True), bundle)
    claim(not denied["allowed"], "a pod that breaks its tier is allowed")
    claim_in("baseline/privileged", denied["status"]["message"], "the denial")
    claim(tally.review(objects.pod("good", space), bundle)["allowed"], "a pod within its tier is denied")


class Creations:
    """Creates pods without end: those within their tier, and those that break it, which must never be made."""

    def __init__(self, world, space):
        self.world, self.space, self.made, self.refused, self.unanswered = world, space, 0, 0, 0
        self.loads = [Load(lambda n: self.one(n, False)), Load(lambda n: self.one(n, True))]

    def one(self, number, bad):
        status, body = self.world.cluster.create(objects.pod(f"{'bad' if bad else 'good'}-{number}", self.space, bad=bad))
        if status == 201:
            claim(not bad, f"{self.space}/bad-{number} breaks its tier and was created")
            self.made += 1
        elif status == 403 and bad:
            self.refused += 1
        elif status == 500 and "failed calling webhook" in body["message"]:
            self.unanswered += 1  # failurePolicy Fail
        else:
            raise Failed(f"a {'bad' if bad else 'good'} pod: {status} {body}")
        POLL.wait(0.005)

    def wait_progress(self, seconds):
        """Until both kinds are answered again."""
        made, refused = self.made, self.refused
        until("requests are answered again", lambda: self.is_broken() or self.made > made + 20 and self.refused > refused + 20, seconds)

    def is_broken(self):
        return any(load.problem is not None for load in self.loads)

    def stop(self):
        for load in self.loads:
            load.stop()
        claim(self.made > 20 and self.refused > 20, f"too little was asked: {self.made} made, {self.refused} refused")
        there = self.world.cluster.must("get", "pods", "-n", self.space, "-o", "name").split()
        claim(there and not [name for name in there if "/bad-" in name], "a pod that breaks its tier is there")
        print(f"  {self.made} created, {self.refused} refused, {self.unanswered} refused for want of an answer")


@scenario
def api_server_is_killed_and_comes_back(world):
    """Reviews are answered meanwhile; then the watches resume, and a policy that is created acts."""
    define_cluster_policy(world)
    try:
        tally = world.tally("alone").begin()
        space = world.namespace("alone", tier="baseline", mode="enforce")
        world.wait_refused(space)
        bundle = tally.bundle()
        world.cluster.kill_api_server()
        try:
            for _ in range(20):
                judge(tally, space, bundle)
            claim(tally.is_ready(), "it is not ready without the API server")
        finally:
            world.cluster.start_api_server()
        world.cluster.must("create", "-f", "-", given=[objects.label_policy("owners")])
        world.wait_refused(space, objects.config_map("probe", space), 60)
        later = world.namespace("alone", tier="baseline", mode="enforce")
        world.wait_refused(later)
        claim(tally.is_alive(), "it ended")
    finally:
        forget_cluster_policy(world)


@scenario
def starts_before_the_api_server_answers(world):
    """With certificates from files and the policies of its last run, it judges before it has seen the API server."""
    if shutil.which("openssl") is None:
        raise Skipped("openssl is not here")
    folder = world.scratch / "files"
    folder.mkdir()
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                    certificate, "-days", "2", "-subj", "/CN=tally", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    tally = world.tally("cold", flags=["--certificate", certificate, "--key", key, "--authority", certificate])
    tally.write_policy("never.yaml", objects.expression_policy("never", "false", "pods"))
    tally.begin()
    tally.kill()
    world.cluster.kill_api_server()
    try:
        tally.start()
        until("it listens", tally.is_ready)
        tally.wait_log("policies of the last run are in force")
        denied = tally.review(objects.pod("good", "anywhere"), certificate.read_text())
        claim(not denied["allowed"], "the policy of the last run is forgotten")
        claim_in("never says no", denied["status"]["message"], "the denial")
    finally:
        world.cluster.start_api_server()
    tally.wait_log("the cluster is known", 60)
    (tally.policies / "never.yaml").unlink()
    space = world.namespace("cold")
    world.wait_admitted(objects.pod("good", space))


@scenario
def killed_under_load_it_never_answers_wrongly(world):
    """kill -9 again and again while pods are created; what repairs a workload works without it."""
    tally = world.tally("killed").begin()
    space = world.namespace("killed", tier="baseline")
    world.cluster.must("create", "-f", "-", given=[objects.deployment("old", space, bad=True), objects.pod("old-pod", space, bad=True)])
    world.cluster.must("label", "namespace", space, "mode=enforce")
    world.wait_refused(space)
    load = Creations(world, space)
    for i in range(ROUNDS):
        load.wait_progress(30)
        tally.kill()
        unanswered = load.unanswered
        until("requests find nobody", lambda before=unanswered: load.is_broken() or load.unanswered > before + 20)
        if i == 0:
            world.cluster.must("scale", "deployment", "old", "-n", space, "--replicas=0")
            world.cluster.must("delete", "pod", "old-pod", "-n", space)
        tally.start()
        load.wait_progress(30)
    tally.wait_log("policies of the last run are in force")
    load.stop()
    world.cluster.must("scale", "deployment", "old", "-n", space, "--replicas=1")
    world.cluster.must("delete", "deployment", "old", "-n", space)
    claim(tally.terminate() == 0, "it did not end well")


def begin_two(world, name):
    """Two replicas of one Lease, and the address in front of them."""
    both = [world.tally(f"{name}-{letter}", lease=name) for letter in "ab"]
    front = Forwarder([one.port for one in both])
    for one in both:
        one.url = f"https://127.0.0.1:{front.port}"
        one.start()
    for one in both:
        until(f"{one.name} is ready", one.is_ready)
    both[0].wait_asked()
    return both, front


@scenario
def two_replicas_fail_over(world):
    """Two processes, one Lease, one address in front: the leader is killed, requests go on, the other leads within 20 s and writes."""
    (first, second), front = begin_two(world, "two")
    try:
        leads = lambda one: one.is_alive() and one.metric("tally_leader") == 1
        until("one leads", lambda: leads(first) + leads(second) == 1)
        leader, other = (first, second) if leads(first) else (second, first)
        space = world.namespace("two", tier="baseline", mode="enforce")
        load = Creations(world, space)
        load.wait_progress(30)
        leader.kill()
        load.wait_progress(10)
        until("the other leads", lambda: leads(other), 20)
        other.write_policy("owners.yaml", objects.expression_policy("owners", "'owner' in object.metadata.?labels.orValue({})"))
        world.wait_refused(space, objects.config_map("probe", space))
        leader.write_policy("owners.yaml", (other.policies / "owners.yaml").read_text())
        leader.start()
        until("the first is back", leader.is_ready)
        load.wait_progress(10)
        claim(leads(other) and not leads(leader), "the lease moved without need")
        load.stop()
    finally:
        front.stop()


@scenario
def rolling_restart_loses_no_request(world):
    """Two replicas end by SIGTERM and start again, one after the other, while pods are created: no request finds nobody."""
    both, front = begin_two(world, "rolling")
    try:
        space = world.namespace("rolling", tier="baseline", mode="enforce")
        load = Creations(world, space)
        for one in both:
            load.wait_progress(30)
            claim(one.terminate() == 0, f"{one.name} did not end well")
            load.wait_progress(30)
            one.start()
            until(f"{one.name} is ready", one.is_ready)
        load.wait_progress(30)
        load.stop()
        claim(load.unanswered == 0, f"{load.unanswered} requests found nobody")
    finally:
        front.stop()
