"""Tunnels and targets as GoBGP sees them: route target membership (RFC 4684), the Encapsulation SAFI (RFC 5512) through us to another GoBGP, and our own Tunnel Encapsulation attribute (RFC 9012)."""
import json
import os
import socket
import struct
import time

import bgp_net
from bgp_net import OUR_AS, ROUTER, BgpNet, gobgp, them, us
from bgp_peers import GoBgp
from bgp_trouble import Raw, attribute, message, opening
from gateway import Gateway, Inside, run
from report import Report

FAMILIES = ("ipv4-unicast", "l3vpn-ipv4-unicast", "l3vpn-ipv6-unicast", "ipv4-encap", "ipv6-encap", "rtc")
OURS_RED, OURS_BLUE, TRUSTED = "10.199.0.0/16", "10.198.0.0/16", "10.1.0.0/16"
OTHER = 4
# GoBGP's command line cannot originate endpoints: they come to it from a neighbour of its own, by hand.
FEEDER, FEEDER_AS = "10.7.3.9", 65021
ENDPOINTS = {"ipv4-encapsulation": "10.3.3.3", "ipv6-encapsulation": "2001:db8::3"}
# Where route target membership is spoken, GoBGP sends routes without a route target to nobody, of any family.
TARGET = struct.pack("!BBHI", 0, 2, 65000, 1)
# One TLV, GRE, with the Tunnel Egress Endpoint sub-TLV.
GRE = b"\x00\x02\x00\x0c\x06\x0a\x00\x00\x00\x00\x00\x01\x0a\x03\x03\x03"


def ours():
    words = "connect_retry: 1s, reflector_client: true, families: [ipv4, vpnv4, vpnv6, ipv4-encapsulation, ipv6-encapsulation, route-target]"
    return f"""workers: [0]
ports:
  - {{ name: p3, device: p3, side: unprotected }}
  - {{ name: p{OTHER}, device: p{OTHER}, side: unprotected }}
state: state
bgp:
  as: {OUR_AS}
  router_id: {ROUTER}
  vrfs:
    - {{ name: red, rd: "65001:1", import: [ "65000:1" ], export: [ "65000:1" ], label: 199, networks: [ {OURS_RED} ] }}
    - {{ name: blue, rd: "65001:2", import: [ "65000:2" ], export: [ "65000:2" ], label: 198, networks: [ {OURS_BLUE} ] }}
  neighbors:
    - {{ name: one, address: {them(3)}, local_address: {us(3)}, as: {OUR_AS}, {words} }}
    - {{ name: other, address: {them(OTHER)}, local_address: {us(OTHER)}, as: {OUR_AS}, {words} }}
ce:
  gateway: {us(3)}
  trusted_subnets: [ {TRUSTED} ]
  peer: {{ psk: a-key-of-the-judge }}
  accept: [ {{ neighbors: any, gateways: any, prefixes: [ "10.0.0.0/8 le 24" ] }} ]
  tunnel_encapsulation: true
"""


def their(number):
    """GoBGP's configuration: the families of this judge, no password."""
    head, _ = gobgp(number).split("  [[neighbors.afi-safis]]", 1)
    feeder = f'[[neighbors]]\n  [neighbors.config]\n    neighbor-address = "{FEEDER}"\n    peer-as = {FEEDER_AS}\n  [neighbors.transport.config]\n    passive-mode = true\n{spoken(("ipv4-encap", "ipv6-encap"))}'
    return head.replace(f'    auth-password = "{bgp_net.SECRET}"\n', "") + spoken(FAMILIES) + (feeder if number == 3 else "")


def spoken(families):
    return "".join(f'  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      afi-safi-name = "{name}"\n' for name in families)


class Two(BgpNet):
    """Two GoBGPs, each behind a port of ours."""

    def __init__(self):
        Gateway.__init__(self, ours(), {f"p{n}": ([f"{us(n)}/24", f"{us(n, 6)}/64"], None) for n in (3, OTHER)})
        self.names, self.speakers = [], {}

    def _start(self):
        for number in (3, OTHER):
            there = self.namespace(f"p{number}")
            run("ip", "-n", there, "addr", "add", f"{them(number)}/24", "dev", f"p{number}")
            run("ip", "-n", there, "link", "set", "lo", "up")
        run("ip", "-n", self.namespace("p3"), "addr", "add", f"{FEEDER}/32", "dev", "lo")
        super()._start()

    def speaker(self, name, number):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        self.speakers[name] = GoBgp(self.namespace(f"p{number}"), folder, their(number), us(number))
        self.speakers[name].start()
        return self.speakers[name]


class Feeder(Raw):
    """A neighbour of the first GoBGP, by hand, that tells it endpoints of tunnels."""

    def open(self):
        with Inside(self.net.namespace("p3")):
            self.socket = socket.create_connection((them(3), 179), 10, (FEEDER, 0))
        self.socket.settimeout(10)
        self.buffer = b""
        self.socket.sendall(opening(self.asn, FEEDER, b"\x41\x04" + struct.pack("!I", self.asn) + b"\x01\x04\x00\x01\x00\x07\x01\x04\x00\x02\x00\x07"))
        assert self.read()[0] == 1, "no OPEN"
        self.socket.sendall(message(4))
        assert self.read()[0] == 4, "no KEEPALIVE"
        return self

    def tell(self, endpoint, announced=True):
        version = 6 if ":" in endpoint else 4
        address = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, endpoint)
        nlri = bytes([8 * len(address)]) + address
        family = struct.pack("!HB", 1 if version == 4 else 2, 7)
        if announced:
            hop = socket.inet_pton(socket.AF_INET6, "2001:db8:7:3::2") if version == 6 else socket.inet_aton(FEEDER)
            octets = (attribute(0x80, 14, family + bytes([len(hop)]) + hop + b"\0" + nlri) + attribute(0x40, 1, b"\0") + attribute(0x40, 2, b"\x02\x01" + struct.pack("!I", self.asn))
                      + attribute(0xc0, 16, TARGET) + attribute(0xc0, 23, GRE))
        else:
            octets = attribute(0x80, 15, family + nlri)
        self.socket.sendall(message(2, struct.pack("!HH", 0, len(octets)) + octets))


