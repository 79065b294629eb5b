"""The lab ce-ce as a judge (draft-guichard-ce-ce-ipsec-00): our CEs with CEs of BIRD and strongSwan, our PE with GoBGP as PE. Hosts reach each other, the core sees ESP alone, and a prefix that was
protected once stays discarded whatever routes come: withdrawn, equal, less specific, more specific.

ce_judge.py
"""
import contextlib
import pathlib
import sys
import time

from bgp_peers import Bird, GoBgp
from gateway import Unavailable, prepare, run
from lab import Lab
from pinger import Pinger
from report import Report
from strongswan import version as strongswan_version

CORE = ("to-pe1-a", "to-pe2-a", "to-pe1-b", "to-pe2-b")
INNER = "net 10.0.0.0/8 or net 172.20.0.0/14"


class CeLab(Lab):
    """The lab with what this judge looks at."""

    def __init__(self):
        super().__init__("ce-ce")

    def answered(self, host, address, count=3, wait=4):
        with Pinger(self.space(host), address) as pinger:
            return pinger.once(count, 0.1, wait)

    @contextlib.contextmanager
    def core(self):
        """Counts inner addresses in the clear on the core while it lasts: the list holds what tcpdump printed."""
        seen, watching = [], [self.watch("core", device, INNER, 50) for device in CORE]
        try:
            yield seen
        finally:
            time.sleep(0.3)
            for process in watching:
                seen.extend(self.seen(process))

    def bird(self, node, *words):
        return run("birdc", "-s", f"{self.state(node)}/bird.ctl", *words)

    def gobgp(self, *words):
        return self.inside("pe2", "gobgp", *words)


