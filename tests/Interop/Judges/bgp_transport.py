"""How sessions come about: either side connects, IPv4, IPv6 and link-local, TCP-MD5, TTL security, neighbours by prefix; and what an operator does to them. BIRD is the other side of all of them, on one link."""
import json
import os
import pathlib
import signal

from bgp_net import OUR_AS, ROUTER, SECRET, BgpNet, them, us
from gateway import Connection, Gateway, run
from report import Report

THEIR_AS, DYNAMIC_AS = 65011, 65012
# name: (our address, BIRD's, words of our neighbour, words of BIRD's protocol, family of the routes). BIRD has one single-hop session at a time with an address: each has one of ours.
SESSIONS = {
    "it-connects": (us(1), "10.7.1.2", f"passive: true, password: {SECRET}, ttl_security: on", f'password "{SECRET}"; ttl security on;', "ipv4"),
    "we-connect": ("10.7.1.11", "10.7.1.3", f"password: {SECRET}, ttl_security: 2", f'password "{SECRET}"; ttl security on; passive;', "ipv4"),
    "no-key": ("10.7.1.12", "10.7.1.4", "hold_time: 9s", "", "ipv4"),
    "v6": (us(1, 6), them(1, 6), f"password: {SECRET}, ttl_security: on", f'password "{SECRET}"; ttl security on;', "ipv6"),
    "link-local": ("fe80::1", "fe80::2", f'device: p1, password: {SECRET}, passive: true', f'password "{SECRET}"; interface "p1";', "ipv6"),
    "link-local-ours": ("fe80::11", "fe80::3", "device: p1, ttl_security: on", 'interface "p1"; passive; ttl security on;', "ipv6"),
}
OURS_DYNAMIC = "10.7.1.13"
DYNAMIC = "10.7.1.130"
ROUTE = {"ipv4": "203.0.113.0/24", "ipv6": "2001:db8:113::/48"}


def ours(networks=("198.18.0.0/24",), without=()):
    neighbours = "".join(
        f'    - {{ name: {name}, address: "{address}", local_address: "{local}", as: {THEIR_AS}, {words}, connect_retry: 1s, import: all, export: all }}\n' for name, (local, address, words, _, _) in SESSIONS.items() if name not in without)
    return f"""workers: [0]
ports:
  - {{ name: p1, device: p1, side: unprotected }}
bgp:
  as: {OUR_AS}
  router_id: {ROUTER}
  networks: [ {', '.join(networks)}, "2001:db8:198::/48" ]
  neighbors:
{neighbours}  dynamic_neighbors:
    - {{ name: any, range: 10.7.1.128/25, as: any, maximum: 2, import: all, export: all }}
"""


def bird():
    text = f"""router id {them(1)}; log stderr all; debug protocols {{ states }};
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; ipv6; }}
protocol static s4 {{ ipv4; route {ROUTE['ipv4']} blackhole; }}
protocol static s6 {{ ipv6; route {ROUTE['ipv6']} blackhole; }}
"""
    for name, (other, address, _, words, family) in SESSIONS.items():
        text += f"""protocol bgp s_{name.replace('-', '_')} {{ local {address} as {THEIR_AS}; neighbor {other} as {OUR_AS}; {words} connect retry time 1; connect delay time 1;
  {family} {{ import all; export where source = RTS_STATIC; next hop self; }}; }}
"""
    return text + f"""protocol bgp by_range {{ local {DYNAMIC} as {DYNAMIC_AS}; neighbor {OURS_DYNAMIC} as {OUR_AS}; connect retry time 1; connect delay time 1;
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }}; }}
"""


class OneLink(BgpNet):
    """One link, BIRD with an address for each session at its end."""

    def __init__(self):
        addresses = [f"{a}/{64 if ':' in a else 24}" for a in [OURS_DYNAMIC, *(s[0] for s in SESSIONS.values())]]
        Gateway.__init__(self, ours(), {"p1": (addresses, None)})
        self.names, self.speakers = [], {}

    def _start(self):
        there = self.namespace("p1")
        run("ip", "-n", there, "link", "set", "lo", "up")
        for address in [DYNAMIC, *(s[1] for s in SESSIONS.values())]:
            run("ip", "-n", there, "addr", "add", f"{address}/{64 if ':' in address else 24}", "dev", "p1", *(["nodad"] if ":" in address else []))
        super()._start()

    def reload(self, configuration):
        pathlib.Path(self.folder, "gateway.yaml").write_text("instance: judge\n" + configuration)
        self.api.post("/reload", None)

    def metrics(self):
        connection = Connection(self.api.path)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()

    def route_count(self, name):
        """Paths that we took of it and that it was told."""
        family = next(f for f in self.neighbour(name)["families"] if f["is_negotiated"])
        return family["accepted"], family["sent"]


