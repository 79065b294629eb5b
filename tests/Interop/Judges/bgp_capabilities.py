"""What is spoken only where both sides said so: ADD-PATH, extended messages, enhanced refresh, IPv4 routes with IPv6 next hops, and the limit of prefixes. BIRD is the other side, with a session for each."""
import time

from bgp_net import OUR_AS, ROUTER, BgpNet, them, us
from gateway import Gateway, run
from pinger import Pinger
from report import Report

THEIR_AS = 65011
# name: (our address, BIRD's, words of our neighbour, words of BIRD's session, words of its IPv4 channel)
SESSIONS = {
    "paths": (us(1), them(1), "families: { ipv4: { import: all, export: all, add_path: { send: 4, receive: true } } }", "", "add paths on;"),
    "extended": ("10.7.1.11", "10.7.1.3", "import: all, export: all", "enable extended messages on;", ""),
    "short": ("10.7.1.12", "10.7.1.4", "import: all, export: all", "", ""),
    "refresh": ("10.7.1.13", "10.7.1.5", "import: all, export: all", "", ""),
    "limited": ("10.7.1.14", "10.7.1.6", "families: { ipv4: { import: all, export: none, max_prefixes: { limit: 3, restart: 60s } } }", "", ""),
    "warned": ("10.7.1.15", "10.7.1.7", "families: { ipv4: { import: all, export: none, max_prefixes: { limit: 3, warn_only: true } } }", "", ""),
    "nexthop": (us(1, 6), them(1, 6), "families: { ipv4: { import: all, export: all, extended_next_hop: true } }", "", "extended next hop on;"),
}
# What each session announces: prefixes of a static protocol of its own.
ROUTES = {
    "paths": [],
    "extended": [],
    "short": [],
    "refresh": ["203.0.120.0/24", "203.0.121.0/24"],
    "limited": [f"203.0.{n}.0/24" for n in range(130, 135)],
    "warned": [f"203.0.{n}.0/24" for n in range(140, 145)],
    "nexthop": ["203.0.150.0/24"],
}
TWICE = "203.0.110.0/24"
LARGE, LARGE_OURS, SMALL_OURS = "203.0.111.0/24", "198.18.9.0/24", "198.18.1.0/24"
MANY = 1500
HOST = "203.0.150.1"


def ours():
    neighbours = "".join(f'    - {{ name: {name}, address: "{address}", local_address: "{local}", as: {THEIR_AS}, connect_retry: 1s, {words} }}\n' for name, (local, address, words, _, _) in SESSIONS.items())
    many = ", ".join(f'"64512:{n}"' for n in range(MANY))
    return f"""workers: [0]
ports:
  - {{ name: p1, device: p1, side: unprotected }}
  - {{ name: p2, device: p2, side: unprotected }}
policies:
  - {{ name: transit, action: bypass, local: any, remote: any }}
bgp:
  as: {OUR_AS}
  router_id: {ROUTER}
  networks: [ {SMALL_OURS}, {{ prefix: {LARGE_OURS}, communities: [ {many} ] }} ]
  neighbors:
{neighbours}"""


def bird(routes=None):
    """BIRD's configuration; `routes`: {session: its prefixes} instead of ROUTES."""
    routes = ROUTES | (routes or {})
    many = " ".join(f"bgp_community.add((64513,{n}));" for n in range(MANY))
    text = f"""router id {them(1)}; log stderr all; debug protocols {{ states }};
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; }}
protocol static paths_1 {{ ipv4; route {TWICE} blackhole {{ bgp_med = 10; }}; }}
protocol static paths_2 {{ ipv4; route {TWICE} blackhole {{ bgp_med = 20; preference = 199; }}; }}
protocol static huge {{ ipv4; route {LARGE} blackhole {{ {many} }}; }}
"""
    for name, (other, address, _, words, channel) in SESSIONS.items():
        static = " ".join(f"route {p} blackhole;" for p in routes[name])
        export = {"paths": 'proto ~ "paths_*"', "extended": 'proto = "huge"', "short": 'proto = "huge"'}.get(name, f'proto = "s_{name}"')
        text += f"""protocol static s_{name} {{ ipv4; {static} }}
protocol bgp b_{name} {{ local {address} as {THEIR_AS}; neighbor {other} as {OUR_AS}; connect retry time 1; connect delay time 1; error wait time 1, 2; {words}
  ipv4 {{ import all; export where {export}; {'next hop self;' if name != 'nexthop' else ''} {channel} }}; }}
"""
    return text


