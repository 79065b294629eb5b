"""strongSwan 6 on the kernel's ESP in a virtual machine, against the gateway: raw ESP, ESN, tunnel and transport mode, RFC 3884, rekeying. Emulated: correctness, not speed."""
import json
import re
import sys
import time

from gateway import Gateway, Unavailable, prepare
from report import Report
from vm_judge import LINKS, OURS, TUNNELS, Judge, Machine

SECRET = "a shared key of more than sixteen octets"
# tunnel: (gateway's mode, gateway's esp, strongSwan's esp, strongSwan's mode)
CHILDREN = {
    "vm-v4": ("tunnel", "aes-256-gcm/x25519/esn", "aes256gcm16-x25519-esn", "tunnel"),
    "vm-v6": ("tunnel", "chacha20-poly1305/esn", "chacha20poly1305-esn", "tunnel"),
    "vm-iip": ("iiptran", "aes-128-gcm/esn", "aes128gcm16-esn", "transport"),
    "vm-own": ("transport", "aes-256-gcm/esn", "aes256gcm16-esn", "transport"),
    "vm-xfrmi": ("tunnel", "aes-256-cbc/hmac-sha256/esn", "aes256-sha256-esn", "tunnel"),
}


def configuration():
    peers = tunnels = policies = ""
    for name, (mode, outer, remote, inside) in TUNNELS.items():
        peers += "  - " + json.dumps({"name": name, "local": OURS[outer], "remote": remote, "identity": "gw.example.org", "peer_identity": f"{name}.example.org", "auth": "psk", "psk": SECRET}) + "\n"
        tunnel = {"name": name, "peer": name, "mode": mode, "esp": [CHILDREN[name][1]], "start": "on-demand"}
        if inside:
            tunnel["routes"] = [f"10.{inside}.0.0/16", f"fd00:{inside}::/48"]
            policies += f"  - {{ action: protect, local: 10.1.0.0/16, remote: 10.{inside}.0.0/16 }}\n"
            policies += f'  - {{ action: protect, local: "fd00:1::/48", remote: "fd00:{inside}::/48" }}\n'
        else:
            policies += f'  - {{ action: protect, tunnel: {name}, local: "{OURS[outer]}", remote: "{remote}" }}\n'
        tunnels += "  - " + json.dumps(tunnel) + "\n"
    return f"""workers: [0]
ports:
  - {{ name: lan, device: lan, side: protected }}
  - {{ name: wan, device: wan, side: unprotected }}
vpn: {{ device: vpn0, addresses: [ 10.1.255.1/32, "fd00:1:0:ff::1/128" ] }}
peers:
{peers}tunnels:
{tunnels}policies:
{policies}"""


def swanctl():
    connections = secrets = ""
    for name, (_, outer, remote, inside) in TUNNELS.items():
        _, _, esp, mode = CHILDREN[name]
        if name == "vm-iip":
            local, other = f"{remote}/32[4],{remote}/32[41]", f"{OURS[4]}/32[4],{OURS[4]}/32[41]"
        elif inside:
            local, other = f"10.{inside}.0.0/16,fd00:{inside}::/48", "10.1.0.0/16,fd00:1::/48"
        else:
            local, other = "dynamic", "dynamic"
        connections += f"""{name} {{ version = 2
 local_addrs = {remote}
 remote_addrs = {OURS[outer]}
 proposals = aes256gcm16-prfsha256-x25519
 rekey_time = 0
 local {{ auth = psk
 id = {name}.example.org }}
 remote {{ auth = psk
 id = gw.example.org }}
 children {{ {name} {{ local_ts = {local}
 remote_ts = {other}
 mode = {mode}
 esp_proposals = {esp}
 rekey_time = 0 }} }} }}
"""
        secrets += f'ike-{name} {{ id-a = {name}.example.org\n secret = "{SECRET}" }}\n'
    return f"connections {{\n{connections}}}\nsecrets {{\n{secrets}}}\n"


