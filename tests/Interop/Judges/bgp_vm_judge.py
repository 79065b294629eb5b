"""A newer BIRD in a virtual machine (another kernel with another TCP), and ExaBGP behind us: TCP-MD5, IPv4 and IPv6 routes both ways, the Tunnel Encapsulation attribute (RFC 9012) intact."""
import json
import re
import sys
import time

from bgp_net import exabgp
from bgp_peers import ExaBgp
from gateway import Gateway, Unavailable, prepare, run
from report import Report
from vm_judge import LINKS, OURS, Machine

SECRET = "md5secret"
BIRD = f"""router id 198.51.100.1; log stderr all;
protocol device {{}}
protocol static s4 {{ ipv4; route 203.0.110.0/24 blackhole {{ bgp_community.add((65000,10)); bgp_ext_community.add((generic, 0x035e0000, 0xc6336401)); }}; }}
protocol static s6 {{ ipv6; route 2001:db8:110::/48 blackhole; }}
protocol bgp appliance {{ local 198.51.100.1 as 65020; neighbor 192.0.2.1 as 65001; multihop; password "{SECRET}"; connect delay time 1; connect retry time 2; hold time 30; graceful restart on;
  ipv4 {{ import all; export all; }}; ipv6 {{ import all; export all; next hop address 2001:db8:2::1; }}; }}
"""


def configuration():
    return f"""workers: [0]
ports:
  - {{ name: wan, device: wan, side: unprotected }}
  - {{ name: p4, device: p4, side: unprotected }}
bgp:
  as: 65001
  router_id: 192.0.2.1
  networks: [ 203.0.99.0/24, "2001:db8:99::/48" ]
  neighbors:
    - {{ name: vm, address: 198.51.100.1, local_address: 192.0.2.1, as: 65020, multihop: 4, password: {SECRET}, connect_retry: 2s, families: {{ ipv4: {{ import: all, export: all }}, ipv6: {{ import: all, export: all, next_hop: "{OURS[6]}" }} }} }}
    - {{ name: exabgp, address: 10.7.4.2, local_address: 10.7.4.1, as: 65001, password: {SECRET}, connect_retry: 2s, reflector_client: true, families: {{ ipv4: {{}}, ipv6: {{}}, vpnv4: {{}}, vpnv6: {{}} }} }}
"""


class Net(Gateway):
    def _start(self):
        there = self.namespace("p4")
        run("ip", "-n", there, "addr", "add", "10.7.4.2/24", "dev", "p4")
        run("ip", "-n", there, "link", "set", "lo", "up")
        super()._start()


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what()}" if callable(what) else f"not within {seconds} s: {what}"
        time.sleep(0.5)
    return value


def judge(gateway, machine, speaker, report):
    machine.shell(f"cat > /etc/bird.conf <<'END'\n{BIRD}END\nmkdir -p /run/bird; (bird -c /etc/bird.conf -s /run/bird.ctl -P /run/bird.pid -f > /run/bird.out 2>&1 < /dev/null &)")

    def bird(words):
        return machine.shell(f"birdc -s /run/bird.ctl {words}", 20)

    report.version = until(lambda: re.search(r"BIRD (\d\S+)", bird("show status")), 30, "BIRD in the machine").group(1)

    def neighbour(name):
        return next(n for n in gateway.api.get("/bgp")["neighbors"] if n["name"] == name)

    report.run("session with TCP-MD5 over several hops", lambda: until(lambda: neighbour("vm")["state"] == "established", 90, lambda: neighbour("vm")["last_reason"]) and "")

    def routes(family, prefix):
        return gateway.api.get(f"/bgp/routes?family={family}&prefix={prefix}")["routes"]

    def both():
        for family, theirs, ours in (("ipv4", "203.0.110.0/24", "203.0.99.0/24"), ("ipv6", "2001:db8:110::/48", "2001:db8:99::/48")):
            until(lambda: routes(family, theirs), 20, f"{theirs} among our routes")
            until(lambda: ours in bird(f"show route for {ours.split('/')[0]}"), 20, f"{ours} among its routes")
    report.run("IPv4 and IPv6 routes both ways", both)

    def tunnel():
        text = until(lambda: (t := bird("show route all 203.0.145.0/24")) and "203.0.145.0" in t and t, 30, "ExaBGP's route at BIRD")
        octets = re.sub(r"[\s:]", "", text.lower())
        assert "0004000c060a0000000000010a070402" in octets or "10.7.4.2" in text, text
        return re.search(r"(BGP\.\S*17\S*|bgp_\S*tunnel\S*|\S*23\S*)", text).group(1) if re.search(r"(BGP\.\S*17\S*|bgp_\S*tunnel\S*|\S*23\S*)", text) else ""
    report.run("Tunnel Encapsulation (RFC 9012) from ExaBGP through us, intact", tunnel)

    def identity():
        speaker.until(lambda: "0x035e0000" in json.dumps(speaker.routes("ipv4").get("203.0.110.0/24", "")).lower() or "242631433249842177" in speaker.routes("ipv4").get("203.0.110.0/24", ""), 15,
                      f"its Security Gateway Identity at ExaBGP: {speaker.routes('ipv4').get('203.0.110.0/24')}")
    report.run("its Security Gateway Identity through us to ExaBGP", identity)


def main():
    prepare()
    report = Report("bird", "2.17")
    links = {"wan": LINKS["wan"], "lan": (["10.1.0.1/24", "fd00:1::1/64"], None), "p4": (["10.7.4.1/24", "2001:db8:7:4::1/64"], None)}
    try:
        ExaBgp.version()
        with Net(configuration(), links, [("default", "192.0.2.254"), ("default", "2001:db8::fe")]) as gateway:
            with Machine(gateway) as machine:
                speaker = ExaBgp(gateway.namespace("p4"), f"{gateway.folder}/exabgp", exabgp(), "10.7.4.1")
                with speaker:
                    judge(gateway, machine, speaker, report)
    except Unavailable as why:
        report.add("BIRD in a virtual machine", "skipped", str(why))
    except Exception as error:
        report.add("BIRD in a virtual machine", "failed", f"{type(error).__name__}: {error}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
