"""A gateway under test: three network namespaces (inside – gateway – outside), the product started in the middle one, its API and its command line."""
import ctypes
import glob
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from wire import Inside, Port, Wires

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Unavailable(Exception):
    """Something that the judge needs is not here: the cases are skipped, and this says why."""


def appliance():
    """Path of the command line program; APPLIANCE overrides it."""
    found = os.environ.get("APPLIANCE") or ROOT / "artifacts/bin/Cli/release/appliance"
    if not os.access(found, os.X_OK):
        raise Unavailable(f"{found} is not built (dotnet build -c Release)")
    return str(found)


def die_with_parent():
    """A judge, and what it starts, ends when whoever started it is gone."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def prepare():
    """For the start of a judge: ends tidily on SIGTERM, and removes what a killed judge left behind."""
    die_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() != 0:
        return
    for name in run("ip", "netns", "list", check=False).split():
        owner = re.match(r"jdg(\d+)n\d+-", name)
        if owner and not os.path.exists(f"/proc/{owner.group(1)}"):
            run("ip", "netns", "del", name, check=False)
    for path in glob.glob("/dev/shm/jdg*n*"):
        owner = re.match(r"jdg(\d+)n", os.path.basename(path))
        if owner and not os.path.exists(f"/proc/{owner.group(1)}"):
            shutil.rmtree(path, ignore_errors=True)


def run(*command, check=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Api:
    """HTTP over the gateway's Unix socket, one connection kept open."""

    def __init__(self, path):
        self.path, self.connection = path, None

    def ask(self, method, target, body=None):
        """(status, object)."""
        text = json.dumps(body) if body is not None else None
        for attempt in (0, 1):
            try:
                self.connection = self.connection or Connection(self.path)
                self.connection.request(method, target, text, {"Content-Type": "application/json"} if text else {})
                answer = self.connection.getresponse()
                octets = answer.read()
                return answer.status, json.loads(octets) if octets else None
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt:
                    raise

    def get(self, target):
        status, answer = self.ask("GET", target)
        assert status == 200, f"GET {target}: {status} {answer}"
        return answer

    def post(self, target, body):
        status, answer = self.ask("POST", target, body)
        assert status == 200, f"POST {target}: {status} {answer}"
        return answer


