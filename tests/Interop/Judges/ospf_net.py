"""The network of the OSPF judge: host – gateway – two providers – gateway – host; both gateways are ours, an OSPF daemon that is not runs in the namespace of each."""
import socket
import struct
import threading
import time

from bgp_peers import Bird, Frr
from gateway import Gateway, run
from pinger import Pinger
from wire import Inside

PROVIDERS = (1, 2)


def outer(site, provider):
    return f"192.0.{10 * site + provider}.1"


def inner(site, provider):
    return f"172.16.{provider}.{site}"


def host(site, family=4):
    return f"10.{site}.0.2" if family == 4 else f"fd00:{site}::2"


def configuration(site, mode="iiptran", more="", watch=""):
    """A tunnel by each provider, each an interface; no route stands here: routing finds them."""
    other = 3 - site
    peers = "".join(f'  - {{ name: p{p}, local: {outer(site, p)}, remote: {outer(other, p)}, psk: "0x{"5a" * 32}", liveness: 5s }}\n' for p in PROVIDERS)
    tunnels = "".join(f'  - {{ name: t{p}, mode: {mode}, peer: p{p}, interface: ipt{p}, addresses: [{inner(site, p)}/30, "fe80::{p}{site}/64"], mtu: 1400{watch}{", start: passive" if site == 2 else ""} }}\n'
                      for p in PROVIDERS)
    return f"""workers: [0]
ports:
  - {{ name: lan, device: lan, side: protected }}
  - {{ name: wan1, device: wan1, side: unprotected }}
  - {{ name: wan2, device: wan2, side: unprotected }}
peers:
{peers}tunnels:
{tunnels}policies:
  - {{ name: sites, action: protect, local: 10.0.0.0/8, remote: 10.0.0.0/8 }}
  - {{ name: sites6, action: protect, local: "fd00::/8", remote: "fd00::/8" }}
protected: [10.0.0.0/8, "fd00::/8"]
{more}"""


class Site(Gateway):
    """One of the two; it starts with `launch`, when its network is connected."""

    def __init__(self, site, mode="iiptran", more="", watch=""):
        self.site = site
        links = {"lan": ([f"10.{site}.0.1/24", f"fd00:{site}::1/64"], None)}
        links |= {f"wan{p}": ([f"{outer(site, p)}/24"], None) for p in PROVIDERS}
        super().__init__(configuration(site, mode, more, watch), links, [(f"{outer(3 - site, p)}/32", f"192.0.{10 * site + p}.254") for p in PROVIDERS])

    def _start(self):
        there = self.namespace("lan")
        for address in (f"{host(self.site)}/24", f"{host(self.site, 6)}/64"):
            run("ip", "-n", there, "addr", "add", address, "dev", "lan", *(["nodad"] if ":" in address else []))
        run("ip", "-n", there, "link", "set", "lo", "up")
        run("ip", "-n", there, "route", "add", "default", "via", f"10.{self.site}.0.1")
        run("ip", "-n", there, "-6", "route", "add", "default", "via", f"fd00:{self.site}::1")
        for p in PROVIDERS:
            router = self.namespace(f"wan{p}")
            run("ip", "-n", router, "addr", "add", f"192.0.{10 * self.site + p}.254/24", "dev", f"wan{p}")
            run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def launch(self):
        super()._start()

    def is_well(self, health):
        return health["status"] != "down" and not any("starting" in problem["what"] for problem in health["problems"])

    def tunnels(self):
        return {t["name"]: t for t in self.api.get("/tunnels")}

    def table(self):
        return {r["prefix"]: r for r in self.api.get("/routes")}

    def sent(self, tunnel):
        """Packets that went into a tunnel."""
        return sum(s["packets"] for s in self.api.get("/sa") if s["tunnel"] == tunnel and s["direction"] == "outbound")

    def ip(self, *words):
        return run("ip", "-n", self.inside, *words)


def connect(a, b):
    """A wire between the routers of each provider."""
    for p in PROVIDERS:
        run("ip", "link", "add", "core", "netns", a.namespace(f"wan{p}"), "type", "veth", "peer", "name", "core", "netns", b.namespace(f"wan{p}"))
        for site in (a, b):
            router, other = site.namespace(f"wan{p}"), 3 - site.site
            run("ip", "-n", router, "addr", "add", f"10.99.{p}.{site.site}/24", "dev", "core")
            run("ip", "-n", router, "link", "set", "core", "up")
            run("ip", "-n", router, "route", "add", f"192.0.{10 * other + p}.0/24", "via", f"10.99.{p}.{other}")


def provider(a, b, number, up):
    """Cuts a provider's wire, or mends it. Neither gateway's own link goes down."""
    for site in (a, b):
        router = site.namespace(f"wan{number}")
        if up:
            run("ip", "netns", "exec", router, "nft", "delete", "table", "inet", "cut", check=False)
        else:
            run("ip", "netns", "exec", router, "nft", "-f", "-", input="table inet cut {\nchain f { type filter hook forward priority 0;\ndrop;\n}\n}\n")