def attributes(text):
    return {a["type"]: a for a in json.loads(text)[0]["attrs"]}


def encapsulation(versions):
    if "gobgp" not in versions:
        return 3
    report = Report("gobgp", versions["gobgp"])
    with Two() as net:
        one, other = net.speaker("one", 3), net.speaker("other", OTHER)
        feeder = Feeder(net, 3, FEEDER_AS).open()
        one.ask("vrf", "add", "red", "rd", "65000:31", "rt", "both", "65000:1")
        for target in (1, 3):
            one.ask("global", "rib", "add", "-a", "vpnv4", f"10.13{target}.0.0/16", "label", str(100 + target), "rd", f"65000:{30 + target}", "rt", f"65000:{target}", "nexthop", them(3))

        def session():
            one.until(lambda: one.established() and other.established() and net.neighbour("one")["state"] == net.neighbour("other")["state"] == "established", 40, f"the sessions: {net.neighbour('one')['last_reason']}")
            return ", ".join(f["family"] for f in net.neighbour("one")["families"] if f["is_negotiated"])
        report.run("sessions with unicast, VPN, encapsulation and route target families", session)

        def membership():
            text = one.until(lambda: (t := one.ask("global", "rib", "-a", "rtc")) and "65000:1" in t and "65000:2" in t and t, 15, "our memberships at GoBGP")
            rows = [line for line in text.splitlines() if us(3) in line]
            assert len(rows) == 2, text
            return one.until(lambda: (r := net.learned("route-target")) and any(p["neighbor"] == "one" for x in r for p in x["paths"]) and f"{len(r)} in our table", 10, "its membership at us")
        report.run("RTC: memberships both ways (RFC 4684)", membership)

        def theirs():
            one.until(lambda: any(p["neighbor"] == "one" for r in net.learned("vpnv4", "10.131.0.0/16") for p in r["paths"]), 15, "its route of a target that we want")
            time.sleep(2)
            assert not net.learned("vpnv4", "10.133.0.0/16"), "a route of a target that we do not want"
        report.run("RTC: GoBGP sends what we want alone", theirs)

        def told():
            one.until(lambda: OURS_RED in one.routes("vpnv4"), 15, "our route of the target that it wants")
            time.sleep(2)
            assert OURS_BLUE not in one.routes("vpnv4"), "a route of a target that it does not want"
            one.ask("vrf", "add", "blue", "rd", "65000:32", "rt", "both", "65000:2")
            one.until(lambda: OURS_BLUE in one.routes("vpnv4"), 15, "our route of the target that it wants now")
            one.ask("vrf", "del", "blue")
            one.until(lambda: OURS_BLUE not in one.routes("vpnv4"), 15, "the withdrawal, now that nobody wants it")
        report.run("RTC: we send what GoBGP wants alone, also when it changes its mind", told)

        def sent(family):
            return next(f["sent"] for f in net.neighbour("other")["families"] if f["family"] == family)
        for family, endpoint in ENDPOINTS.items():
            def safi(family=family, endpoint=endpoint):
                feeder.tell(endpoint)
                path = one.until(lambda: next((p for r in net.learned(family) for p in r["paths"] if p["neighbor"] == "one"), None), 10, f"GoBGP's endpoint at us: {net.learned(family)}")
                assert path["tunnels"] == ["type 2 to 10.3.3.3"], path
                if family in other.FAMILIES:
                    text = other.until(lambda: next((t for p, t in other.routes(family).items() if endpoint in t), None), 10, f"it at the other GoBGP: {other.routes(family)}")
                    assert attributes(text)[23]["value"][0]["type"] == 2, text
                else:
                    # GoBGP's command line has no word for the family: it takes the route, or it would end the session.
                    other.until(lambda: sent(family) == 1, 10, "it at the other GoBGP")
                feeder.tell(endpoint, announced=False)
                other.until(lambda: sent(family) == 0 and (family not in other.FAMILIES or not other.routes(family)), 10, "its withdrawal")
                assert net.neighbour("other")["times_established"] == 1, net.neighbour("other")["last_reason"]
            report.run(f"Encapsulation SAFI (RFC 5512), {family}: an endpoint of GoBGP's through us to another one, and withdrawn", safi)

        def tunnel():
            text = one.until(lambda: one.routes("ipv4").get(TRUSTED), 15, f"our trusted subnet: {one.routes('ipv4').keys()}")
            found = attributes(text)
            value = found[23]["value"]
            assert len(value) == 1 and value[0]["type"] == 4, found[23]
            assert us(3) in json.dumps(value[0]), found[23]
            assert '"subtype": 94' in json.dumps(found[16]) or us(3) in json.dumps(found[16]) or "5e" in json.dumps(found[16]).lower(), found[16]
            return json.dumps(value[0])[:80]
        report.run("Tunnel Encapsulation (RFC 9012) that we announce, as GoBGP reads it", tunnel)
        feeder.close()
    return report.finish()
