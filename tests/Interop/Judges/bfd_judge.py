#!/usr/bin/env python3
"""BFD (RFC 5880, 5881, 5883) against bird and FRR's bfdd: the gateway and the peer on one link, addresses of loopback behind it for multihop."""
import json
import pathlib
import socket
import struct
import sys
import tempfile
import time

from bgp_peers import Bird, Frr
from gateway import Gateway, Unavailable, prepare, run
from report import Report
from wire import Inside

OURS = {"one": "192.0.2.1", "six": "2001:db8::1", "far": "198.51.100.1", "far-six": "2001:db8:a::1"}
THEIRS = {"one": "192.0.2.2", "six": "2001:db8::2", "far": "198.51.100.2", "far-six": "2001:db8:a::2"}
DEFAULT = {"interval": 100, "multiplier": 3}


def sessions(interval=100, multiplier=3, without=()):
    """The gateway's configuration."""
    return "ports:\n  - { name: wan, device: wan, side: unprotected }\nbfd:\n" + "".join(
        f'  - {{ name: {name}, remote: "{THEIRS[name]}", local: "{OURS[name]}", interval: {interval}ms, multiplier: {multiplier}, multihop: {"true" if name.startswith("far") else "false"} }}\n'
        for name in OURS if name not in without)


class BirdPeer(Bird):
    """It says nothing when an operator disables its protocol: the sessions are gone."""

    says_admin_down = False

    def __init__(self, namespace, folder):
        super().__init__(namespace, folder, self.text(**DEFAULT))

    @staticmethod
    def text(interval, multiplier, disabled=False):
        timers = f"interval {interval} ms; multiplier {multiplier};"
        neighbours = "".join(f"  neighbor {OURS[name]} local {THEIRS[name]} multihop on;\n" if name.startswith("far") else f'  neighbor {OURS[name]} dev "wan" local {THEIRS[name]};\n' for name in OURS)
        off = "disabled;" if disabled else ""
        return f"router id 192.0.2.2;\nprotocol device {{}}\nprotocol bfd watch {{\n  {off}\n  interface \"wan\" {{ {timers} }};\n  multihop {{ {timers} }};\n{neighbours}}}\n"

    def set(self, interval, multiplier):
        self.reconfigure(self.text(interval, multiplier))

    def shut(self, down):
        self.reconfigure(self.text(**DEFAULT, disabled=down))

    def states(self):
        """State by our address."""
        rows = [line.split() for line in self.ask("show bfd sessions").splitlines()]
        return {row[0]: row[2].lower() for row in rows if len(row) >= 6 and row[0] in OURS.values()}

    def detection(self, address):
        """Milliseconds after which it takes us for dead."""
        row = next(line.split() for line in self.ask("show bfd sessions").splitlines() if line.startswith(address + " "))
        return round(float(row[-1]) * 1000)


class FrrPeer(Frr):
    daemons = ("zebra", "bfdd")
    says_admin_down = True

    def __init__(self, namespace, folder):
        super().__init__(namespace, folder, self.text(**DEFAULT))

    @staticmethod
    def text(interval, multiplier, more=""):
        peers = "".join(f" peer {OURS[name]} {'multihop ' if name.startswith('far') else ''}local-address {THEIRS[name]}{'' if name.startswith('far') else ' interface wan'}\n"
                        f"  transmit-interval {interval}\n  receive-interval {interval}\n  detect-multiplier {multiplier}\n  {more}\n exit\n" for name in OURS)
        return f"bfd\n{peers}exit\n"

    def set(self, interval, multiplier):
        self.configure(self.text(interval, multiplier))

    def shut(self, down):
        self.configure(self.text(**DEFAULT, more="shutdown" if down else "no shutdown"))

    def peers(self):
        return {peer["peer"]: peer for peer in json.loads(self.ask("show bfd peers json"))}

    def states(self):
        return {address: peer["status"] for address, peer in self.peers().items()}

    def detection(self, address):
        peer = self.peers()[address]
        return peer["remote-detect-multiplier"] * max(peer["receive-interval"], peer["remote-transmit-interval"])


