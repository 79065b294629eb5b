"""The network of the group judges: sites of ours around a bridge ("the internet"), each a gateway with a LAN and a host; one of them hands out the group's SA. Everything on the bridge is captured."""
import json
import os
import signal
import struct
import subprocess
import time

from gateway import Gateway, run
from pinger import Pinger
from wire import Wires

SECRET = "a shared key of more than sixteen octets"
GATEWAY = 1


def outer(number):
    return f"192.0.2.{number}"


def outer_v6(number):
    return f"2001:db8::{number:x}"


def network(number):
    return f"10.{number}.0.0/16"


def host(number):
    return f"10.{number}.0.2"


def inner(number):
    """The site's own inner address: BGP's."""
    return f"10.{number}.255.1"


def identity(number):
    return f"s{number}.example.org"


def peer(of, number, name):
    return {"name": name, "local": outer(of), "remote": outer(number), "identity": identity(of), "peer_identity": identity(number), "auth": "psk", "psk": SECRET, "liveness": "3s"}


def bgp_neighbor(of, number, name, **more):
    return {"name": name, "address": inner(number), "as": 65000, "local_address": inner(of), "connect_retry": "2s", "families": {"ipv4": {"import": "all", "export": "all"}}, **more}


def configuration(of, workers=1, **sections):
    """Text of a gateway's file: ports and BGP of a site, and the sections given."""
    whole = {
        "workers": list(range(workers)),
        "ports": [{"name": "lan", "device": "lan", "side": "protected"}, {"name": "wan", "device": "wan", "side": "unprotected"}],
        "vpn": {"device": "vpn0", "addresses": [f"{inner(of)}/32"]},
        "policies": [{"action": "protect", "local": "10.0.0.0/8", "remote": "10.0.0.0/8"}],
        **sections,
    }
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in whole.items())


def gateway_configuration(members, branch=None, static=None, more=None, **group):
    """The file of the one that hands out the SA; `branch`: a peer that does not know groups; `more`: keys of `serve`."""
    peers = [peer(GATEWAY, number, f"s{number}") for number in members]
    tunnels = [{"name": f"to-s{number}", "peer": f"s{number}", "routes": [f"{inner(number)}/32"], "local_selectors": [f"{inner(GATEWAY)}/32"]} for number in members]
    announce = [network(GATEWAY)]
    if branch:
        peers.append(peer(GATEWAY, branch, "branch"))
        tunnels.append({"name": "to-branch", "peer": "branch", "routes": [network(branch)], "local_selectors": ["10.0.0.0/8"]})
        announce.append(network(branch))
    serve = {"members": [f"s{number}" for number in members] + (["branch"] if branch else []), "cipher": "aes-128-gcm", "rollover": ["2s", "5s"], "leave_rollover": ["1s", "3s"], **(more or {})}
    groups = [{"name": "mesh", "local": [outer(GATEWAY), outer_v6(GATEWAY)], "serve": serve, "neighbors": [f"s{n}" for n in members], "announce": announce, **({"members": static} if static else {}), **group}]
    bgp = {"as": 65000, "router_id": outer(GATEWAY), "neighbors": [bgp_neighbor(GATEWAY, n, f"s{n}", reflector_client=True) for n in members]}
    return configuration(GATEWAY, peers=peers, tunnels=tunnels, groups=groups, bgp=bgp)


def member_configuration(number, static=None, workers=1, **group):
    groups = [{"name": "mesh", "local": [outer(number), outer_v6(number)], "gateways": ["gw"], "neighbors": ["gw"], "announce": [network(number)], **({"members": static} if static else {}), **group}]
    tunnels = [{"name": "to-gw", "peer": "gw", "routes": [f"{inner(GATEWAY)}/32"], "local_selectors": [f"{inner(number)}/32"], "start": "always"}]
    return configuration(number, workers, peers=[peer(number, GATEWAY, "gw")], tunnels=tunnels, groups=groups, bgp={"as": 65000, "router_id": outer(number), "neighbors": [bgp_neighbor(number, GATEWAY, "gw")]})


class Site(Gateway):
    """A gateway of ours with a LAN and a host behind it."""

    def __init__(self, net, number, text):
        super().__init__(text, {})
        self.net, self.number = net, number

    @property
    def host(self):
        return self.namespace("lan")

    @property
    def keys(self):
        return os.path.join(self.folder, "ike.keys")

    def arguments(self):
        return ["--export-keys", self.keys]

    def is_well(self, health):
        return all(process["alive"] for process in health.get("processes", {}).values() if isinstance(process, dict) and "alive" in process)

    def _make_network(self):
        number = self.number
        self._add_namespace("gw")
        self._add_namespace("lan")
        there = self.host
        run("ip", "-n", self.inside, "link", "set", "lo", "up")
        run("ip", "link", "add", "lan", "netns", self.inside, "type", "veth", "peer", "name", "lan", "netns", there)
        run("ip", "netns", "exec", there, "ethtool", "-K", "lan", "tx", "off")
        self.net.plug(self.inside, number)
        for namespace, device, address in ((self.inside, "lan", f"10.{number}.0.1/24"), (there, "lan", f"{host(number)}/24")):
            run("ip", "-n", namespace, "addr", "add", address, "dev", device)
            run("ip", "-n", namespace, "link", "set", device, "up")
        run("ip", "-n", there, "route", "add", "default", "via", f"10.{number}.0.1")
        self.wires = Wires()

    def process_of(self, program):
        """Process ID of a program of ours of this site."""
        for pid in run("ip", "netns", "pids", self.inside).split():
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if program.encode() in words.read().split(b"\0")[0]:
                    return int(pid)
        raise AssertionError(f"no {program} runs in s{self.number}")

    def show(self, *words):
        return json.loads(self.cli("show", *words, "--json", "--instance", "judge"))

    def group(self):
        return next(g for g in self.show("groups") if g["name"] == "mesh")

    def sa(self, state="current"):
        """SPI of the group's SA in a state, or None."""
        return next((int(sa["spi"], 16) for sa in self.group()["sas"] if sa["state"] == state), None)