class OneLink(BgpNet):
    """BIRD behind p1 with an address for each session, a host of the judge's behind p2."""

    def __init__(self):
        addresses = [f"{s[0]}/{64 if ':' in s[0] else 24}" for s in SESSIONS.values()]
        Gateway.__init__(self, ours(), {"p1": (addresses, None), "p2": (["10.7.2.1/24"], None)})
        self.names, self.speakers = [], {}

    def _start(self):
        there, host = self.namespace("p1"), self.namespace("p2")
        run("ip", "-n", there, "link", "set", "lo", "up")
        for _, address, *_ in SESSIONS.values():
            run("ip", "-n", there, "addr", "add", f"{address}/{64 if ':' in address else 24}", "dev", "p1", *(["nodad"] if ":" in address else []))
        run("ip", "-n", there, "addr", "add", f"{HOST}/32", "dev", "lo")
        run("ip", "-n", there, "route", "add", "10.7.2.0/24", "via", us(1))
        run("ip", "-n", host, "addr", "add", "10.7.2.2/24", "dev", "p2")
        run("ip", "-n", host, "route", "add", "default", "via", "10.7.2.1")
        super()._start()

    def paths(self, name, prefix):
        return [p for r in self.learned("ipv4", prefix) for p in r["paths"] if p["neighbor"] == name]