class Rig(Gateway):
    """The gateway with sessions, the peer in the namespace at the other end of its link."""

    def __init__(self):
        super().__init__(sessions(), {"wan": ([f"{OURS['one']}/24", f"{OURS['six']}/64"], None)}, [("198.51.100.2/32", THEIRS["one"]), ("2001:db8:a::2/128", THEIRS["six"])])

    @property
    def peer(self):
        return self.namespace("wan")

    def is_well(self, health):
        return health["status"] != "down" and not any("starting" in p["what"] for p in health["problems"])

    def _start(self):
        there = self.peer
        run("ip", "-n", self.inside, "addr", "add", f"{OURS['far']}/32", "dev", "lo")
        run("ip", "-n", self.inside, "addr", "add", f"{OURS['far-six']}/128", "dev", "lo", "nodad")
        run("ip", "-n", there, "link", "set", "lo", "up")
        run("ip", "-n", there, "addr", "add", f"{THEIRS['one']}/24", "dev", "wan")
        run("ip", "-n", there, "addr", "add", f"{THEIRS['six']}/64", "dev", "wan", "nodad")
        run("ip", "-n", there, "addr", "add", f"{THEIRS['far']}/32", "dev", "lo")
        run("ip", "-n", there, "addr", "add", f"{THEIRS['far-six']}/128", "dev", "lo", "nodad")
        run("ip", "-n", there, "route", "add", f"{OURS['far']}/32", "via", OURS["one"], "src", THEIRS["far"])
        run("ip", "-n", there, "-6", "route", "add", f"{OURS['far-six']}/128", "via", OURS["six"], "src", THEIRS["far-six"])
        super()._start()

    def sessions(self):
        return {view["remote"]: view for view in self.api.get("/bfd")}

    def reload(self, text):
        path = pathlib.Path(self.folder, "gateway.yaml")
        path.write_text("instance: judge\n" + text)
        self.api.post("/reload", {})

    def drop(self, expression):
        """Loses packets of BFD in the peer's namespace, both ways, until `pass_all`."""
        rules = "table inet loss {\n" + "".join(f"chain {hook} {{ type filter hook {hook} priority 0;\nmeta l4proto udp udp dport {{ 3784, 4784 }} {expression} drop;\n}}\n" for hook in ("input", "output")) + "}\n"
        run("ip", "netns", "exec", self.peer, "nft", "-f", "-", input=rules)

    def pass_all(self):
        run("ip", "netns", "exec", self.peer, "nft", "delete", "table", "inet", "loss", check=False)