def judge(lab, said):
    pairs = [("host-a1", "10.2.0.2"), ("host-a2", "10.1.0.2"), ("host-b1", "10.2.0.2"), ("host-b2", "10.1.0.2")]

    def reach():
        with lab.core() as clear:
            for host, address in pairs:
                lab.until(lambda: lab.answered(host, address, 1, 2) == 1, 30, f"{host} reaches {address}")
                got = lab.answered(host, address)
                assert got == 3, f"{host} to {address}: {got} of 3"
        assert not clear, f"in the clear on the core: {clear[0]}"
        return f"{len(pairs)} pairs"
    said.run("hosts of both VPNs reach each other by on-demand SAs, with overlapping addresses; the core sees ESP alone", reach)

    def shown():
        text = lab.appliance("ce-a1", "show", "spd")
        assert "10.2.0.0/16" in text and "198.51.100.1" in text and "pe1" in text, text
    said.run("show spd says which route made an entry, of which gateway, from whom", shown)

    def at_pe():
        text = lab.gobgp("global", "rib", "-a", "vpnv4", "-j")
        assert "10.1.0.0/16" in text and '"subtype": 94' in text.replace('"subtype":94', '"subtype": 94'), text[:800]
    said.run("our PE sends the attribute on to GoBGP", at_pe)

    # Besides the range that the configuration protects, a prefix that was only learned with the attribute: it is remembered.
    configuration = pathlib.Path(lab.state("ce-a2"), "bird.conf")
    original = configuration.read_text()
    lab.inside("ce-a2", "ip", "addr", "add", "172.20.0.1/32", "dev", "lo")
    lab.inside("ce-a2", "ip", "addr", "add", "172.20.5.1/32", "dev", "lo")
    lab.inside("pe1-a", "ip", "route", "add", "172.20.0.0/14", "via", "172.31.1.2")
    lab.inside("pe2-a", "ip", "route", "add", "172.20.0.0/14", "via", "198.51.100.1")

    def announce(with_learned):
        extra = 'route 172.20.0.0/16 blackhole { bgp_ext_community.add((generic, 0x035e0000, 0xc6336401)); };' if with_learned else ""
        configuration.write_text(original.replace("protocol static { ipv4;", "protocol static { ipv4; " + extra))
        lab.bird("ce-a2", "configure")

    def plain(verb, prefix):
        """A route of VPN a at the other PE that has no Security Gateway Identity, as if somebody had taken it away or made the route up."""
        lab.gobgp("global", "rib", verb, "-a", "vpnv4", prefix, "label", "10", "rd", "65000:201", "rt", "65000:1", "nexthop", "198.51.100.1")

    def spd():
        return lab.appliance("ce-a1", "show", "spd")

    def routes(prefix):
        found = lab.ask("ce-a1", "show", "bgp", "routes")
        found = found if isinstance(found, list) else found["routes"]
        return [r for r in found if r["prefix"] == prefix]

    def discarded(address, why):
        with lab.core() as clear:
            got = lab.answered("host-a1", address, 5, 1)
        assert not clear, f"{why}: in the clear on the core: {clear[0]}"
        assert got == 0, f"{why}: {got} pings to {address} were answered"

    def learned():
        announce(True)
        lab.until(lambda: routes("172.20.0.0/16"), 15, "the route with the attribute")
        lab.until(lambda: "172.20.0.0/16" in spd(), 5, "its SPD entry")
    said.run("another prefix of the same gateway is learned and protected", learned)

    def withdrawn():
        announce(False)
        lab.until(lambda: not routes("172.20.0.0/16"), 15, "the withdrawal")
        discarded("172.20.0.1", "withdrawn")
        assert "172.20.0.0/16" in spd(), f"nothing says why it is discarded: {spd()}"
    said.run("withdrawn: the prefix stays DISCARD", withdrawn)

    for what, prefix, address in (("an equal route", "172.20.0.0/16", "172.20.0.1"), ("a less specific route", "172.16.0.0/12", "172.20.0.1"), ("a more specific route", "172.20.5.0/24", "172.20.5.1")):
        def hijack(what=what, prefix=prefix, address=address):
            plain("add", prefix)
            lab.until(lambda: routes(prefix), 15, f"{what} without the attribute")
            discarded(address, what)
            plain("del", prefix)
            lab.until(lambda: not routes(prefix), 15, "its withdrawal")
        said.run(f"{what} without the attribute: the prefix stays DISCARD", hijack)

    def in_range():
        plain("add", "10.2.0.0/24")
        lab.until(lambda: routes("10.2.0.0/24"), 15, "a more specific route without the attribute")
        discarded("10.2.0.2", "inside protected:")
        plain("del", "10.2.0.0/24")
        lab.until(lambda: not routes("10.2.0.0/24"), 15, "its withdrawal")
        lab.until(lambda: lab.answered("host-a1", "10.2.0.2", 1, 2) == 1, 15, "the tunnel again")
    said.run("inside a protected range: a hijack by a more specific route is discarded, and the tunnel goes on after it", in_range)

    def cleared():
        plain("add", "172.20.0.0/16")
        lab.until(lambda: routes("172.20.0.0/16"), 15, "the plain route")
        discarded("172.20.0.1", "before it is cleared")
        lab.appliance("ce-a1", "protected", "clear", "172.20.0.0/16")
        with lab.core() as clear:
            lab.until(lambda: lab.answered("host-a1", "172.20.0.1", 2, 1) >= 0 and True, 5, "pings")
            time.sleep(0.5)
            lab.answered("host-a1", "172.20.0.1", 3, 1)
        assert clear, "after the operator cleared it nothing was sent in the clear: is the judge able to see it?"
        plain("del", "172.20.0.0/16")
    said.run("the operator clears it: the plain route counts again (and this judge can see clear packets)", cleared)

    def unknown_gateway():
        configuration.write_text(original.replace("protocol static { ipv4;", 'protocol static { ipv4; route 10.77.0.0/16 blackhole { bgp_ext_community.add((generic, 0x035e0000, 0xcb007107)); };'))
        lab.bird("ce-a2", "configure")
        lab.until(lambda: routes("10.77.0.0/16"), 15, "the route")
        discarded("10.77.0.1", "an identity outside of the accept rules")
        configuration.write_text(original)
        lab.bird("ce-a2", "configure")
    said.run("an identity that no accept rule allows is refused, and its prefix discarded", unknown_gateway)


def main():
    prepare()
    said = Report("gobgp", "-")
    try:
        said = Report("gobgp", f"{GoBgp.version()}")
        Bird.version()
        strongswan_version()
        with CeLab() as lab:
            judge(lab, said)
    except Unavailable as missing:
        said.add("the lab ce-ce", "skipped", str(missing))
    except RuntimeError as error:
        said.add("the lab ce-ce comes up", "failed", str(error))
    return said.finish()


if __name__ == "__main__":
    sys.exit(main())