def capabilities(versions):
    if "bird" not in versions:
        return 3
    report = Report("bird", versions["bird"])
    with OneLink() as net:
        peer = net.start("bird", bird())

        def until(condition, seconds, what):
            return peer.until(condition, seconds, what)

        def protocol(name):
            return peer.ask("show protocols all", f"b_{name}")

        def limited():
            until(lambda: net.neighbour("limited")["state"] == "idle" and "3 are allowed" in net.neighbour("limited")["last_reason"], 30, f"the end of the session: {net.neighbour('limited')['last_reason']}")
            limited.since = time.monotonic()
            now = net.neighbour("limited")
            assert not net.paths("limited", ROUTES["limited"][0]), "its routes are still there"
            assert 30 < now["seconds_to_retry"] <= 60, (now["last_reason"], now["seconds_to_retry"])
            assert "Maximum number of prefixes reached" in (peer.folder / "bird.out").read_text(), "BIRD was not told why"
            return now["last_notification"]
        report.run("more prefixes than allowed: the session ends (Cease/1) and rests", limited)

        def warned():
            until(lambda: net.family("warned")["accepted"] == 5, 20, "its five routes")
            assert net.neighbour("warned")["state"] == "established"
            net.log.flush()
            log = open(net.log.name).read()
            assert "warned" in log and "more than the 3 that are expected" in log, "the log does not say it"
        report.run("more prefixes than expected, warn_only: the log says it, the session stays", warned)

        def two():
            found = until(lambda: (p := net.paths("paths", TWICE)) and len(p) == 2 and p, 20, f"two paths: {net.paths('paths', TWICE)}")
            assert {p["med"] for p in found} == {10, 20} and len({p["path_id"] for p in found}) == 2, found
            assert net.family("paths")["add_path_receive"] and net.family("paths")["add_path_send"], net.family("paths")
            peer.ask("disable paths_2")
            found = until(lambda: (p := net.paths("paths", TWICE)) and len(p) == 1 and p, 10, "one of them withdrawn")
            assert found[0]["med"] == 10, found
            peer.ask("enable paths_2")
            until(lambda: len(net.paths("paths", TWICE)) == 2, 10, "both again")
        report.run("ADD-PATH: we take two paths to one prefix, and one is withdrawn", two)

        def extended():
            found = until(lambda: net.paths("extended", LARGE), 20, f"the route: {net.neighbour('extended')['last_reason']}")
            assert len(found[0]["communities"]) == MANY, f"{len(found[0]['communities'])} communities"
            text = until(lambda: peer.ask(f"show route all {LARGE_OURS}") if "64512,1499" in peer.ask(f"show route all {LARGE_OURS}") else "", 10, "our route with all communities")
            assert "b_extended" in text and f"(64512,{MANY - 1})" in text, text[:300]
            assert "extended-message" in net.neighbour("extended")["remote_capabilities"], net.neighbour("extended")["remote_capabilities"]
            return f"{MANY} communities each way"
        report.run("extended messages (RFC 8654): attributes of 6000 octets both ways", extended)

        def short():
            until(lambda: net.neighbour("short")["state"] == "established", 20, "the session")
            text = until(lambda: (t := peer.ask(f"show route all {SMALL_OURS}")) and "b_short" in t and t, 10, "our other route")
            assert "b_short" not in peer.ask(f"show route all {LARGE_OURS}"), "a message of more than 4096 octets"
            net.log.flush()
            assert "do not fit" in open(net.log.name).read(), "the log does not say why the route was not sent"
            assert net.neighbour("short")["times_established"] == 1, net.neighbour("short")["last_reason"]
            return f"{text.count('b_')} paths"
        report.run("without them: the route that does not fit is not sent, others are", short)

        def swept():
            until(lambda: net.family("refresh")["accepted"] == 2, 20, "its routes")
            before = net.neighbour("refresh")["received"]["refreshes"]
            assert "enhanced-refresh" in net.neighbour("refresh")["remote_capabilities"], net.neighbour("refresh")["remote_capabilities"]
            net.api.post("/bgp/refresh/refresh", None)
            until(lambda: net.neighbour("refresh")["received"]["refreshes"] == before + 2, 10, f"BoRR and EoRR: {net.neighbour('refresh')['received']}")
            until(lambda: net.family("refresh")["accepted"] == 2 and net.family("refresh")["stale"] == 0, 5, f"its routes, fresh: {net.family('refresh')}")
        report.run("enhanced refresh (RFC 7313): we ask, it begins and ends, nothing stays stale", swept)

        def asked():
            before = net.neighbour("refresh")["sent"]["refreshes"]
            peer.ask("reload in b_refresh")
            until(lambda: net.neighbour("refresh")["sent"]["refreshes"] == before + 2, 10, f"BoRR and EoRR: {net.neighbour('refresh')['sent']}")
            until(lambda: "b_refresh" in peer.ask(f"show route all {SMALL_OURS}"), 5, "our route")
            time.sleep(1)
            assert net.neighbour("refresh")["state"] == "established" and "b_refresh" in peer.ask(f"show route all {SMALL_OURS}"), "the route is gone after EoRR"
        report.run("enhanced refresh: it asks, we begin and end", asked)

        def nexthop():
            found = until(lambda: net.paths("nexthop", ROUTES["nexthop"][0]), 20, f"its route: {net.neighbour('nexthop')['last_reason']}")
            assert found[0]["next_hop"] == them(1, 6) and found[0]["is_reachable"], found
            text = until(lambda: (t := peer.ask(f"show route all {SMALL_OURS} protocol b_nexthop")) and "next_hop" in t and t, 10, "our route")
            assert us(1, 6) in text, text
        report.run("IPv4 routes with IPv6 next hops (RFC 8950), both ways", nexthop)

        def forwarded():
            with Pinger(net.namespace("p2"), HOST) as pinger:
                until(lambda: pinger.once(1, 0.1, 1) >= 1, 15, f"a packet to {HOST} by the IPv6 next hop: {net.drops()}")
        report.run("packets of IPv4 go by an IPv6 next hop", forwarded)

        def again():
            peer.reconfigure(bird({"limited": ROUTES["limited"][:2]}))
            left = 75 - (time.monotonic() - limited.since)
            until(lambda: net.neighbour("limited")["state"] == "established", left, f"the session again: {net.neighbour('limited')['last_reason']}")
            took = time.monotonic() - limited.since
            assert took > 45, f"after {took:.0f} s already"
            until(lambda: net.family("limited")["accepted"] == 2, 10, "its two routes")
            return f"after {took:.0f} s"
        report.run("the limit's rest is over: the session comes back", again)
    return report.finish()