class GroupNet:
    """`with GroupNet() as net:` the bridge; `net.site(number, text)` starts a site."""

    counter = 0

    def __init__(self):
        GroupNet.counter += 1
        self.core = f"jdg{os.getpid()}n9{GroupNet.counter}-core"
        self.capture = f"/dev/shm/{self.core}.pcap"
        self.sites, self.made = {}, []

    def __enter__(self):
        self.add(self.core)
        run("ip", "-n", self.core, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        run("ip", "-n", self.core, "link", "set", "br0", "up")
        self.dump = subprocess.Popen(["ip", "netns", "exec", self.core, "tcpdump", "-U", "-i", "any", "-Q", "in", "-s", "1600", "-c", "400000", "-y", "LINUX_SLL2", "-w", self.capture],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "listening" not in (line := self.dump.stderr.readline()):
            assert line, "tcpdump does not start"
        return self

    def add(self, namespace):
        run("ip", "netns", "add", namespace)
        self.made.append(namespace)

    def plug(self, namespace, number):
        """A device `wan` in a namespace, on the bridge, with the outer addresses of a site."""
        end = f"to-s{number}"
        # A namespace that is gone takes its devices with it a little later.
        run("ip", "-n", self.core, "link", "del", end, check=False)
        run("ip", "link", "add", "wan", "netns", namespace, "type", "veth", "peer", "name", end, "netns", self.core)
        run("ip", "netns", "exec", self.core, "sysctl", "-qw", f"net.ipv6.conf.{end}.disable_ipv6=1")
        run("ip", "-n", self.core, "link", "set", end, "master", "br0")
        run("ip", "-n", self.core, "link", "set", end, "up")
        run("ip", "-n", namespace, "addr", "add", f"{outer(number)}/24", "dev", "wan")
        run("ip", "-n", namespace, "addr", "add", f"{outer_v6(number)}/64", "dev", "wan", "nodad")
        run("ip", "netns", "exec", namespace, "ethtool", "-K", "wan", "tx", "off")
        run("ip", "-n", namespace, "link", "set", "wan", "up")

    def site(self, number, text):
        site = Site(self, number, text)
        self.sites[number] = site
        return site.__enter__()

    def end(self, number):
        self.sites.pop(number).__exit__()

    def crash(self, number):
        """As when the power fails: nobody hears a word, nothing stays."""
        for pid in run("ip", "netns", "pids", self.sites[number].inside).split():
            os.kill(int(pid), signal.SIGKILL)
        self.end(number)

    def __exit__(self, *_):
        for number in list(self.sites):
            self.end(number)
        if self.dump.poll() is None:
            self.dump.send_signal(signal.SIGINT)
            self.dump.communicate(timeout=10)
        for namespace in self.made:
            run("ip", "netns", "del", namespace, check=False)
        if os.path.exists(self.capture):
            os.unlink(self.capture)

    def ping(self, of, to, count=3, interval=0.1, wait=4):
        """How many of `count` pings between two sites' hosts came back."""
        with Pinger(self.sites[of].host, host(to)) as pinger:
            return pinger.once(count, interval, wait)

    def until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except (OSError, RuntimeError, AssertionError, ValueError, KeyError, StopIteration):
                value = None
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.1)

    def meshed(self, seconds=40):
        """Every site reaches every other."""
        for a in self.sites:
            for b in self.sites:
                if a != b:
                    self.until(lambda: self.ping(a, b, 1, wait=1) == 1, seconds, f"s{a} reaches s{b}")

    def packets(self, start=0.0):
        """What was captured so far from a moment on: (time, octets from the IP header on)."""
        # tcpdump is behind on a busy machine.
        time.sleep(1)
        with open(self.capture, "rb") as file:
            octets = file.read()
        at = 24
        while at + 16 <= len(octets):
            seconds, fraction, length, _ = struct.unpack("<IIII", octets[at:at + 16])
            record, at = octets[at + 16:at + 16 + length], at + 16 + length
            if len(record) == length and length > 40 and record[:2] in (b"\x08\x00", b"\x86\xdd") and seconds + fraction / 1e6 >= start:
                yield seconds + fraction / 1e6, record[20:]


def esp_of(packet):
    """(source, destination, ESP octets) of a raw ESP packet, or None."""
    if packet[0] >> 4 == 4 and packet[9] == 50:
        header = (packet[0] & 15) * 4
        return packet[12:16], packet[16:20], packet[header:struct.unpack("!H", packet[2:4])[0]]
    if packet[0] >> 4 == 6 and packet[6] == 50:
        return packet[8:24], packet[24:40], packet[40:40 + struct.unpack("!H", packet[4:6])[0]]
    return None


def is_clear(packet):
    """Inner addresses where only outer ones may be."""
    return packet[0] >> 4 == 4 and (packet[12] == 10 or packet[16] == 10)


def repeated_ivs(packets, foreign=b""):
    """(ESP packets, those of them whose SPI and IV another packet with other octets had): SPIs are of one key each. What `foreign` sends, an outer address, does not count."""
    seen, count, repeated = {}, 0, 0
    for _, packet in packets:
        esp = esp_of(packet)
        if esp is None or len(esp[2]) < 32 or esp[0] == foreign:
            continue
        count += 1
        # The same ciphertext under another outer header, or seen twice, is one packet.
        if seen.setdefault(esp[2][:4] + esp[2][8:16], esp[2]) != esp[2]:
            repeated += 1
    return count, repeated