def wait(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(0.02)


class Case:
    """The cases against one peer; the sessions are up before each and after it."""

    def __init__(self, rig, peer):
        self.rig, self.peer = rig, peer

    def all_up(self, seconds=12):
        def both():
            ours, theirs = self.rig.sessions(), self.peer.states()
            return len(ours) == len(OURS) and all(v["state"] == "up" for v in ours.values()) and all(theirs.get(a) == "up" for a in OURS.values())
        wait(both, seconds, lambda: f"all up: {[(a, v['state'], v['diagnostic']) for a, v in self.rig.sessions().items()]}, {self.peer.name}: {self.peer.states()} {self.rig.tail()}")

    def downs(self):
        return {address: view["downs"] for address, view in self.rig.sessions().items()}

    def up(self):
        self.all_up(20)
        details = self.rig.sessions()[THEIRS["one"]]
        assert (details["transmit_milliseconds"], details["detection_milliseconds"]) == (100, 300), details
        assert self.peer.detection(OURS["one"]) == 300, self.peer.detection(OURS["one"])
        assert "up" in self.rig.cli("show", "bfd", "--instance", "judge")
        return "IPv4 and IPv6, one hop and multihop"

    def settled(self, transmit, ours, theirs):
        """Until both ends have these intervals everywhere, with no poll under way."""
        def there():
            return all(v["transmit_milliseconds"] == transmit and v["detection_milliseconds"] == ours and not v["polling"] for v in self.rig.sessions().values()) \
                and all(self.peer.detection(a) == theirs for a in OURS.values())
        wait(there, 8, lambda: f"every {transmit} ms, detection {ours} and {theirs}: {[(v['transmit_milliseconds'], v['detection_milliseconds'], v['polling']) for v in self.rig.sessions().values()]}, "
             f"{self.peer.name}: {[self.peer.detection(a) for a in OURS.values()]}")

    def intervals(self):
        self.all_up()
        before = self.downs()
        self.rig.reload(sessions(interval=400))
        self.settled(400, 1200, 1200)
        self.rig.reload(sessions(interval=50, multiplier=5))
        self.settled(100, 300, 500)
        self.peer.set(50, 4)
        self.settled(50, 200, 250)
        self.peer.set(300, 3)
        self.settled(300, 900, 1500)
        self.rig.reload(sessions())
        self.peer.set(**DEFAULT)
        self.settled(100, 300, 300)
        assert self.downs() == before, f"sessions went down: {before} then {self.downs()}"
        return "100, 400, 50 of ours and 50, 300, 100 of theirs, no session lost"

    def dead(self):
        self.all_up()
        before = self.rig.sessions()
        self.peer.kill()
        started = time.monotonic()
        noticed = {}
        while len(noticed) < len(before) and time.monotonic() - started < 5:
            for address, view in self.rig.sessions().items():
                if view["state"] != "up":
                    noticed.setdefault(address, ((time.monotonic() - started) * 1000, view))
            time.sleep(0.003)
        assert len(noticed) == len(before), f"not noticed: {before.keys() - noticed.keys()}"
        for address, (milliseconds, view) in noticed.items():
            assert view["diagnostic"] == "nothing came for the detection time", view
            assert milliseconds < 1.5 * 300, f"{address}: {milliseconds:.0f} ms"
        worst = max(m for m, _ in noticed.values())
        self.peer.start()
        self.all_up(20)
        return f"noticed after {worst:.0f} ms at most, detection time 300 ms"

    def silent(self):
        """The path dies both ways: the peer notices us in time as well."""
        self.all_up()
        self.rig.drop("")
        started = time.monotonic()
        wait(lambda: all(self.peer.states().get(a) == "down" for a in OURS.values()), 3, lambda: f"{self.peer.name} notices: {self.peer.states()}")
        took = (time.monotonic() - started) * 1000
        wait(lambda: all(v["state"] == "down" for v in self.rig.sessions().values()), 3, "we notice")
        self.rig.pass_all()
        self.all_up(15)
        return f"{self.peer.name} noticed within {took:.0f} ms"

    def theirs_shut(self):
        self.all_up()
        self.peer.shut(True)
        why = ("the neighbour says it is down", "admin_down") if self.peer.says_admin_down else ("nothing came for the detection time", "up")
        wait(lambda: all((v["state"], v["diagnostic"], v["remote_state"]) == ("down", *why) for v in self.rig.sessions().values()), 5,
             lambda: f"{why}: {[(v['state'], v['remote_state'], v['diagnostic']) for v in self.rig.sessions().values()]}")
        self.peer.shut(False)
        self.all_up(20)
        return "it says AdminDown" if self.peer.says_admin_down else "it says nothing"

    def ours_gone(self):
        self.all_up()
        self.rig.reload(sessions(without=("one", "far-six")))
        gone, kept = [OURS["one"], OURS["far-six"]], [OURS["six"], OURS["far"]]
        started = time.monotonic()
        wait(lambda: all(self.peer.states().get(a) != "up" for a in gone), 3, lambda: f"{self.peer.name} hears of our AdminDown: {self.peer.states()}")
        took = (time.monotonic() - started) * 1000
        assert all(self.peer.states().get(a) == "up" for a in kept), self.peer.states()
        assert took < 250, f"{took:.0f} ms: that is the detection time, not our word"
        self.rig.reload(sessions())
        self.all_up(20)
        return f"heard after {took:.0f} ms"

    def loss(self):
        self.rig.reload(sessions(interval=50, multiplier=12))
        self.peer.set(50, 12)
        self.all_up()
        self.settled(50, 600, 600)
        before = self.downs()
        self.rig.drop("numgen random mod 100 < 25")
        time.sleep(8)
        self.rig.pass_all()
        assert self.downs() == before, f"sessions went down: {before} then {self.downs()}"
        assert all(self.peer.states().get(a) == "up" for a in OURS.values()), self.peer.states()
        self.rig.reload(sessions())
        self.peer.set(**DEFAULT)
        self.settled(100, 300, 300)
        return "a quarter lost each way for 8 s, multiplier 12"

    def forged(self):
        """Packets that were forwarded, or have an authentication section, take no session down."""
        self.all_up()
        before, downs = self.rig.api.get("/bfd"), self.downs()
        view = next(v for v in before if v["remote"] == THEIRS["one"])
        yours, mine = int(view["discriminator"], 16), int(view["remote_discriminator"], 16)
        with Inside(self.rig.peer):
            spoof = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            spoof.bind((THEIRS["one"], 0))
            for ttl, flags, more in ((254, 0x40, b""), (255, 0x44, b"\x01\x04\x01x"), (255, 0x41, b"")):
                spoof.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
                for discriminator in (yours, yours ^ 1, 0):
                    spoof.sendto(struct.pack("!BBBBIIIII", 0x20, flags, 3, 24 + len(more), mine, discriminator, 1000000, 1000000, 0) + more, (OURS["one"], 3784))
            time.sleep(0.3)
        finally:
            spoof.close()
        assert self.downs() == downs, "a forged packet took a session down"
        self.all_up(1)

    def restarted(self):
        """Our slow path dies and comes back: the peer notices and comes up again."""
        self.all_up()
        run("ip", "netns", "exec", self.rig.inside, "sh", "-c", "kill -9 $(ip netns pids " + self.rig.inside + " | while read p; do grep -qa Appliance.SlowPath /proc/$p/cmdline && echo $p; done | head -1)")
        wait(lambda: any(self.peer.states().get(a) == "down" for a in OURS.values()), 5, "the peer notices")
        time.sleep(1)

        def answers():
            try:
                return self.rig.sessions()
            except OSError:
                return None
        wait(answers, 30, "the slow path is back")
        self.all_up(20)


CASES = [
    ("comes up", Case.up), ("intervals change on either side", Case.intervals), ("the peer is killed", Case.dead), ("the path dies", Case.silent),
    ("the peer is shut down by its operator", Case.theirs_shut), ("our session is taken away", Case.ours_gone), ("packets get lost", Case.loss),
    ("forged packets", Case.forged), ("our slow path is killed", Case.restarted),
]


def judge(kind):
    try:
        report = Report(kind.name, kind.version())
    except Unavailable as why:
        report = Report(kind.name, "")
        report.add("bfd", "skipped", str(why))
        return report
    try:
        with tempfile.TemporaryDirectory(prefix="appliance-bfd-") as folder, Rig() as rig, kind(rig.peer, folder) as peer:
            case = Case(rig, peer)
            for name, judgement in CASES:
                report.run(f"bfd: {name}", lambda j=judgement: j(case))
    except Unavailable as why:
        report.add("bfd", "skipped", str(why))
    except Exception as error:  # the rig itself failed
        report.add("bfd", "failed", f"{type(error).__name__}: {error}")
    return report


def main():
    prepare()
    reports = [judge(kind) for kind in (BirdPeer, FrrPeer) if len(sys.argv) < 2 or kind.name in sys.argv[1:]]
    codes = [report.finish() for report in reports]
    return 1 if 1 in codes else min(codes)


sys.exit(main())
