"""`tally serve` as a process: started, asked, watched and ended; and the world in which scenarios run."""
import base64
import contextlib
import http.client
import itertools
import json
import re
import signal
import ssl
import subprocess
import urllib.request

import objects
from tools import claim, end, free_ports, spawn, until

SPACE = "tally-system"
CONFIGURATION = "tally"  # the name of both webhook configurations

CONFIG = """\
apiVersion: tallystick.dev/v1alpha1
kind: Configuration
tiers:
  privileged: [{selector: "tier=privileged"}]
  baseline: [{selector: "tier=baseline"}]
  restricted: [{selector: "tier=restricted"}]
enforcement:
  mode: audit
  podControllers: %(controllers)s
  scopes:
    - {name: enforced, selector: "mode=enforce", mode: enforce}
    - {name: warned, selector: "mode=warn", mode: warn}
serve: {lease: %(lease)s}
"""


def config(lease, controllers="warn"):
    return CONFIG % {"lease": lease, "controllers": controllers}


class Tally:
    """One process of `tally serve` with its own state folder; it can be started again after its end."""

    def __init__(self, world, name, flags=(), url=None, lease=None):
        self.world, self.name, self.flags = world, name, list(flags)
        self.folder = world.scratch / name
        self.policies = self.folder / "policies"
        self.state = self.folder / "state"
        self.policies.mkdir(parents=True)
        (self.folder / "tally.yaml").write_text(config(lease or name))
        self.port, self.health = free_ports(2)
        self.url = url or f"https://127.0.0.1:{self.port}"
        self.log = self.folder / "log"
        self.store = str(self.state / "tally.db")
        self.process = None

    def start(self):
        self.process = spawn([self.world.program, "serve", "--kubeconfig", self.world.cluster.kubeconfig, "--config",
                              self.folder / "tally.yaml", "--policy", self.policies, "--listen", f"127.0.0.1:{self.port}", "--listen-health",
                              f"127.0.0.1:{self.health}", "--state", self.state, "--webhook-url", self.url, "--namespace", SPACE,
                              *self.flags], self.log)
        return self

    def begin(self):
        """Starts it, and returns when the API server asks it."""
        self.start()
        until(f"{self.name} is ready", self.is_ready)
        self.wait_asked()
        return self

    def wait_asked(self):
        """The configuration is ours, and the API server has read it: a probe that breaks its tier is refused."""
        until(f"the webhook configuration leads to {self.name}", lambda: self.url in json.dumps(self.world.webhooks("validating")))
        self.world.wait_refused(self.world.probe_space())

    def is_alive(self):
        claim(self.process.poll() is None, f"{self.name} ended by itself: {self.log.read_text()[-1500:]}")
        return True

    def is_ready(self):
        self.is_alive()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def metric(self, name, **labels):
        """The sum of the samples that carry these labels; None where there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = None
        for line in text.splitlines():
            sample = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if sample and sample[1] == name and all(f'{k}="{v}"' in (sample[2] or "") for k, v in labels.items()):
                found = (found or 0) + float(sample[3])
        return found

    def wait_log(self, text, seconds=30):
        until(f"{self.name} logs {text!r}", lambda: text in self.log.read_text(), seconds)

    def write_policy(self, file, content):
        """A file of the policy folder; replaced at once, as a mounted ConfigMap is."""
        text = content if isinstance(content, str) else "\n---\n".join(json.dumps(one) for one in content)
        fresh = self.folder / "fresh"
        fresh.write_text(text)
        fresh.replace(self.policies / file)

    def change_config(self, old, new):
        """Replaces the first `old` of tally.yaml."""
        file = self.folder / "tally.yaml"
        text = file.read_text()
        claim(old in text, f"tally.yaml has no {old!r}")
        fresh = self.folder / "fresh"
        fresh.write_text(text.replace(old, new, 1))
        fresh.replace(file)

    def kill(self):
        end(self.process)

    def terminate(self):
        return end(self.process, signal.SIGTERM)

    # --- asked without the API server

    def bundle(self):
        """What the API server is told to trust."""
        return base64.b64decode(self.world.webhooks("validating")["webhooks"][0]["clientConfig"]["caBundle"]).decode()

    def review(self, pod, bundle):
        """The response to an AdmissionReview about the creation of a pod, over a connection of its own."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=ssl.create_default_context(cadata=bundle))
        with contextlib.closing(connection):
            connection.request("POST", "/validate?timeout=10s", json.dumps(review_of(pod)), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            body = answer.read()
        claim(answer.status == 200, f"status {answer.status}: {body!r}")
        return json.loads(body)["response"]

    # --- what it has kept

    def ask(self, *arguments, store=None):
        """`tally ...` over its store; the text."""
        done = subprocess.run([self.world.program, *arguments, "--store", store or self.store], capture_output=True, text=True, check=False)
        claim(done.returncode == 0, f"tally {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def rows(self, verb, *arguments, store=None):
        """`tally decision list` or `tally finding list` as values."""
        document = json.loads(self.ask(verb, "list", *arguments, "-o", "json", store=store))
        return document[verb + "s"]


def review_of(pod):
    meta = pod["metadata"]
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "00000000-0000-4000-8000-000000000001", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "name": meta["name"], "namespace": meta["namespace"],
        "operation": "CREATE", "userInfo": {"username": "somebody"}, "object": pod, "oldObject": None, "dryRun": False,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"}}}


class World:
    """The cluster, the program, and what one scenario began; leave() undoes the latter."""

    def __init__(self, cluster, program, scratch):
        self.cluster, self.program, self.scratch = cluster, program, scratch
        self.numbers = itertools.count()
        self.running, self.spaces = [], {}
        cluster.must("create", "namespace", SPACE)

    def tally(self, name, **options):
        made = Tally(self, f"{name}-{next(self.numbers)}", **options)
        self.running.append(made)
        return made

    def namespace(self, name, **labels):
        """A fresh namespace whose name begins so."""
        full = f"{name}-{next(self.numbers)}"
        self.cluster.must("create", "-f", "-", given=[objects.namespace(full, **labels)])
        return full

    def probe_space(self):
        if "probe" not in self.spaces:
            self.spaces["probe"] = self.namespace("probe", tier="baseline", mode="enforce")
        return self.spaces["probe"]

    def webhooks(self, word):
        """A webhook configuration of ours, or None."""
        return self.cluster.get(f"{word}webhookconfiguration", CONFIGURATION)

    def wait_refused(self, space, made=None, seconds=30):
        """Until the object (by default a pod that breaks its tier) is refused by a policy: an API server that reaches nobody refuses, too."""
        made = made or objects.pod("probe", space, bad=True)

        def is_refused():
            status, body = self.cluster.create(made, dry_run=True)
            return status == 403 and "tally decision show" in body["message"]
        until(f"{made['kind']} {made['metadata']['name']} is refused in {space}", is_refused, seconds)

    def wait_admitted(self, made, seconds=30):
        until(f"{made['kind']} {made['metadata']['name']} is admitted",
              lambda: self.cluster.create(made, dry_run=True)[0] == 201, seconds)

    def leave(self):
        for one in self.running:
            if one.process is not None and one.process.poll() is None:
                one.terminate()
        self.running.clear()
        self.cluster.must("delete", "validatingwebhookconfiguration,mutatingwebhookconfiguration", CONFIGURATION, "--ignore-not-found")
        self.wait_admitted(objects.pod("probe", self.probe_space(), bad=True))