class Gateway:
    """`with Gateway(configuration, …) as gateway:` a running gateway, its wires in `gateway.wires` ("lan", "wan"); everything is removed at the end.

    `links`: device: (addresses of the gateway, addresses of hosts that the judge plays behind it). A device whose hosts are None is left to the caller
    (its other end is in the namespace `gateway.namespace(device)`).
    """

    counter = 0

    def __init__(self, configuration, links, routes=(), mtu=1500):
        Gateway.counter += 1
        self.prefix = f"jdg{os.getpid()}n{Gateway.counter}"
        self.configuration, self.links, self.routes, self.mtu = configuration, links, routes, mtu
        self.process = self.wires = None
        self.made = []

    def namespace(self, name):
        return f"{self.prefix}-{name}"

    @property
    def inside(self):
        """Namespace of the gateway itself."""
        return self.namespace("gw")

    def __enter__(self):
        if os.geteuid() != 0:
            raise Unavailable("network namespaces and AF_PACKET need root")
        self.program = appliance()
        self.folder = tempfile.mkdtemp(prefix="appliance-judge-")
        self.environment = dict(os.environ, APPLIANCE_RUNTIME=f"/dev/shm/{self.prefix}")
        self.api = Api(f"/dev/shm/{self.prefix}/judge/api.sock")
        try:
            self._make_network()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make_network(self):
        self._add_namespace("gw")
        run("ip", "-n", self.inside, "link", "set", "lo", "up")
        ports = []
        for device, (addresses, hosts) in self.links.items():
            self._add_namespace(device)
            there = self.namespace(device)
            run("ip", "link", "add", device, "mtu", str(self.mtu), "netns", self.inside, "type", "veth", "peer", "name", device, "mtu", str(self.mtu), "netns", there)
            if hosts is not None:
                run("ip", "netns", "exec", there, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            # Checksums are complete in the packets themselves: an AF_XDP port sees nothing else.
            run("ip", "netns", "exec", there, "ethtool", "-K", device, "tx", "off")
            for address in addresses:
                run("ip", "-n", self.inside, "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
            run("ip", "-n", self.inside, "link", "set", device, "up")
            run("ip", "-n", there, "link", "set", device, "up")
            if hosts is not None:
                port = Port(device, there, device, hosts)
                port.gateway_mac = bytes.fromhex(json.loads(run("ip", "-n", self.inside, "-j", "link", "show", device))[0]["address"].replace(":", ""))
                ports.append(port)
        for to, via in self.routes:
            run("ip", "-n", self.inside, *(["-6"] if ":" in via else []), "route", "add", to, "via", via)
        self.wires = Wires(*ports)

    def _add_namespace(self, name):
        run("ip", "netns", "add", self.namespace(name))
        self.made.append(self.namespace(name))

    def is_well(self, health):
        return health["status"] == "ok"

    def arguments(self):
        """More words for `appliance run`."""
        return []

    def _start(self):
        path = os.path.join(self.folder, "gateway.yaml")
        pathlib.Path(path).write_text("instance: judge\n" + self.configuration)
        self.log = open(os.path.join(self.folder, "log"), "w+")
        self.process = subprocess.Popen(["ip", "netns", "exec", self.inside, self.program, "run", path, *self.arguments()], stdout=self.log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, env=self.environment, start_new_session=True, preexec_fn=die_with_parent)
        deadline = time.monotonic() + 40
        health = "no answer"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}: {self.tail()}")
            try:
                health = self.api.get("/health")
                if self.is_well(health):
                    return
            except (OSError, AssertionError, ValueError):
                pass
            self.wires.pump(0.05)
        raise RuntimeError(f"the gateway is not well after 40 s: {health} {self.tail()}")

    def tail(self):
        self.log.flush()
        self.log.seek(0)
        return " | ".join(self.log.read().splitlines()[-8:])

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.wires:
            self.wires.close()
        for namespace in self.made:
            run("ip", "netns", "del", namespace, check=False)
        shutil.rmtree(f"/dev/shm/{self.prefix}", ignore_errors=True)
        if os.environ.get("JUDGE_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, *arguments):
        """What `appliance …` prints."""
        return run(self.program, *arguments, env=self.environment)

    def drops(self):
        """Drop counters by reason over all workers, as `appliance show drops --json` gives them."""
        return _by_reason(json.loads(self.cli("show", "drops", "--json", "--instance", "judge")))

    def workers(self):
        answer = self.api.get("/workers")
        return answer["workers"] if isinstance(answer, dict) else answer

    def give_keys(self, tunnel, outbound, inbound, replay_window=64, owners=None):
        """Hands a pair of SAs (the judge's Sa objects: `outbound` is what the gateway sends by) to a tunnel; `owners`: the workers that own them."""
        more = [{"worker": worker} for worker in owners] if owners else [{}, {}]
        return self.api.post(f"/tunnels/{tunnel}/keys", {
            "cipher": outbound.cipher, "esn": outbound.esn, "replay_window": replay_window,
            "outbound": {"spi": outbound.spi, "key": outbound.key.hex(), **more[0]}, "inbound": {"spi": inbound.spi, "key": inbound.key.hex(), **more[1]}})

    def socket(self, *arguments):
        """A socket inside the gateway's own namespace."""
        with Inside(self.inside):
            return socket.socket(*arguments)


def _by_reason(answer):
    rows = answer["drops"] if isinstance(answer, dict) and "drops" in answer else answer
    totals = {}
    for row in rows:
        count = row["count"]
        totals[row["reason"]] = totals.get(row["reason"], 0) + (sum(count) if isinstance(count, list) else count)
    return totals
