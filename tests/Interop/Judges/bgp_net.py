"""The network of the BGP judge: our gateway in the middle, every speaker behind a link of its own; and the configuration of each."""
import os
import pathlib

from bgp_peers import Bird, ExaBgp, Frr, GoBgp, OpenBgpd
from gateway import Gateway, run

SECRET = "md5secret"
OUR_AS, ROUTER = 65001, "10.7.0.1"
# number, AS: the links are 10.7.N.0/24 and 2001:db8:7:N::/64, ours .1, theirs .2.
SENDS_VPN = ("bird", "gobgp", "exabgp")
PEERS = {"bird": (1, 65011), "frr": (2, 65012), "gobgp": (3, OUR_AS), "exabgp": (4, OUR_AS), "openbgpd": (5, 65015)}
CLASSES = {"bird": Bird, "frr": Frr, "gobgp": GoBgp, "exabgp": ExaBgp, "openbgpd": OpenBgpd}
FAMILIES = ("ipv4", "ipv6", "vpnv4", "vpnv6")
OURS = {"ipv4": "203.0.99.0/24", "ipv6": "2001:db8:99::/48", "vpnv4": "10.199.0.0/16", "vpnv6": "2001:db8:299::/48"}
SHARED = "203.0.200.0/24"


def us(number, family=4):
    return f"10.7.{number}.1" if family == 4 else f"2001:db8:7:{number}::1"


def them(number, family=4):
    return f"10.7.{number}.2" if family == 4 else f"2001:db8:7:{number}::2"


def theirs(number):
    """What speaker N announces, by family. FRR and OpenBGPD need a kernel with VRFs to have VPN routes of their own: they only take them."""
    return {"ipv4": f"203.0.{100 + number}.0/24", "ipv6": f"2001:db8:{100 + number}::/48", "vpnv4": f"10.{100 + number}.0.0/16", "vpnv6": f"2001:db8:{200 + number}::/48"}


def gateway(names, more=None, extra="", neighbours=None):
    """Our configuration. `more`: {name: words added to its neighbour}; `neighbours`: fewer of them."""
    ports = "".join(f"  - {{ name: p{PEERS[n][0]}, device: p{PEERS[n][0]}, side: unprotected }}\n" for n in names)
    text = f"""workers: [0]
ports:
{ports}{extra}
bgp:
  as: {OUR_AS}
  router_id: {ROUTER}
  graceful_restart: {{ restart: 60s, deferral: 5s }}
  networks:
    - {{ prefix: {OURS['ipv4']}, communities: [ "65001:99" ] }}
    - {{ prefix: "{OURS['ipv6']}" }}
  vrfs:
    - {{ name: red, rd: "65001:1", import: [ "65000:1" ], export: [ "65000:1" ], label: 199, networks: [ {OURS['vpnv4']}, "{OURS['vpnv6']}" ] }}
  policies:
"""
    for n in names:
        number = PEERS[n][0]
        text += f"""    - name: to-{n}
      terms:
        - {{ match: {{ prefixes: [ "::/0 le 128" ] }}, set: {{ next_hop: "{us(number, 6)}" }}, then: accept }}
      default: accept
"""
    text += "  neighbors:\n"
    for n in neighbours or names:
        number, asn = PEERS[n]
        client = ", reflector_client: true" if asn == OUR_AS else ""
        families = "".join(f"        {f}: {{ import: all, export: {'to-' + n if f.endswith('6') else 'all'}{', add_path: { send: 4, receive: true }' if n == 'bird' and f == 'ipv4' else ''}"
                           f"{', next_hop_self: true' if f.startswith('vpn') else ''}{', next_hop: ' + chr(34) + us(number, 6) + chr(34) if f.endswith('6') else ''} }}\n" for f in FAMILIES)
        text += f"""    - name: {n}
      address: {them(number)}
      as: {asn}
      local_address: {us(number)}
      password: {SECRET}
      hold_time: 30s
      connect_retry: 2s{client.replace(', ', chr(10) + '      ')}
{''.join(f'      {w}{chr(10)}' for w in (more or {}).get(n, []))}      families:
{families}"""
    return text


