"""Certificates, the end of the process, and the store."""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess

import objects
from failures import Creations, judge
from tally import review_of
from tools import Load, Skipped, claim, claim_in, end, scenario, spawn, until

LIFE = "15s"  # of a serving certificate; the authority lives four times as long


@scenario
def certificates_rotate_under_load(world):
    """Serving certificates and the authority are replaced while pods are created: no request fails, the bundle of the configuration changes."""
    tally = world.tally("rotating", flags=["--certificate-life", LIFE, "--service", "tally-rotating"]).begin()
    space = world.namespace("rotating", tier="baseline", mode="enforce")
    world.wait_refused(space)
    bundles = {tally.bundle()}
    load = Creations(world, space)

    def connect(_):
        # As an API server that starts now: it trusts what the configuration says, and shakes hands anew.
        bundle = tally.bundle()
        bundles.add(bundle)
        judge(tally, space, bundle)
    fresh = Load(connect)
    renewals = lambda: tally.log.read_text().count("certificate renewed")
    until("certificates were renewed three times, and the authority once",
          lambda: (fresh.problem or renewals() >= 3 and len(bundles) >= 2), 120)
    fresh.stop()
    load.stop()
    claim(load.unanswered == 0, f"{load.unanswered} requests found nobody")


@scenario
def certificate_files_are_read_again(world):
    """As cert-manager replaces them: the new certificate is served, and the configuration says whom to trust."""
    if shutil.which("openssl") is None:
        raise Skipped("openssl is not here")
    folder = world.scratch / "renewed"
    folder.mkdir()

    def issue():
        made = [folder / "fresh.crt", folder / "fresh.key"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", made[1], "-out",
                        made[0], "-days", "2", "-subj", "/CN=tally", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        for one in made:
            one.replace(folder / one.name.replace("fresh", "tls"))
        return (folder / "tls.crt").read_text()
    issue()
    certificate, key = folder / "tls.crt", folder / "tls.key"
    tally = world.tally("files", flags=["--certificate", certificate, "--key", key, "--authority", certificate]).begin()
    space = world.namespace("files", tier="baseline", mode="enforce")
    renewed = issue()
    until("the configuration trusts the new certificate", lambda: tally.bundle().strip() == renewed.strip())

    def is_served():
        try:
            judge(tally, space, renewed)
        except ssl.SSLCertVerificationError:
            return False
        return True
    until("the new certificate is served", is_served)
    world.wait_refused(space)


@scenario
def request_under_way_is_answered_at_the_end(world):
    """SIGTERM comes when half of a request has arrived: the rest is read, judged and answered, then the process ends with 0."""
    tally = world.tally("drained").begin()
    space = world.namespace("drained", tier="baseline", mode="enforce")
    world.wait_refused(space)
    body = json.dumps(review_of(objects.pod("bad", space, bad=True))).encode()
    head = (f"POST /validate?timeout=10s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n").encode()
    trust = ssl.create_default_context(cadata=tally.bundle())
    with socket.create_connection(("127.0.0.1", tally.port), 20) as raw, trust.wrap_socket(raw, server_hostname="127.0.0.1") as one:
        one.sendall(head + body[:200])
        # A whole request on another connection: what was sent before has been read by now.
        judge(tally, space, tally.bundle())
        tally.process.send_signal(signal.SIGTERM)
        tally.wait_log("draining")
        one.sendall(body[200:])
        answer = b""
        while part := one.recv(65536):
            answer += part
    claim_in(["HTTP/1.1 200", '"allowed":false', "baseline/privileged"], answer.decode(), "the answer")
    claim(end(tally.process, signal.SIGTERM) == 0, "it did not end well")
    rows = tally.rows("decision", "--denied", "-n", space)
    claim(any(row["decision"]["user"] == "somebody" for row in rows), "what was decided last is not kept")


def find_postgresql():
    """The programs of Debian's newest PostgreSQL, and the user that may run them (root may not)."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda f: int(f.parent.name))
    if not folders or not (folders[-1] / "initdb").exists():
        raise Skipped("PostgreSQL's server is not here (Debian: postgresql)")
    if os.geteuid() != 0:
        return folders[-1], {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise Skipped("there is no user postgres") from None
    return folders[-1], {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@scenario
def sqlite_keeps_decisions_over_a_restart(world):
    """The file of the state folder: a decision is there after kill -9, and is still explained."""
    tally = world.tally("sqlite").begin()
    space = world.namespace("sqlite", tier="baseline", mode="enforce")
    world.cluster.kubectl("create", "-f", "-", given=[objects.pod("bad", space, bad=True)])
    number = until("the decision is kept", lambda: tally.rows("decision", "--denied", "-n", space))[0]["id"]
    tally.kill()
    claim_in("baseline", tally.ask("decision", "show", number), "decision show")
    tally.begin()
    claim_in("baseline", tally.ask("decision", "show", number), "decision show while it runs")


@scenario
def postgresql_is_a_store(world):
    """Two replicas keep what they decide in one PostgreSQL; when it is gone, requests are answered all the same."""
    programs, user = find_postgresql()
    folder = world.scratch / "postgresql"
    folder.mkdir()
    os.chmod(world.scratch, 0o711)
    if user:
        os.chown(folder, user["user"], user["group"])
    subprocess.run([programs / "initdb", "-D", folder / "data", "-U", "tally", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
                   check=True, capture_output=True, cwd="/", **user)
    log = world.scratch / "postgresql.log"
    server = spawn([programs / "postgres", "-D", folder / "data", "-c", "listen_addresses=", "-k", folder, "-c", "fsync=off"], log, cwd="/", **user)
    try:
        until("PostgreSQL is ready", lambda: "ready to accept connections" in log.read_text())
        store = f"postgresql://tally@/postgres?host={folder}"
        tally = world.tally("postgresql", flags=["--store", store]).begin()
        space = world.namespace("postgresql", tier="baseline", mode="enforce")
        answer = world.cluster.kubectl("create", "-f", "-", given=[objects.pod("bad", space, bad=True)])
        number = re.search(r"Decision (d-\w+)", answer.stderr).group(1)
        rows = until("the decision is kept", lambda: tally.rows("decision", "--denied", "-n", space, store=store))
        claim(rows[0]["id"] == number, f"the denial names {number}, kept is {rows[0]['id']}")
        claim_in("baseline", tally.ask("decision", "show", number, store=store), "decision show")
        claim(not pathlib.Path(tally.store).exists(), "there is a file of SQLite, too")
        end(server)
        world.wait_refused(space)
        claim(tally.is_ready(), "it is not ready without its store")
    finally:
        end(server, signal.SIGQUIT)
