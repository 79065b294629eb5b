"""The network of the IKE judges: host – gateway (ours) – router – peer, each in a namespace. The router can be a NAT."""
import os
import pathlib
import subprocess
import time

from gateway import Gateway, run
from pinger import Pinger

OURS = {4: "192.0.2.1", 6: "2001:db8:1::1"}
HOST = {4: "10.1.0.2", 6: "fd00:1::2"}
LINKS = {"lan": (["10.1.0.1/24", "fd00:1::1/64"], None), "wan": ([f"{OURS[4]}/24", f"{OURS[6]}/64"], None)}
ROUTES = [("default", "192.0.2.254"), ("default", "2001:db8:1::254")]
PORTS = """workers: [0]
ports:
  - { name: lan, device: lan, side: protected }
  - { name: wan, device: wan, side: unprotected }
vpn: { device: vpn0, addresses: [ 10.1.255.1/32, "fd00:1:0:ff::1/128" ] }
"""


def outer(number, family=4):
    """Outer address of the peer's connection of a number."""
    return f"198.51.{100 + number // 200}.{10 + number % 200}" if family == 4 else f"2001:db8:2::{10 + number:x}"


def inner(number, family=4):
    """Inner address behind it."""
    return f"10.2.{number}.1" if family == 4 else f"fd00:2:{number:x}::1"


def prefix(number, family=4):
    return f"10.2.{number}.0/24" if family == 4 else f"fd00:2:{number:x}::/64"


class Net(Gateway):
    """`with Net(configuration, count, files) as net:` the gateway runs, the peer's namespace has outer and inner addresses for `count` connections."""

    def __init__(self, configuration, count, files=None, mtu=1500):
        super().__init__(PORTS + configuration, LINKS, ROUTES, mtu)
        self.count, self.files = count, files or {}

    @property
    def host(self):
        return self.namespace("lan")

    @property
    def router(self):
        return self.namespace("wan")

    @property
    def peer(self):
        return self.namespace("peer")

    def _start(self):
        for name, source in self.files.items():
            path = pathlib.Path(self.folder, name)
            path.write_bytes(pathlib.Path(source).read_bytes())
            path.chmod(0o600)
        self._add_namespace("peer")
        self._ip(self.host, "addr", "add", f"{HOST[4]}/24", "dev", "lan")
        self._ip(self.host, "addr", "add", f"{HOST[6]}/64", "dev", "lan", "nodad")
        self._ip(self.host, "route", "add", "default", "via", "10.1.0.1")
        self._ip(self.host, "-6", "route", "add", "default", "via", "fd00:1::1")
        run("ip", "link", "add", "peer", "netns", self.router, "type", "veth", "peer", "name", "eth0", "netns", self.peer)
        for address in ("192.0.2.254/24", "2001:db8:1::254/64"):
            self._ip(self.router, "addr", "add", address, "dev", "wan", *(["nodad"] if ":" in address else []))
        for address in ("198.51.100.254/22", "2001:db8:2::ffff/64"):
            self._ip(self.router, "addr", "add", address, "dev", "peer", *(["nodad"] if ":" in address else []))
        for namespace, device in ((self.router, "peer"), (self.peer, "eth0")):
            run("ip", "netns", "exec", namespace, "ethtool", "-K", device, "tx", "off")
            self._ip(namespace, "link", "set", device, "up")
            self._ip(namespace, "link", "set", "lo", "up")
        run("ip", "netns", "exec", self.router, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        run("ip", "netns", "exec", self.peer, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0", "net.ipv4.conf.all.promote_secondaries=1",
            "net.ipv4.conf.default.promote_secondaries=1")
        batch = "".join(f"addr add {outer(n, f)}/{22 if f == 4 else 64} dev eth0{' nodad' if f == 6 else ''}\naddr add {inner(n, f)}/{32 if f == 4 else 128} dev lo{' nodad' if f == 6 else ''}\n"
                        for n in range(self.count) for f in (4, 6))
        run("ip", "-n", self.peer, "-batch", "-", input=batch)
        self._ip(self.peer, "route", "add", "default", "via", "198.51.100.254")
        self._ip(self.peer, "-6", "route", "add", "default", "via", "2001:db8:2::ffff")
        super()._start()

    @staticmethod
    def _ip(namespace, *words):
        run("ip", "-n", namespace, *words)

    def ping(self, namespace, address, source=None, count=3, interval=0.1, wait=4):
        """How many of `count` came back."""
        with Pinger(namespace, address, source) as pinger:
            return pinger.once(count, interval, wait)

    def both_ways(self, number, family=4):
        """Packets from both sides; asserts that all came back."""
        there = self.ping(self.host, inner(number, family))
        assert there == 3, f"host to peer: {there} of 3 pings answered{self.losses()}"
        back = self.ping(self.peer, HOST[family], inner(number, family))
        assert back == 3, f"peer to host: {back} of 3 pings answered{self.losses()}"

    def losses(self):
        """What the gateway dropped so far, for a failure's text."""
        return f" (drops {({k: v for k, v in self.drops().items() if v})})"

    def ike(self):
        return self.api.get("/ike")

    def ike_of(self, peer):
        """IKE SAs of a PAD entry that are established."""
        return [s for s in self.ike()["sas"] if s["peer"] == peer and s["state"] == "established"]

    def wait(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except (OSError, AssertionError):
                value = None
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.05)

    def operator(self, verb, name):
        """`appliance ike VERB NAME`: (exit code, text)."""
        return self.appliance("ike", verb, name)

    def appliance(self, *words):
        """`appliance WORDS`: (exit code, text)."""
        done = subprocess.run([self.program, *words, "--instance", "judge"], capture_output=True, text=True, env=self.environment, timeout=60)
        return done.returncode, (done.stdout + done.stderr).strip()

    def process_of(self, program):
        """Process ID of a program of ours in the gateway's namespace."""
        for pid in run("ip", "netns", "pids", self.inside).split():
            if program.encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]:
                return int(pid)
        raise AssertionError(f"no {program} runs")

    def gateway_log(self):
        self.log.flush()
        return pathlib.Path(self.folder, "log").read_text(errors="replace")