def bird(number=1, asn=65011, more="", bfd=False):
    r = theirs(number)
    return f"""router id {them(number)}; log stderr all; debug protocols {{ states }};
ipv4 table master4; ipv6 table master6; vpn4 table vt4; vpn6 table vt6;
protocol device {{ scan time 1; }}
{'protocol bfd { interface "*" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }' if bfd else ''}
protocol direct {{ ipv4; ipv6; }}
protocol static s4 {{ ipv4; route {r['ipv4']} blackhole {{ bgp_community.add((65000,{number})); bgp_large_community.add((65000,1,{number})); bgp_ext_community.add((generic, 0x035e0000, 0x0a07{number:02x}02)); }}; }}
protocol static s6 {{ ipv6; route {r['ipv6']} blackhole; }}
protocol static sv4 {{ vpn4 {{ table vt4; }}; route 65000:{number} {r['vpnv4']} via {them(number)} mpls {100 + number} {{ bgp_ext_community.add((rt, 65000, 1)); bgp_ext_community.add((generic, 0x035e0000, 0x0a07{number:02x}02)); }}; }}
protocol static sv6 {{ vpn6 {{ table vt6; }}; route 65000:{number} {r['vpnv6']} via {them(number, 6)} mpls {100 + number} {{ bgp_ext_community.add((rt, 65000, 1)); }}; }}
filter learned {{ if source ~ [ RTS_DEVICE ] then reject; accept; }}
protocol bgp appliance {{ local {them(number)} as {asn}; neighbor {us(number)} as {OUR_AS}; password "{SECRET}"; connect delay time 1; connect retry time 2; error wait time 1, 4; hold time 30; graceful restart on; long lived graceful restart off;
  {'bfd on;' if bfd else ''} {more}
  ipv4 {{ import all; export filter learned; next hop self; add paths on; import keep filtered off; }};
  ipv6 {{ import all; export filter learned; next hop address {them(number, 6)}; }};
  vpn4 mpls {{ table vt4; import all; export all; next hop self; }};
  vpn6 mpls {{ table vt6; import all; export all; next hop address {them(number, 6)}; }}; }}
"""


def frr(number=2, asn=65012, more=""):
    r = theirs(number)
    return f"""hostname frr
router bgp {asn}
 bgp router-id {them(number)}
 no bgp network import-check
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 bgp graceful-restart
 neighbor {us(number)} remote-as {OUR_AS}
 neighbor {us(number)} password {SECRET}
 neighbor {us(number)} timers connect 2
 {more}
 address-family ipv4 unicast
  network {r['ipv4']} route-map SET
  network {SHARED} route-map SET
  neighbor {us(number)} activate
 exit-address-family
 address-family ipv6 unicast
  network {r['ipv6']}
  neighbor {us(number)} activate
  neighbor {us(number)} route-map V6 out
 exit-address-family
 address-family ipv4 vpn
  neighbor {us(number)} activate
  neighbor {us(number)} send-community both
 exit-address-family
 address-family ipv6 vpn
  neighbor {us(number)} activate
  neighbor {us(number)} send-community both
 exit-address-family
route-map SET permit 10
 set community 65000:{number}
 set large-community 65000:1:{number}
route-map V6 permit 10
 set ipv6 next-hop global {them(number, 6)}
"""


def gobgp(number=3, asn=OUR_AS, reflector=False):
    families = "".join(f"""  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "{name}"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
""" for name in ("ipv4-unicast", "ipv6-unicast", "l3vpn-ipv4-unicast", "l3vpn-ipv6-unicast"))
    return f"""[global.config]
  as = {asn}
  router-id = "{them(number)}"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{us(number)}"
    peer-as = {OUR_AS}
    auth-password = "{SECRET}"
  [neighbors.timers.config]
    connect-retry = 2
    hold-time = 30
    idle-hold-time-after-reset = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 60
  [neighbors.transport.config]
    local-address = "{them(number)}"
{'''  [neighbors.route-reflector.config]
    route-reflector-client = true
    route-reflector-cluster-id = "''' + them(number) + '"' + chr(10) if reflector else ''}{families}"""


def gobgp_routes(speaker, number=3):
    r = theirs(number)
    speaker.ask("global", "rib", "add", r["ipv4"], "nexthop", them(number), "community", f"65000:{number}", "large-community", f"65000:1:{number}")
    speaker.ask("global", "rib", "add", SHARED, "nexthop", them(number))
    speaker.ask("global", "rib", "add", "-a", "ipv6", r["ipv6"], "nexthop", them(number, 6))
    speaker.ask("global", "rib", "add", "-a", "vpnv4", r["vpnv4"], "label", str(100 + number), "rd", f"65000:{number}", "rt", "65000:1", "nexthop", them(number))
    speaker.ask("global", "rib", "add", "-a", "vpnv6", r["vpnv6"], "label", str(100 + number), "rd", f"65000:{number}", "rt", "65000:1", "nexthop", them(number, 6))


