"""The cluster of tests/cluster (etcd and kube-apiserver on loopback), and kubectl and HTTP as its clients."""
import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess

from tools import Failed, claim, die_with_parent, end, spawn, until

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Cluster:
    def __init__(self, scratch):
        self.scratch = scratch
        self.restarted = None  # the API server that we started ourselves
        folder = ROOT / "tests/cluster"
        program = scratch / "cluster"
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        subprocess.run(["go", "build", "-buildvcs=false", "-o", program, "."], cwd=folder, env=environment, check=True)
        self.server = subprocess.Popen([program, "-here", folder, "-cache", ROOT / "build/cluster", "serve"], env=environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        said = ""
        for line in self.server.stdout:
            said += line
            if line.startswith("audit log:"):
                break
        found = re.search(r"^export KUBECONFIG=(\S+)\n(\S+) get namespaces", said, re.M)
        if found is None:
            self.stop()
            raise Failed(f"tests/cluster did not start: {said}")
        self.kubeconfig, self.program = found.groups()
        self.versions = said.split(":")[0]
        text = pathlib.Path(self.kubeconfig).read_text()
        self.host, self.port = re.search(r'server: "https://([\d.]+):(\d+)"', text).groups()
        self.token = re.search(r'token: "(\w+)"', text).group(1)
        self.trust = ssl.create_default_context(cafile=re.search(r'certificate-authority: "([^"]+)"', text).group(1))

    def stop(self):
        end(self.restarted)
        end(self.server, signal.SIGTERM)
        self.server.stdout.close()

    # --- kubectl

    def kubectl(self, *arguments, given=None, seconds=60):
        """Runs kubectl; its result, whatever it is. `given`: objects, or text, for its standard input."""
        if given is not None and not isinstance(given, str):
            given = json.dumps({"apiVersion": "v1", "kind": "List", "items": given})
        command = [self.program, "--kubeconfig", self.kubeconfig, "--cache-dir", str(self.scratch / "kubectl"), *arguments]
        return subprocess.run(command, input=given, stdin=subprocess.DEVNULL if given is None else None, capture_output=True, text=True,
                              timeout=seconds, check=False)

    def must(self, *arguments, given=None):
        result = self.kubectl(*arguments, given=given)
        claim(result.returncode == 0, f"kubectl {' '.join(arguments)}: {result.stderr}")
        return result.stdout

    def get(self, kind, name, namespace=None):
        """The object, or None."""
        place = [] if namespace is None else ["-n", namespace]
        result = self.kubectl("get", kind, name, *place, "-o", "json", "--ignore-not-found")
        claim(result.returncode == 0, f"kubectl get {kind} {name}: {result.stderr}")
        return json.loads(result.stdout) if result.stdout.strip() else None

    # --- without kubectl, for loops

    def client(self):
        return Client(self)

    def create(self, made, dry_run=False):
        with self.client() as client:
            return client.create(made, dry_run)

    # --- the API server's own fate

    def api_server(self):
        """The process id of the API server."""
        if self.restarted is not None:
            return self.restarted.pid
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.server.pid and "kube-apiserver" in (folder / "cmdline").read_text():
                    return int(folder.name)
            except OSError:
                continue  # ended meanwhile
        raise Failed("the API server is not there")

    def kill_api_server(self):
        number = self.api_server()
        folder = pathlib.Path("/proc") / str(number)
        self.command = (folder / "cmdline").read_text().split("\0")[:-1]
        self.folder = os.readlink(folder / "cwd")
        if self.restarted is not None:
            end(self.restarted)
        else:
            os.kill(number, signal.SIGKILL)
        until("the API server is gone", lambda: not self.is_ready())

    def start_api_server(self):
        self.restarted = spawn(self.command, self.scratch / "kube-apiserver.log", cwd=self.folder)
        until("the API server is ready again", self.is_ready, 120)

    def is_ready(self):
        try:
            with self.client() as client:
                return client.send("GET", "/readyz")[0] == 200
        except OSError:
            return False


class Client:
    """One connection to the API server, kept open."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.connection = http.client.HTTPSConnection(cluster.host, int(cluster.port), timeout=40, context=cluster.trust)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, method, path, body=None):
        """The status and the object of the answer, or its text."""
        headers = {"Authorization": f"Bearer {self.cluster.token}", "Content-Type": "application/json"}
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as problem:
            self.connection.close()
            raise OSError(str(problem)) from problem
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def create(self, made, dry_run=False):
        """Of pods and ConfigMaps: the status, and the object or the reason."""
        plural = {"Pod": "pods", "ConfigMap": "configmaps"}[made["kind"]]
        query = "?dryRun=All" if dry_run else ""
        return self.send("POST", f"/api/v1/namespaces/{made['metadata']['namespace']}/{plural}{query}", made)
