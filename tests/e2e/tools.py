"""What every scenario uses: conditions that are waited for, claims, free ports, processes that never outlive the suite."""
import ctypes
import selectors
import signal
import socket
import subprocess
import threading
import time

POLL = threading.Event()  # never set: waiting for it is the pause between two looks
POLL_SECONDS = 0.05
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A claim of a scenario does not hold."""


class Skipped(Exception):
    """A scenario cannot run here; the text says why."""


def claim(holds, text):
    if not holds:
        raise Failed(text)


def claim_in(wanted, text, what):
    """Every one of `wanted` stands in `text`."""
    for part in [wanted] if isinstance(wanted, str) else wanted:
        claim(part in text, f"{what}: expected {part!r}, found {text[:1500]!r}")


def until(what, condition, seconds=30):
    """The first true value of `condition`; Failed when it does not become true in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        claim(time.monotonic() < end, f"not within {seconds} s: {what}")
        POLL.wait(POLL_SECONDS)


def free_ports(count):
    """Ports that were free a moment ago; all held until the last is found, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def die_with_parent():
    # However the suite ends, nothing that it began stays.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(command, log, **options):
    """A process whose output goes to a file."""
    with open(log, "ab") as out:
        return subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                preexec_fn=die_with_parent, **options)


def end(process, number=signal.SIGKILL, seconds=40):
    """Sends the signal to one process of ours and waits for it; its exit code."""
    if process is not None and process.poll() is None:
        process.send_signal(number)
    return None if process is None else process.wait(seconds)


class Load(threading.Thread):
    """Calls `work(number)` again and again until it is stopped; what it raises is kept and ends it."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.done, self.problem, self.stopped = work, 0, None, threading.Event()
        self.start()

    def run(self):
        try:
            while not self.stopped.is_set():
                self.work(self.done)
                self.done += 1
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def stop(self):
        self.stopped.set()
        self.join(60)
        if self.problem is not None:
            raise self.problem
        return self.done


class Forwarder:
    """One address in front of several: each connection goes to the first of them that answers, in turn. As a Service does it."""

    def __init__(self, ports):
        self.ports, self.turn = ports, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.forward, args=(client,), daemon=True).start()

    def connect(self):
        self.turn += 1
        for i in range(len(self.ports)):
            try:
                return socket.create_connection(("127.0.0.1", self.ports[(self.turn + i) % len(self.ports)]), 2)
            except OSError:
                continue
        return None

    def forward(self, client):
        server = self.connect()
        with client:
            if server is None:
                return
            with server, selectors.DefaultSelector() as both:
                server.settimeout(None)
                both.register(client, selectors.EVENT_READ, server)
                both.register(server, selectors.EVENT_READ, client)
                try:
                    while True:
                        for key, _ in both.select():
                            part = key.fileobj.recv(65536)
                            if not part:
                                return
                            key.data.sendall(part)
                except OSError:
                    return

    def stop(self):
        # Wakes accept(), which close() alone would not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


SCENARIOS = []


def scenario(function):
    """A test: called with the world, named by its function, told by its docstring."""
    SCENARIOS.append(function)
    return function
