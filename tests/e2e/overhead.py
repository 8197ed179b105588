"""What a cluster sees of it: how long the creation of a pod takes through the API server, without and with the webhook."""
import statistics
import time

import objects
from tools import claim, scenario

COUNT = 200


def measure(world, space):
    """Milliseconds of each creation, one after the other over one connection."""
    times = []
    with world.cluster.client() as client:
        for i in range(COUNT):
            began = time.perf_counter()
            status, body = client.create(objects.pod(f"p{i}", space))
            times.append((time.perf_counter() - began) * 1000)
            claim(status == 201, f"{status} {body}")
    return times


def told(name, times):
    ordered = sorted(times)
    print(f"  creation of a pod, {name}: median {statistics.median(ordered):.2f} ms, p99 {ordered[int(COUNT * 0.99) - 1]:.2f} ms ({COUNT} pods)")


@scenario
def overhead_is_printed(world):
    """A figure, not a claim: the machine decides it."""
    measure(world, world.namespace("warm-up"))
    off = measure(world, world.namespace("off"))
    tally = world.tally("overhead")
    tally.write_policy("owners.yaml", objects.expression_policy("owners", "has(object.spec)", "pods"))
    tally.begin()
    measure(world, world.namespace("warm-up", tier="restricted", mode="enforce"))
    on = measure(world, world.namespace("on", tier="restricted", mode="enforce"))
    told("without tally", off)
    told("with tally   ", on)
    print(f"  overhead at the median: {statistics.median(on) - statistics.median(off):.2f} ms")