class IkeJudge(Judge):
    """The same network and traffic as for manual keys; the keys come from IKE."""

    def start_charon(self):
        self.machine.shell(f"""cat > /etc/strongswan.conf <<'END'
charon {{ install_routes = no
 plugins {{ vici {{ socket = unix:///run/charon.vici }} }}
 filelog {{ all {{ path = /run/charon.log
 default = 1
 flush_line = yes }} }} }}
swanctl {{ load = random openssl pem pkcs1 pkcs8 x509 pubkey
 plugins {{ vici {{ socket = unix:///run/charon.vici }} }} }}
END
cat > /etc/swanctl/swanctl.conf <<'END'
{swanctl()}
END
(/usr/lib/ipsec/charon > /run/charon.out 2>&1 < /dev/null &)""", 30)
        for _ in range(60):
            said = self.machine.shell("swanctl --load-all --noprompt 2>&1 | tail -4; swanctl --version", 60)
            if "successfully loaded 5 connections" in said:
                return re.search(r"strongSwan swanctl (\S+)", said).group(1)
            time.sleep(1)
        raise AssertionError(f"charon in the machine: {said.strip()[-300:]} {self.machine.shell('cat /run/charon.out; tail -5 /run/charon.log')[-500:]}")

    def swan(self, command, seconds=60):
        return self.machine.shell(f"swanctl {command} --uri unix:///run/charon.vici 2>&1", seconds)

    def established(self, name):
        return [s for s in self.gateway.api.get("/ike")["sas"] if s["peer"] == name and s["state"] == "established"]

    def traffic(self, name, tcp=False):
        for family in (4, 6):
            self.both_ways(name, family, tcp)

    def initiator(self, name):
        """A packet of the host makes us begin."""
        self.traffic(name)
        sa = self.established(name)[0]
        child = sa["children"][0]
        assert sa["is_initiator"] and child["esn"] and not child["udp_encapsulation"], f"initiator {sa['is_initiator']}, esn {child['esn']}, udp {child['udp_encapsulation']}"
        return sa["suite"]

    def responder(self, name):
        self.swan(f"--terminate --ike {name} --timeout 20")
        assert not self.established(name), "the IKE SA outlived strongSwan's delete"
        said = self.swan(f"--initiate --child {name} --timeout 30")
        assert "initiate completed" in said, said.strip()[-300:]
        self.traffic(name, tcp=True)
        assert not self.established(name)[0]["is_initiator"], "we began it"

    def rekey(self, name):
        before = self.established(name)[0]["children"][0]["inbound_spi"]
        said = self.swan(f"--rekey --child {name}")
        time.sleep(3)
        after = [c["inbound_spi"] for c in self.established(name)[0]["children"]]
        assert len(after) == 1 and after[0] != before, f"SPIs {before} then {after}: {said.strip()}"
        self.traffic(name)

    def transport(self):
        remote = TUNNELS["vm-own"][2]
        self.ping(remote, self.gateway.inside, OURS[4])
        self.ping_from_machine(remote, OURS[4])
        assert self.established("vm-own")[0]["children"][0]["mode"] == "transport", "not transport mode"

    def iiptran(self):
        remote = TUNNELS["vm-iip"][2]
        self.machine.shell(f"ip tunnel add ipip1 mode ipip local {remote} remote {OURS[4]} ttl 64; ip link set ipip1 up mtu 1400\n"
                           f"ip tunnel add sit1 mode sit local {remote} remote {OURS[4]} ttl 64; ip link set sit1 up mtu 1400")
        self.traffic("vm-iip", tcp=True)
        assert self.established("vm-iip")[0]["children"][0]["mode"] in ("iiptran", "iip_tran"), "not IIPtran"

    def run(self):
        for name, title in (("vm-v4", "tunnel AES-GCM outer v4"), ("vm-v6", "tunnel ChaCha20-Poly1305 outer v6"), ("vm-xfrmi", "tunnel AES-CBC-SHA256 outer v4")):
            self.report.run(f"{title}, raw ESP, ESN: we begin on demand, ping both ways", lambda n=name: self.initiator(n))
            self.report.run(f"{title}, raw ESP, ESN: strongSwan begins, ping and TCP both ways", lambda n=name: self.responder(n))
            self.report.run(f"{title}: child rekey by strongSwan", lambda n=name: self.rekey(n))
        self.report.run("transport mode between the ends, ESN", self.transport)
        self.report.run("RFC 3884: ip tunnel with transport mode, negotiated", self.iiptran)

    @staticmethod
    def way_back(name, family):
        return Judge.way_back("vm-v4" if name == "vm-xfrmi" else name, family)


def main():
    prepare()
    report = Report("strongswan", "6")
    try:
        routes = [("default", "192.0.2.254"), ("default", "2001:db8::fe")]
        with Gateway(configuration(), LINKS, routes) as gateway:
            with Machine(gateway) as machine:
                judge = IkeJudge(gateway, machine, report)
                report.version = judge.start_charon()
                judge.run()
    except Unavailable as why:
        report.add("kernel ESP", "skipped", str(why))
    except Exception as error:
        report.add("kernel ESP", "failed", f"{type(error).__name__}: {error}")
    return report.finish()


sys.exit(main())