def exabgp(number=4, asn=OUR_AS):
    r = theirs(number)
    return f"""neighbor {us(number)} {{
  router-id {them(number)}; local-address {them(number)}; local-as {asn}; peer-as {OUR_AS}; md5-password "{SECRET}"; hold-time 30;
  capability {{ graceful-restart 60; add-path disable; }}
  family {{ ipv4 unicast; ipv6 unicast; ipv4 mpls-vpn; ipv6 mpls-vpn; }}
  api {{ processes [ relay, sink ]; neighbor-changes; receive {{ parsed; update; }} }}
  static {{
    route {r['ipv4']} next-hop {them(number)} community [ 65000:{number} ] large-community [ 65000:1:{number} ] extended-community [ 0x035e00000a07{number:02x}02 ];
    route 203.0.144.0/24 next-hop {them(number)} attribute [ 0xfa 0xc0 0x0102030405 ];
    route 203.0.145.0/24 next-hop {them(number)} attribute [ 0x17 0xc0 0x0004000c060a0000000000010a07{number:02x}02 ];
    route {r['ipv6']} next-hop {them(number, 6)};
    route {r['vpnv4']} next-hop {them(number)} rd 65000:{number} label {100 + number} extended-community [ target:65000:1 0x035e00000a07{number:02x}02 ];
    route {r['vpnv6']} next-hop {them(number, 6)} rd 65000:{number} label {100 + number} extended-community [ target:65000:1 ];
  }} }}
"""


def openbgpd(number=5, asn=65015):
    r = theirs(number)
    return f"""AS {asn}
router-id {them(number)}
socket "SOCKET"
fib-update no
rde evaluate all
network {r['ipv4']} set {{ community 65000:{number} large-community 65000:1:{number} }}
network {r['ipv6']} set nexthop {them(number, 6)}
neighbor {us(number)} {{
  remote-as {OUR_AS}
  local-address {them(number)}
  tcp md5sig password {SECRET}
  holdtime 30
  announce IPv4 unicast
  announce IPv6 unicast
  announce IPv4 vpn
  announce IPv6 vpn
  announce restart yes
}}
allow from any
allow to any
"""


CONFIGURATIONS = {"bird": bird, "frr": frr, "gobgp": gobgp, "exabgp": exabgp, "openbgpd": openbgpd}


class BgpNet(Gateway):
    """`with BgpNet(configuration, names) as net:` our gateway runs; `net.peer(name)` is a running speaker, once `net.start(name)` was said."""

    def __init__(self, configuration, names):
        links = {f"p{PEERS[n][0]}": ([f"{us(PEERS[n][0])}/24", f"{us(PEERS[n][0], 6)}/64"], None) for n in names}
        super().__init__(configuration, links)
        self.names, self.speakers = names, {}

    def is_well(self, health):
        # A neighbour that is not there yet is a warning of ours, not a reason to wait.
        return health["status"] in ("ok", "warning", "degraded")

    def _start(self):
        for name in self.names:
            number = PEERS[name][0]
            there = self.namespace(f"p{number}")
            run("ip", "-n", there, "addr", "add", f"{them(number)}/24", "dev", f"p{number}")
            run("ip", "-n", there, "addr", "add", f"{them(number, 6)}/64", "dev", f"p{number}", "nodad")
            run("ip", "-n", there, "link", "set", "lo", "up")
            if name == "openbgpd":
                # On Linux it sends the first IPv6 address of lo as its next hop on an IPv4 session, whatever is configured.
                run("ip", "-n", there, "addr", "del", "::1/128", "dev", "lo")
                run("ip", "-n", there, "addr", "add", f"{them(number, 6)}/128", "dev", "lo")
        super()._start()

    def start(self, name, configuration=None, cls=None):
        number = PEERS[name][0]
        speaker = (cls or CLASSES[name])(self.namespace(f"p{number}"), pathlib.Path(self.folder) / name, configuration or CONFIGURATIONS[name](), us(number))
        speaker.folder.mkdir(parents=True, exist_ok=True)
        self.speakers[name] = speaker
        os.chmod(self.folder, 0o755)
        speaker.start()
        if name == "gobgp":
            gobgp_routes(speaker)
        return speaker

    def __exit__(self, *_):
        for speaker in self.speakers.values():
            speaker.stop()
        super().__exit__()

    def neighbour(self, name):
        return next(n for n in self.api.get("/bgp")["neighbors"] if n["name"] == name)

    def family(self, name, family="ipv4"):
        """A family with a neighbour."""
        return next(f for f in self.neighbour(name)["families"] if f["family"] == family)

    def learned(self, family, prefix=None, vrf=""):
        """Paths of ours, as the API gives them."""
        return self.api.get(f"/bgp/routes?family={family}&vrf={vrf}" + (f"&prefix={prefix}" if prefix else "") + "&limit=1000")["routes"]