def transport(versions):
    if "bird" not in versions:
        return 3
    report = Report("bird", versions["bird"])
    with OneLink() as net:
        peer = net.start("bird", bird())

        def protocol(name):
            return peer.ask("show protocols all", "s_" + name.replace("-", "_"))
        names = {"it-connects": "we wait, it connects; MD5, TTL security", "we-connect": "it waits, we connect; MD5, TTL security", "no-key": "both connect, no key beside those with one",
                 "v6": "over IPv6; MD5, TTL security", "link-local": "over link-local addresses, it connects; MD5", "link-local-ours": "over link-local addresses, we connect; TTL security"}
        for name, text in names.items():
            def comes_up(name=name):
                peer.until(lambda: "Established" in protocol(name) and net.neighbour(name)["state"] == "established", 20, f"the session ({net.neighbour(name)['last_reason']}): {protocol(name)}")
                peer.until(lambda: net.route_count(name)[0] == 1 and net.route_count(name)[1] >= 1, 10, f"a route each way: {net.route_count(name)}")
                return net.neighbour(name)["local_address"]
            report.run(f"session: {text}", comes_up)

        def dynamic():
            peer.until(lambda: net.neighbour(f"any-{DYNAMIC}")["state"] == "established", 20, "the session")
            found = net.neighbour(f"any-{DYNAMIC}")
            assert found["is_dynamic"] and found["remote_as"] == DYNAMIC_AS, found
        report.run("session: a neighbour by prefix, of any AS", dynamic)

        def reached():
            path = peer.until(lambda: next((p for r in net.learned("ipv6", ROUTE["ipv6"]) for p in r["paths"] if p["neighbor"] == "v6"), None), 10, "the route")
            assert path["is_reachable"] and path["next_hop"] == them(1, 6), path
        report.run("a route's next hop is resolved by the kernel's routes", reached)

        def disabled():
            net.api.post("/bgp/disable/it-connects", None)
            peer.until(lambda: "Administrative shutdown" in protocol("it-connects"), 5, f"Cease with its reason: {protocol('it-connects')}")
            state = net.neighbour("it-connects")
            assert state["is_disabled"] and state["state"] == "idle", state
            net.api.post("/bgp/enable/it-connects", None)
            peer.until(lambda: net.neighbour("it-connects")["state"] == "established", 20, "the session again")
        report.run("disable and enable: it is told why", disabled)

        def cleared():
            before = net.neighbour("v6")["times_established"]
            net.api.post("/bgp/clear/v6", None)
            peer.until(lambda: net.neighbour("v6")["times_established"] == before + 1, 20, "another session")
        report.run("clear: a session begins anew", cleared)

        def reloaded():
            times = {n: net.neighbour(n)["times_established"] for n in names}
            net.reload(ours(("198.18.0.0/24", "198.18.7.0/24"), without=("no-key",)))
            peer.until(lambda: "198.18.7.0/24" in peer.routes("ipv4"), 10, "the new network")
            peer.until(lambda: "Received: Peer de-configured" in protocol("no-key") or "Established" not in protocol("no-key"), 10, "the end of the neighbour that went")
            assert all(net.neighbour(n)["times_established"] == t for n, t in times.items() if n != "no-key"), "a session that the reload does not touch began anew"
            net.reload(ours(without=("no-key",)))
            peer.until(lambda: "198.18.7.0/24" not in peer.routes("ipv4"), 10, "the network's end")
        report.run("reload: a network and a neighbour come and go, other sessions stay", reloaded)

        def seen():
            said = net.metrics()
            assert 'appliance_bgp_sessions{state="established"} 6\n' in said, said[said.find("appliance_bgp_sessions"):][:400]
            assert "BIRD" not in json.dumps(net.api.get("/bgp")) and SECRET not in json.dumps(net.api.get("/bgp")), "a key is shown"
            net.log.flush()
            net.log.seek(0)
            log = net.log.read()
            assert "Established" in log and SECRET not in log, "the log"
        report.run("metrics and log know the sessions, and no key", seen)

        def ends():
            os.kill(net.process.pid, signal.SIGTERM)
            net.process.wait(15)
            peer.until(lambda: "Administrative shutdown" in protocol("v6") and "Administrative shutdown" in protocol("we-connect"), 5, f"Cease: {protocol('v6')}")
        report.run("the gateway stops: neighbours are told", ends)
    return report.finish()
