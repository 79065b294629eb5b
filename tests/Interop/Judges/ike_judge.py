"""strongSwan against the gateway: every way to authenticate, key exchange and cipher, both roles, IPv4 and IPv6 outside, traffic both ways each time.

ike_judge.py matrix|life|moves|restarts|decrypt
"""
import itertools
import json
import sys
import tempfile

from gateway import Unavailable, prepare
from ike_decrypt import decrypt
from ike_life import life, moves, restarts
from ike_net import OURS, Net, certificates, inner, outer, prefix
from report import Report
from strongswan import StrongSwan, version

# Spelling of strongSwan, of the gateway for IKE, of the gateway for ESP.
CIPHERS = {
    "AES-GCM": ("aes256gcm16", "aes-256-gcm", "aes-256-gcm"),
    "ChaCha20-Poly1305": ("chacha20poly1305", "chacha20-poly1305", "chacha20-poly1305"),
    "AES-CBC-SHA256": ("aes256-sha256", "aes-256-cbc/hmac-sha256", "aes-256-cbc/hmac-sha256"),
}
GROUPS = {"X25519": ("x25519", "x25519"), "P-256": ("ecp256", "p-256"), "MODP-2048": ("modp2048", "modp-2048")}
METHODS = ("PSK", "RSA", "ECDSA")
SECRET = "a shared key of more than sixteen octets"


def cases():
    """(number, method, group, cipher, family) of each connection."""
    return [(n, *c) for n, c in enumerate(itertools.product(METHODS, GROUPS, CIPHERS, (4, 6)))]


def gateway_configuration():
    peers, tunnels, policies = [], [], []
    for number, method, group, cipher, family in cases():
        name = f"c{number}"
        peer = {"name": name, "local": OURS[family], "remote": outer(number, family), "identity": "gw.example.org", "udp": "auto",
                "proposals": [f"{CIPHERS[cipher][1]}/prf-sha256/{GROUPS[group][1]}"]}
        if method == "PSK":
            peer |= {"auth": "psk", "psk": SECRET, "peer_identity": f"{name}.example.org"}
        else:
            peer |= {"auth": "certificate", "certificate": f"gw-{method.lower()}.crt", "private_key": f"gw-{method.lower()}.key", "authorities": ["ca.crt"], "peer_identity": "peer.example.org"}
        peers.append(peer)
        tunnels.append({"name": f"t{number}", "peer": name, "mode": "tunnel", "routes": [prefix(number, family)], "local_selectors": ["10.1.0.0/16" if family == 4 else "fd00:1::/48"],
                        "esp": [CIPHERS[cipher][2]], "start": "on-demand"})
        policies.append({"action": "protect", "local": "10.1.0.0/16" if family == 4 else "fd00:1::/48", "remote": prefix(number, family)})

    def lines(key, entries):
        return f"{key}:\n" + "".join(f"  - {json.dumps(e)}\n" for e in entries)
    return lines("peers", peers) + lines("tunnels", tunnels) + lines("policies", policies)


def swanctl_configuration():
    connections, secrets = "", ""
    for number, method, group, cipher, family in cases():
        name = f"c{number}"
        proposal = CIPHERS[cipher][0] + ("" if cipher == "AES-CBC-SHA256" else "-prfsha256") + "-" + GROUPS[group][0]
        if method == "PSK":
            local, remote = f"auth = psk\n id = {name}.example.org", "auth = psk\n id = gw.example.org"
            secrets += f'  ike-{name} {{ id-a = {name}.example.org\n secret = "{SECRET}" }}\n'
        else:
            local, remote = f"auth = pubkey\n id = peer.example.org\n certs = peer-{method.lower()}.crt", "auth = pubkey\n id = gw.example.org\n cacerts = ca.crt"
        connections += f"""  {name} {{ version = 2
    local_addrs = {outer(number, family)}
    remote_addrs = {OURS[family]}
    proposals = {proposal}
    encap = yes
    dpd_delay = 0
    rekey_time = 0
    local {{ {local} }}
    remote {{ {remote} }}
    children {{ {name} {{ local_ts = {prefix(number, family)}
      remote_ts = {'10.1.0.0/16' if family == 4 else 'fd00:1::/48'}
      esp_proposals = {CIPHERS[cipher][0]}
      rekey_time = 0 }} }} }}
"""
    return f"connections {{\n{connections}}}\nsecrets {{\n{secrets}}}\n"


def responder(net, peer, number, family):
    """strongSwan begins."""
    peer.initiate(f"c{number}")
    net.both_ways(number, family)
    sa = net.ike_of(f"c{number}")[0]
    assert not sa["is_initiator"], "we began it"
    peer.terminate(ike=f"c{number}")
    net.wait(lambda: not net.ike_of(f"c{number}"), 3, "the IKE SA is gone after strongSwan's delete")
    return sa["suite"]


def initiator(net, peer, number, family):
    """A packet from the host makes us begin; it is held and not lost."""
    net.both_ways(number, family)
    sa = net.ike_of(f"c{number}")[0]
    assert sa["is_initiator"], "the peer began it"
    code, text = net.operator("down", f"c{number}")
    assert code == 0, text
    net.wait(lambda: f"c{number}" not in peer.sas(), 3, "strongSwan's IKE SA is gone after our delete")
    return sa["suite"]


def matrix(report):
    with tempfile.TemporaryDirectory(prefix="appliance-ike-") as folder:
        made = certificates(folder + "/pki")
        files = {f"{name}.{end}": made[name][place] for name in ("gw-rsa", "gw-ecdsa", "ca") for place, end in enumerate(("crt", "key")) if (name, end) != ("ca", "key")}
        with Net(gateway_configuration(), len(cases()), files) as net:
            keys = {"x509": [made["peer-rsa"][0], made["peer-ecdsa"][0]], "x509ca": [made["ca"][0]], "private": [made["peer-rsa"][1], made["peer-ecdsa"][1]]}
            with StrongSwan(net.peer, folder + "/peer", swanctl_configuration(), keys) as peer:
                for number, method, group, cipher, family in cases():
                    for role, judgement in (("responder", responder), ("initiator", initiator)):
                        report.run(f"{role} {method} {group} {cipher} over IPv{family}", lambda j=judgement, n=number, f=family: j(net, peer, n, f))


PARTS = {"matrix": matrix, "life": life, "moves": moves, "restarts": restarts, "decrypt": decrypt}


def main():
    prepare()
    try:
        report = Report("strongswan", version())
    except Unavailable as why:
        report = Report("strongswan", "")
        report.add("strongswan", "skipped", str(why))
        return report.finish()
    part = sys.argv[1] if len(sys.argv) > 1 else "matrix"
    try:
        PARTS[part](report)
    except Unavailable as why:
        report.add(part, "skipped", str(why))
    except Exception as error:  # the rig itself failed
        report.add(part, "failed", f"{type(error).__name__}: {error}")
    return report.finish()


sys.exit(main())