class Stream:
    """Pings at a steady pace while something happens; `sent`, `received` and `lost` afterwards."""

    def __init__(self, net, number, family=4, interval=0.01):
        self.pinger, self.interval = Pinger(net.host, inner(number, family)), interval

    def __enter__(self):
        self.pinger.__enter__()
        self.pinger.start(self.interval)
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        time.sleep(0.3)
        self.pinger.stop()
        self.pinger.__exit__()
        self.sent, self.received = self.pinger.sent, len(self.pinger.answered)
        self.lost = self.sent - self.received


def certificates(folder):
    """A CA and certificates for both sides, made by openssl: {name: (certificate, key)}; `ca` has the CA's."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = {}

    def key(name, kind):
        path = folder / f"{name}.key"
        options = {"rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
                   "ecdsa": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ed25519": ["-algorithm", "ED25519"]}[kind]
        run("openssl", "genpkey", *options, "-out", path)
        return path

    def issue(name, kind, identity, authority=None, extra="", constraints=False):
        private, request, certificate, extensions = key(name, kind), folder / f"{name}.csr", folder / f"{name}.crt", folder / f"{name}.ext"
        run("openssl", "req", "-new", "-key", private, "-subj", f"/O=Judge/CN={identity}", "-out", request)
        extensions.write_text(("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n" if authority is None else
                               f"basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nsubjectAltName=DNS:{identity}{extra}\n") + "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        signer = ["-signkey", private] if authority is None else ["-CA", made[authority][0], "-CAkey", made[authority][1], "-CAcreateserial"]
        run("openssl", "x509", "-req", "-in", request, *signer, "-days", "30", "-sha256", "-extfile", extensions, "-out", certificate)
        made[name] = (str(certificate), str(private))

    issue("ca", "ecdsa", "Judge CA")
    issue("other-ca", "ecdsa", "Another CA")
    for kind in ("rsa", "ecdsa", "ed25519"):
        issue(f"gw-{kind}", kind, "gw.example.org", "ca")
        issue(f"peer-{kind}", kind, "peer.example.org", "ca")
    names = "".join(f",DNS:a-very-long-name-that-makes-the-certificate-large-{n}.example.org" for n in range(60))
    issue("gw-large", "rsa4096", "gw.example.org", "ca", names)
    issue("peer-large", "rsa4096", "peer.example.org", "ca", names)
    issue("peer-stranger", "ecdsa", "peer.example.org", "other-ca")
    return made