class Watch:
    """Reads the providers' wires: whatever is neither ESP nor IKE is in the clear."""

    def __init__(self, site):
        self.clear, self.protected, self.sockets = [], 0, []
        for p in PROVIDERS:
            with Inside(site.namespace(f"wan{p}")):
                raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                raw.bind(("core", 0))
                raw.settimeout(0.2)
                self.sockets.append(raw)
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._read, args=(s,)) for s in self.sockets]
        for thread in self.threads:
            thread.start()

    def _read(self, raw):
        while not self.ended.is_set():
            try:
                frame = raw.recv(2048)
            except TimeoutError:
                continue
            kind = struct.unpack("!H", frame[12:14])[0]
            if kind == 0x0800 and frame[23] == 50:
                self.protected += 1
            elif kind == 0x0800 and not (frame[23] == 17 and {500, 4500} & set(struct.unpack("!HH", frame[34:38]))) and len(self.clear) < 20:
                self.clear.append(frame[14:54].hex())
            elif kind == 0x86dd and not self._is_of_the_link(frame) and len(self.clear) < 20:
                self.clear.append(frame[14:74].hex())

    @staticmethod
    def _is_of_the_link(frame):
        """A kernel's own word on a link that comes up: neighbour discovery (RFC 4861) and multicast listener reports (RFC 3810 §5.2.14), which no router passes on."""
        discovery = frame[20] == 58 and frame[21] == 255 and 133 <= frame[54] <= 136
        return discovery or (frame[20] == 0 and frame[38:54] == bytes.fromhex("ff020000000000000000000000000016"))

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        for raw in self.sockets:
            raw.close()


class BirdOspf(Bird):
    """OSPFv2 and OSPFv3 by bird."""

    def __init__(self, site, folder):
        self.site = site
        super().__init__(site.inside, folder, self.text())

    def text(self, cost=(10, 20)):
        area = "".join(f'interface "ipt{p}" {{ type ptp; cost {cost[p - 1]}; hello 1; dead count 4; check link yes; }};\n' for p in PROVIDERS) + 'interface "lan" { stub yes; };\n'
        return "router id " + inner(self.site.site, 1) + ";\nprotocol device { scan time 2; }\n" + "".join(
            f"protocol kernel k{v} {{ ipv{f} {{ export where source ~ [ RTS_OSPF, RTS_OSPF_IA, RTS_OSPF_EXT1, RTS_OSPF_EXT2 ]; }}; }}\nprotocol ospf v{v} o{v} {{ ipv{f} {{ }}; area 0 {{ {area} }}; }}\n"
            for v, f in ((2, 4), (3, 6)))

    def full(self):
        """How many neighbours are full, by version."""
        return {v: sum("Full" in line for line in self.ask(f"show ospf neighbors o{v}").splitlines()) for v in (2, 3)}

    def cost(self, first, second):
        self.reconfigure(self.text((first, second)))


class FrrOspf(Frr):
    """OSPFv2 by ospfd and OSPFv3 by ospf6d."""

    daemons = ("zebra", "ospfd", "ospf6d")

    def __init__(self, site, folder):
        self.site = site
        super().__init__(site.inside, folder, "")

    def text_of(self, daemon):
        if daemon == "zebra":
            return "hostname frr\n"
        ip, word = ("ip ospf", "ospf") if daemon == "ospfd" else ("ipv6 ospf6", "ospf6")
        interfaces = "".join(f"interface ipt{p}\n {ip} area 0\n {ip} network point-to-point\n {ip} hello-interval 1\n {ip} dead-interval 4\n {ip} cost {10 * p}\n!\n" for p in PROVIDERS)
        passive = " passive-interface lan\n" if word == "ospf" else ""
        quiet = f" {ip} passive\n" if word == "ospf6" else ""
        return f"{interfaces}interface lan\n {ip} area 0\n{quiet}!\nrouter {word}\n {word} router-id {inner(self.site.site, 1)}\n{passive}!\n".replace("ospf6 ospf6", "ospf6")

    def full(self):
        return {2: self.ask("show ip ospf neighbor").count("Full/"), 3: self.ask("show ipv6 ospf6 neighbor").count(" Full/")}

    def cost(self, first, second):
        self.configure("".join(f"interface ipt{p}\n ip ospf cost {c}\n ipv6 ospf6 cost {c}\n" for p, c in zip(PROVIDERS, (first, second))))


def bgp(site):
    """EBGP of ours by each tunnel, the first preferred, watched by BFD."""
    neighbours = "".join(f"    - {{ name: n{p}, address: {inner(3 - site, p)}, local_address: {inner(site, p)}, as: {65003 - site}, bfd: {{ interval: 200ms, multiplier: 3 }}, connect_retry: 2s, "
                         f"import: prefer{p}, export: all }}\n" for p in PROVIDERS)
    policies = "".join(f"    - {{ name: prefer{p}, terms: [ {{ set: {{ local_pref: {300 - 100 * p} }}, then: accept }} ] }}\n" for p in PROVIDERS)
    return f"bgp:\n  as: {65000 + site}\n  router_id: {inner(site, 1)}\n  networks: [10.{site}.0.0/24]\n  neighbors:\n{neighbours}  policies:\n{policies}"


class OurBgp:
    """In place of an OSPF daemon: the gateway's own BGP, IPv4 alone. What `full` counts are its sessions, and those of BFD."""

    def __init__(self, site, _):
        self.site = site

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @staticmethod
    def version():
        return "-"

    def full(self):
        established = sum(n["state"] == "established" for n in self.site.api.get("/bgp")["neighbors"])
        alive = sum(b["state"] == "up" for b in self.site.api.get("/bfd"))
        return {2: established, 3: alive}


def ping(site, other, family=4, count=3, source=None):
    """How many of `count` came back, from host to host."""
    with Pinger(site.namespace("lan"), host(other.site, family), source) as pinger:
        return pinger.once(count, 0.1, 3)


def wait(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except (OSError, RuntimeError, KeyError, ValueError):
            value = None
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(0.05)
