#!/usr/bin/env python3
"""OSPF of bird and of FRR, and our own BGP, over tunnels that are interfaces (RFC 3884): ospf_judge.py bird|frr|mixed|bgp [CASE…]"""
import subprocess
import sys
import tempfile
import time

from gateway import Unavailable, prepare, run
from ospf_net import BirdOspf, FrrOspf, OurBgp, Site, Watch, bgp, connect, host, inner, ping, provider, wait, PROVIDERS
from pinger import Pinger
from report import Report

PAIRS = {"bird": (BirdOspf, BirdOspf, "iiptran"), "frr": (FrrOspf, FrrOspf, "iiptran"), "mixed": (BirdOspf, FrrOspf, "tunnel"), "bgp": (OurBgp, OurBgp, "iiptran")}
WATCHED = ["mixed"]


class Case:
    def __init__(self, a, b, ours, theirs, watch, watched):
        self.a, self.b, self.ours, self.theirs, self.watch = a, b, ours, theirs, watch
        self.watched = watched
        self.families = (4,) if isinstance(ours, OurBgp) else (4, 6)

    def drops(self):
        return f"drops {({k: v for k, v in self.a.drops().items() if v})} and {({k: v for k, v in self.b.drops().items() if v})}"

    def converged(self, tunnel="t1", seconds=40):
        """Neighbours are full by both tunnels where the first shall be taken, and the hosts' prefixes lead into that. `any`: bird 2.0 may keep the second after the first was away, on plain wires too."""
        if tunnel != "t2":
            wait(lambda: all(full == {2: 2, 3: 2} for full in (self.ours.full(), self.theirs.full())), seconds, lambda: f"full: {self.ours.full()} and {self.theirs.full()}; {self.drops()} {self.a.tail()}")
        far = [(self.a, ("10.2.0.0/24", "fd00:2::/64")), (self.b, ("10.1.0.0/24", "fd00:1::/64"))]
        for site, prefixes in [(site, prefixes[:len(self.families)]) for site, prefixes in far]:
            wait(lambda s=site, p=prefixes: all(self.way(s, q) in (("t1", "t2") if tunnel == "any" else (tunnel,)) for q in p), seconds,
                 lambda s=site, p=prefixes: f"{p} by {tunnel}: {[s.table().get(q) for q in p]}; kernel: {s.ip('route')} {s.ip('-6', 'route')}")

    def way(self, site, prefix):
        """The tunnel that a prefix leads into."""
        route = site.table().get(prefix, {})
        if not isinstance(self.ours, OurBgp):
            return route.get("tunnel")
        best = [p for p in site.api.get(f"/bgp/routes?family=ipv4&prefix={prefix}&limit=10")["routes"] for p in p["paths"] if p["best"]]
        return {inner(3 - site.site, p): f"t{p}" for p in PROVIDERS}.get(best[0]["next_hop"]) if best else None

    def reset(self):
        """Has bird look at its costs again."""
        if isinstance(self.ours, OurBgp):
            return
        for daemon in (self.ours, self.theirs):
            daemon.cost(11, 21)
            daemon.cost(10, 20)

    def both_ways(self):
        for family in self.families:
            there, back = ping(self.a, self.b, family), ping(self.b, self.a, family)
            assert (there, back) == (3, 3), f"IPv{family}: {there} and {back} of 3 pings; {self.drops()}"

    def comes_up(self):
        started = time.monotonic()
        self.converged()
        took = time.monotonic() - started
        self.both_ways()
        assert all(t["interface_up"] for t in self.a.tunnels().values()), self.a.tunnels()
        what = "EBGP and BFD up" if isinstance(self.ours, OurBgp) else "OSPFv2 and OSPFv3 full"
        return f"{what} by both tunnels, hosts reach each other; {took:.1f} s"

    def own_source(self):
        """RFC 3884 §3.3: the inner source of the gateway's own packets is the interface's address."""
        self.converged()
        said = self.a.ip("route", "get", host(2))
        assert "dev ipt1" in said and f"src {inner(1, 1)}" in said, said
        with Pinger(self.a.inside, inner(2, 1)) as pinger:
            assert pinger.once(3, 0.1, 3) == 3, f"the other end's address: {self.drops()}"
        with Pinger(self.a.inside, host(2)) as pinger:
            assert pinger.once(3, 0.1, 3) == 0, "the gateway's own address lies in no prefix that the policy protects: the other side must refuse it"

    def costs(self):
        """Traffic of hosts follows what OSPF says."""
        self.converged()
        for site, daemon in ((self.a, self.ours), (self.b, self.theirs)):
            daemon.cost(30, 20)
        self.converged("t2")
        before = self.a.sent("t2")
        self.both_ways()
        assert self.a.sent("t2") >= before + 6, f"{before} then {self.a.sent('t2')} packets by t2"
        for daemon in (self.ours, self.theirs):
            daemon.cost(10, 20)
        self.converged()

    def networks(self):
        """A network appears on the other side, and goes."""
        self.converged()
        self.b.ip("addr", "add", "10.2.9.1/24", "dev", "lan")
        far = self.b.namespace("lan")
        run("ip", "-n", far, "addr", "add", "10.2.9.2/24", "dev", "lan")
        try:
            wait(lambda: self.a.table().get("10.2.9.0/24", {}).get("tunnel") == "t1", 15, lambda: f"10.2.9.0/24: {self.a.table().get('10.2.9.0/24')}")
            with Pinger(self.a.namespace("lan"), "10.2.9.2") as pinger:
                assert pinger.once(3, 0.1, 3) == 3, self.drops()
        finally:
            self.b.ip("addr", "del", "10.2.9.1/24", "dev", "lan")
            run("ip", "-n", far, "addr", "del", "10.2.9.2/24", "dev", "lan")
        wait(lambda: "10.2.9.0/24" not in self.a.table(), 15, "10.2.9.0/24 is gone")
        with Pinger(self.a.namespace("lan"), "10.2.9.2") as pinger:
            assert pinger.once(2, 0.1, 1) == 0

    def stream(self, action, most):
        """Milliseconds without an answer while something happens."""
        with Pinger(self.a.namespace("lan"), host(2)) as pinger:
            pinger.start(0.02)
            time.sleep(0.3)
            try:
                action()
                time.sleep(0.5)
            finally:
                pinger.stop()
            lost = (pinger.sent - len(pinger.answered)) * 20
        assert lost < most, f"about {lost} ms without an answer; {self.drops()}"
        return lost

    def provider_dies(self):
        """RFC 3884 §3.3, multihoming: the other provider takes over when the first is silent, and gives back."""
        self.converged()

        def cut():
            provider(self.a, self.b, 1, False)
            self.converged("t2", 20)

        try:
            lost = self.stream(cut, 2500 if isinstance(self.ours, OurBgp) else 4000 if self.watched else 9000)
            wait(lambda: self.a.tunnels()["t1"]["interface_up"] is False, 90, "ipt1 is down: its peer is dead")
            assert "LOWER_UP" not in self.a.ip("link", "show", "ipt1").split(">")[0]
        finally:
            provider(self.a, self.b, 1, True)
        back = self.stream(lambda: self.converged(seconds=60), 3000)
        return f"about {lost} ms without an answer, {back} ms on the way back"

    def sa_ends(self):
        """An SA that ends takes the interface down: OSPF does not wait for its dead interval."""
        self.converged()
        seconds = 8 if isinstance(self.ours, BirdOspf) else 3.5

        def down():
            provider(self.a, self.b, 1, False)
            for site in (self.a, self.b):
                subprocess.Popen([site.program, "ike", "down", "p1", "--instance", "judge"], env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait(lambda: self.way(self.a, "10.2.0.0/24") == "t2", seconds, lambda: f"{self.a.table().get('10.2.0.0/24')} {self.a.ip('link', 'show', 'ipt1')}")

        try:
            lost = self.stream(down, seconds * 1000)
        finally:
            provider(self.a, self.b, 1, True)
            subprocess.run([self.a.program, "ike", "up", "p1", "--instance", "judge"], env=self.a.environment, capture_output=True)
        self.converged("any" if isinstance(self.ours, BirdOspf) else "t1", seconds=60)
        self.reset()
        return f"about {lost} ms without an answer, dead interval 4 s"

    def flaps(self):
        """An SA ends and is there again at once, several times."""
        settled = "any" if isinstance(self.ours, BirdOspf) else "t1"
        for _ in range(4):
            self.converged(settled)
            self.a.cli("ike", "down", "p1", "--instance", "judge")
            self.a.cli("ike", "up", "p1", "--instance", "judge")
            time.sleep(1)
        self.converged(settled)
        self.both_ways()
        self.reset()

    def slow_path(self):
        """The slow path is killed: routes and traffic stay."""
        self.converged()

        def kill():
            pids = run("ip", "netns", "pids", self.a.inside).split()
            for pid in pids:
                with open(f"/proc/{pid}/cmdline", "rb") as line:
                    if b"SlowPath" in line.read().split(b"\0")[0]:
                        run("kill", "-9", pid)
            time.sleep(3)

        lost = self.stream(kill, 1000)
        wait(lambda: self.a.api.get("/health"), 30, "the slow path is back")
        self.converged()
        self.both_ways()
        return f"about {lost} ms without an answer"

    def nothing_clear(self):
        assert self.watch.protected > 100, self.watch.protected
        assert not self.watch.clear, f"in the clear: {self.watch.clear[:3]}"
        return f"{self.watch.protected} ESP packets"


CASES = [
    ("comes up", Case.comes_up), ("the gateway's own source", Case.own_source), ("costs", Case.costs), ("networks come and go", Case.networks), ("a provider dies", Case.provider_dies),
    ("our slow path is killed", Case.slow_path), ("an SA ends", Case.sa_ends), ("an SA flaps", Case.flaps), ("nothing in the clear", Case.nothing_clear),
]


def main():
    prepare()
    name = sys.argv[1] if len(sys.argv) > 1 else "bird"
    ours, theirs, mode = PAIRS[name]
    try:
        report = Report({"mixed": "bird", "bgp": "appliance"}.get(name, name), ours.version())
        theirs.version()
    except Unavailable as why:
        report = Report(name, "")
        report.add("ospf", "skipped", str(why))
        return report.finish()
    what = f"our bgp over {mode}" if ours is OurBgp else f"ospf {name} over {mode}"
    try:
        watch = ", bfd: { interval: 300ms, multiplier: 5 }" if name in WATCHED else ""
        more = bgp if ours is OurBgp else lambda site: ""
        with tempfile.TemporaryDirectory(prefix="appliance-ospf-") as folder, Site(1, mode, more(1), watch) as a, Site(2, mode, more(2), watch) as b:
            connect(a, b)
            b.launch()
            a.launch()
            clear = Watch(a)
            try:
                with ours(a, folder + "/a") as one, theirs(b, folder + "/b") as other:
                    case = Case(a, b, one, other, clear, name in WATCHED)
                    # A session that flaps is held back longer and longer (RFC 4271 §8.1.1): that is not for here.
                    cases = [c for c in CASES if ours is not OurBgp or c[1] not in (Case.own_source, Case.costs, Case.networks, Case.flaps)]
                    # Our BFD ends with the slow path (its C bit is clear), so the other side takes its interface down: that is for tunnels without it.
                    cases = [c for c in cases if not case.watched or c[1] != Case.slow_path]
                    for title, judgement in cases if len(sys.argv) < 3 else [c for c in cases if c[0] in sys.argv[2:]]:
                        report.run(f"{what}: {title}", lambda j=judgement: j(case))
            finally:
                clear.end()
    except Unavailable as why:
        report.add("ospf", "skipped", str(why))
    except Exception as error:  # the rig itself failed
        report.add("ospf", "failed", f"{type(error).__name__}: {error}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
