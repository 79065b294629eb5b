"""The life of SAs with strongSwan: rekeying by either side under traffic, deletes, dead peers, restarts, fragmentation, NAT, narrowing, and what must be refused."""
import contextlib
import json
import os
import re
import signal
import tempfile
import time

from gateway import run
from ike_net import HOST, OURS, Net, Stream, certificates, inner, outer, prefix
from strongswan import StrongSwan

SECRET = "a shared key of more than sixteen octets"
LIVENESS = 2

# number: (what it is for, gateway's peer keys, gateway's tunnel keys, strongSwan's connection keys, its child keys)
PLAIN, RSA_LARGE, ED25519, PPK, WRONG_SECRET, WRONG_THEIR_ID, WRONG_OUR_ID, STRANGER, NARROW, NO_PROPOSAL, TWO_A, TWO_B, CLIENT, NATTED, BEHIND, IIPTRAN = range(16)
COUNT = 16

# Another address of strongSwan, which it sends us to; and one that we send it to, where nobody is.
SECOND, ELSEWHERE = outer(COUNT), "198.51.100.253"


def ours(**more):
    return {"auth": "psk", "psk": SECRET, "proposals": ["aes-256-gcm/prf-sha256/x25519"], "liveness": f"{LIVENESS}s", **more}


def by_certificate(name, **more):
    return {"auth": "certificate", "certificate": f"gw-{name}.crt", "private_key": f"gw-{name}.key", "authorities": ["ca.crt"], "peer_identity": "peer.example.org",
            "proposals": ["aes-256-gcm/prf-sha256/x25519"], "liveness": f"{LIVENESS}s", **more}


def entries():
    """{number: (gateway's peer, gateway's tunnel, strongSwan's connection, strongSwan's local, remote, child, secret)}"""
    def psk(number):
        return f"auth = psk\n id = c{number}.example.org", "auth = psk\n id = gw.example.org"

    def certificate(name):
        return f"auth = pubkey\n id = peer.example.org\n certs = peer-{name}.crt", "auth = pubkey\n id = gw.example.org\n cacerts = ca.crt"
    table = {n: [ours(peer_identity=f"c{n}.example.org"), {}, "", *psk(n), "", SECRET] for n in range(COUNT)}
    for number, name in ((RSA_LARGE, "large"), (ED25519, "ed25519")):
        table[number][0] = by_certificate(name)
        table[number][3:5] = certificate(name)
    table[PPK][0] |= {"ppk": {"id": "ppk-1", "key": "0x" + "5a" * 32, "required": True}}
    table[PPK][2] = "ppk_id = ppk-1\n ppk_required = yes"
    table[WRONG_SECRET][6] = "another key that the gateway does not know"
    table[WRONG_THEIR_ID][3] = "auth = psk\n id = somebody.example.org"
    table[WRONG_OUR_ID][4] = "auth = psk\n id = another.example.org"
    table[STRANGER][0] = by_certificate("ecdsa")
    table[STRANGER][3:5] = certificate("stranger")
    table[IIPTRAN][1] = {"mode": "iiptran"}
    table[NARROW][5] = "local_ts = 10.2.0.0/16"
    table[NO_PROPOSAL][0]["proposals"] = ["aes-128-gcm/prf-sha384/p-384"]
    return table


def gateway_configuration():
    peers, tunnels, policies = [], [], []
    for number, (peer, tunnel, *_) in entries().items():
        name = f"c{number}"
        if number == TWO_B:
            tunnels.append({"name": f"t{number}", "peer": f"c{TWO_A}", "mode": "tunnel", "routes": [prefix(number)], "local_selectors": ["10.1.0.0/16"], "start": "on-demand"})
        elif number == CLIENT:
            peers.append({"name": name, "local": OURS[4], "remote": "any", "identity": "gw.example.org", **peer, "pools": ["10.9.0.10-10.9.0.20"], "dns": ["10.1.0.53"]})
            tunnels.append({"name": f"t{number}", "peer": name, "mode": "tunnel", "local_selectors": ["10.1.0.0/16"], "start": "passive"})
            policies.append({"action": "protect", "local": "10.1.0.0/16", "remote": "10.9.0.0/24"})
            continue
        elif number == NATTED:
            peers.append({"name": name, "local": OURS[4], "remote": "any", "identity": "gw.example.org", **peer})
            tunnels.append({"name": f"t{number}", "peer": name, "mode": "tunnel", "remote_selectors": [prefix(number)], "local_selectors": ["10.1.0.0/16"], "start": "passive"})
        else:
            peers.append({"name": name, "local": OURS[4], "remote": outer(number), "identity": "gw.example.org", **peer})
            tunnels.append({"name": f"t{number}", "peer": name, "mode": "tunnel", "routes": [prefix(number)], "start": "on-demand",
                            **({} if tunnel.get("mode") == "iiptran" else {"local_selectors": ["10.1.0.0/16"]}), **tunnel})
        policies.append({"action": "protect", "local": "10.1.0.0/16", "remote": prefix(number)})

    def lines(key, things):
        return f"{key}:\n" + "".join(f"  - {json.dumps(t)}\n" for t in things)
    return f"ike: {{ redirect: {ELSEWHERE} }}\n" + lines("peers", peers) + lines("tunnels", tunnels) + lines("policies", policies)


def swanctl_configuration():
    connections, secrets = "", f"  ppk-1 {{ id-1 = ppk-1\n secret = 0x{'5a' * 32} }}\n"
    for number, (_, _, settings, local, remote, child, secret) in entries().items():
        name, children = f"c{number}", [number]
        if number == TWO_B:
            continue
        if number == TWO_A:
            children = [TWO_A, TWO_B]
        if "psk" in local:
            identity = re.search(r"id = (\S+)", local).group(1)
            secrets += f'  ike-{name} {{ id-a = {identity}\n secret = "{secret}" }}\n'
        if number == CLIENT:
            settings, child = "vips = 0.0.0.0", "local_ts = dynamic"
        text = "".join(f"""{f"c{c}"} {{ {child or f"local_ts = {prefix(c)}"}
      remote_ts = 10.1.0.0/16
      esp_proposals = aes256gcm16-x25519,aes256gcm16
      rekey_time = 0 }}
    """ for c in children)
        connections += f"""  {name} {{ version = 2
    local_addrs = {outer(number) + (f", {SECOND}" if number == PLAIN else "")}
    remote_addrs = {'%any' if number == BEHIND else OURS[4]}
    proposals = aes256gcm16-prfsha256-x25519
    encap = yes
    dpd_delay = 0
    rekey_time = 0
    fragmentation = yes
    send_certreq = yes
    {settings}
    local {{ {local} }}
    remote {{ {remote} }}
    children {{ {text} }} }}
"""
    return f"connections {{\n{connections}}}\nsecrets {{\n{secrets}}}\n"


class Life:
    """The cases, in an order in which each leaves the next a clean table."""

    def __init__(self, net, peer):
        self.net, self.peer = net, peer

    def operator(self, verb, number, what="c"):
        code, text = self.net.operator(verb, f"{what}{number}")
        assert code == 0, text

    def up(self, number, by_us=True):
        if by_us:
            self.operator("up", number)
        else:
            self.peer.initiate(f"c{number}")
        return self.net.wait(lambda: self.net.ike_of(f"c{number}"), 5, f"c{number} is established")[0]

    def down(self, number):
        self.net.operator("down", f"c{number}")
        self.peer.terminate(ike=f"c{number}", check=False)
        self.net.wait(lambda: not self.net.ike_of(f"c{number}"), 5, f"c{number} is gone")

    def spis(self, number):
        sa = self.net.ike_of(f"c{number}")[0]
        return (sa["initiator_spi"], sa["responder_spi"]), sorted(c["inbound_spi"] for c in sa["children"] if c["state"] == "established")

    def rekey(self, what, by_us):
        """Under a ping every 10 ms: new SPIs, none lost, the old ones gone on both sides."""
        self.up(PLAIN)
        before = self.spis(PLAIN)
        with Stream(self.net, PLAIN) as stream:
            for _ in range(3):
                started = self.spis(PLAIN)
                if by_us:
                    # Of a tunnel: its children; of a peer: the IKE SA too.
                    self.operator("rekey", PLAIN, "t" if what == "child" else "c")
                elif what == "child":
                    self.peer.rekey(child=f"c{PLAIN}")
                else:
                    self.peer.rekey(ike=f"c{PLAIN}")
                index = 1 if what == "child" else 0
                self.net.wait(lambda s=started: len(self.net.ike_of(f"c{PLAIN}")) == 1 and self.spis(PLAIN)[index] != s[index], 5, f"the {what} has new SPIs")
                time.sleep(0.3)
        after = self.spis(PLAIN)
        self.net.both_ways(PLAIN)
        assert before != after, "the same SPIs"
        assert stream.received > 50, f"{stream.received} of {stream.sent} pings answered"
        assert stream.lost == 0, f"{stream.lost} of {stream.sent} pings lost"
        assert len(after[1]) == 1, f"{len(after[1])} children"
        self.down(PLAIN)
        return f"{stream.sent} pings, none lost"

    def delete(self, by_us):
        self.up(PLAIN)
        if by_us:
            self.operator("down", PLAIN)
        else:
            self.peer.terminate(ike=f"c{PLAIN}")
        self.net.wait(lambda: not self.net.ike_of(f"c{PLAIN}") and f"c{PLAIN}" not in self.peer.sas(), 4, "both sides have forgotten the IKE SA")

    def delete_child(self):
        """strongSwan deletes the child alone; the next packet makes a new one on the same IKE SA."""
        ike = self.up(PLAIN)
        self.peer.terminate(child=f"c{PLAIN}")
        self.net.wait(lambda: not [c for c in self.net.ike_of(f"c{PLAIN}")[0]["children"] if c["state"] == "established"], 3, "the child is gone")
        self.net.both_ways(PLAIN)
        assert self.net.ike_of(f"c{PLAIN}")[0]["initiator_spi"] == ike["initiator_spi"], "another IKE SA"
        self.down(PLAIN)

    def dead_peer(self):
        """charon is killed: liveness finds out, and when it is back the next packet sets everything up again."""
        self.up(PLAIN)
        self.peer.kill()
        started = time.monotonic()
        self.net.wait(lambda: not self.net.ike_of(f"c{PLAIN}"), 90, "the dead peer was noticed")
        took = time.monotonic() - started
        self.peer.start()
        self.net.wait(lambda: self.net.ping(self.net.host, inner(PLAIN), count=1, wait=2) == 1, 30, "packets flow again")
        self.down(PLAIN)
        return f"noticed after {took:.1f} s"

    def restarted_peer(self):
        """charon comes back without its SAs and begins anew: INITIAL_CONTACT ends the old IKE SA here."""
        old = self.up(PLAIN)
        self.peer.kill()
        self.peer.start()
        self.peer.initiate(f"c{PLAIN}")
        self.net.wait(lambda: [s["initiator_spi"] for s in self.net.ike_of(f"c{PLAIN}")] not in ([], [old["initiator_spi"]]) and len(self.net.ike_of(f"c{PLAIN}")) == 1, 5, "one IKE SA, the new one")
        self.net.both_ways(PLAIN)
        self.down(PLAIN)

    def restarted_slow_path(self):
        """Our slow path is killed under traffic: no packet is lost, its successor goes on with the same IKE SA and rekeys it."""
        before = self.up(PLAIN)
        with Stream(self.net, PLAIN) as stream:
            os.kill(self.net.process_of("SlowPath"), signal.SIGKILL)
            after = self.net.wait(lambda: self.net.ike_of(f"c{PLAIN}"), 15, "the successor knows the IKE SA")[0]
            assert after["initiator_spi"] == before["initiator_spi"], "another IKE SA"
            assert len(after["children"]) == 1, f"{len(after['children'])} children"
            self.peer.rekey(child=f"c{PLAIN}")
            self.net.wait(lambda: self.spis(PLAIN)[1] != [before["children"][0]["inbound_spi"]], 5, "strongSwan's rekey went through")
            self.operator("rekey", PLAIN)
        assert stream.lost == 0, f"{stream.lost} of {stream.sent} pings lost"
        self.down(PLAIN)
        return f"{stream.sent} pings, none lost"

    def pair(self, number):
        """Both roles."""
        for by_us in (True, False):
            self.up(number, by_us)
            self.net.both_ways(number)
            self.down(number)

    def iiptran(self):
        """On the wire it is the same as tunnel mode (RFC 3884 §3.1), so a peer that does tunnel mode does too."""
        for by_us in (True, False):
            child = self.up(IIPTRAN, by_us)["children"][0]
            assert child["mode"] == "iiptran" and child["peer_tunnels"], f"mode {child['mode']}, peer in tunnel mode: {child['peer_tunnels']}"
            assert child["remote_selectors"] == [prefix(IIPTRAN)], f"selectors {child['remote_selectors']}"
            self.net.both_ways(IIPTRAN)
            self.down(IIPTRAN)

    def fragments(self):
        """Certificates of several kilobytes: the messages come in fragments (RFC 7383)."""
        self.pair(RSA_LARGE)
        log = self.peer.log()
        assert re.search(r"parsed IKE_AUTH .*EF\(1/", log), "strongSwan saw no fragment of ours"
        assert re.search(r"splitting IKE message|generating IKE_AUTH .*EF\(1/", log), "strongSwan sent no fragment"

    def refused(self, number, reason):
        """Neither side gets in, and our log says why."""
        try:
            self.peer.initiate(f"c{number}", timeout=5)
            raise AssertionError("strongSwan got in")
        except RuntimeError:
            pass
        code, text = self.net.operator("up", f"c{number}")
        assert code != 0, "we got in"
        assert not self.net.ike_of(f"c{number}"), "an IKE SA is there"
        assert not re.search(reason, self.net.gateway_log() + text) is None, f"nothing in the log says {reason}: {text}"
        return text.splitlines()[0][:100] if text else ""

    def narrowed(self):
        """strongSwan asks for more than we allow and gets what we allow."""
        self.up(NARROW, by_us=False)
        child = self.net.ike_of(f"c{NARROW}")[0]["children"][0]
        assert child["remote_selectors"] == [prefix(NARROW)], child["remote_selectors"]
        self.net.both_ways(NARROW)
        self.down(NARROW)

    def two_children(self):
        self.up(TWO_A)
        self.net.both_ways(TWO_A)
        self.net.both_ways(TWO_B)
        sas = self.net.ike_of(f"c{TWO_A}")
        assert len(sas) == 1 and len(sas[0]["children"]) == 2, f"{len(sas)} IKE SAs, children {[len(s['children']) for s in sas]}"
        self.down(TWO_A)

    def client(self):
        """strongSwan asks for an inner address (CP) and gets one of the pool."""
        self.peer.initiate(f"c{CLIENT}")
        address = re.search(r"local-vips=\[(10\.9\.0\.\d+)", self.peer.sas(f"c{CLIENT}"))
        assert address, "no inner address in strongSwan's SA"
        back = self.net.ping(self.net.peer, HOST[4], address.group(1))
        assert back == 3, f"client to host: {back} of 3 pings answered"
        assert self.net.ping(self.net.host, address.group(1)) == 3, "host to client"
        self.down(CLIENT)
        return address.group(1)

    def mobike(self):
        """strongSwan's address goes away: it moves to another, keys and SPIs stay (RFC 4555)."""
        before = self.up(PLAIN, by_us=False)
        moved = "198.51.103.250"
        run("ip", "-n", self.net.peer, "addr", "add", f"{moved}/22", "dev", "eth0")
        try:
            run("ip", "-n", self.net.peer, "addr", "del", f"{outer(PLAIN)}/22", "dev", "eth0")
            # Charon takes any address left, so the one that it took is what counts.
            self.net.wait(lambda: not self.net.ike_of(f"c{PLAIN}")[0]["remote"].startswith(outer(PLAIN) + ":"), 10, "the gateway sends to the new address")
            self.net.both_ways(PLAIN)
            after = self.net.ike_of(f"c{PLAIN}")[0]
            assert after["initiator_spi"] == before["initiator_spi"], "another IKE SA"
        finally:
            run("ip", "-n", self.net.peer, "addr", "replace", f"{outer(PLAIN)}/22", "dev", "eth0")
            run("ip", "-n", self.net.peer, "addr", "del", f"{moved}/22", "dev", "eth0", check=False)
        self.down(PLAIN)
        return after["remote"]

    def drained(self):
        """RFC 5685: strongSwan is sent elsewhere, first out of an IKE SA, then when it asks for one."""
        def goes():
            return len(re.findall(rf"sending packet: from \S+ to {re.escape(ELSEWHERE)}\[500\]", self.peer.log()))
        self.up(PLAIN, by_us=False)
        try:
            code, text = self.net.appliance("drain", "on")
            assert code == 0 and ELSEWHERE in text, text
            self.net.wait(lambda: goes() > 0, 5, "strongSwan asks the other gateway")
            self.peer.terminate(ike=f"c{PLAIN}", check=False)
            self.net.wait(lambda: not self.net.ike_of(f"c{PLAIN}"), 5, "strongSwan deleted the IKE SA")
            before = goes()
            self.peer.swanctl("--initiate", "--child", f"c{PLAIN}", "--timeout", "2", check=False)
            self.net.wait(lambda: goes() > before, 5, "strongSwan asks the other gateway after IKE_SA_INIT")
            assert not self.net.ike_of(f"c{PLAIN}"), "an IKE SA on a gateway that drains"
        finally:
            code, text = self.net.appliance("drain", "off")
        assert code == 0, text
        self.peer.terminate(ike=f"c{PLAIN}", check=False)
        self.up(PLAIN, by_us=False)
        self.net.both_ways(PLAIN)
        self.down(PLAIN)

    def redirected(self):
        """RFC 5685: strongSwan sends us to another address of its own; the tunnel goes with us."""
        self.up(PLAIN)
        with Stream(self.net, PLAIN) as stream:
            self.peer.swanctl("--redirect", "--ike", f"c{PLAIN}", "--gateway", SECOND)
            self.net.wait(lambda: [s["remote"].split(":")[0] for s in self.net.ike_of(f"c{PLAIN}")] == [SECOND], 8, "one IKE SA, with the other address")
        self.net.both_ways(PLAIN)
        self.down(PLAIN)
        return f"{stream.lost} of {stream.sent} pings lost"

    def nat(self, we_are_behind):
        """The router is a NAT for one side, which begins; rekeying goes on through it."""
        number, source, out = (BEHIND, OURS[4], "peer") if we_are_behind else (NATTED, outer(NATTED), "wan")
        rules = f"table ip judge {{ chain post {{ type nat hook postrouting priority 100; ip saddr {source} oifname {out} masquerade random; }}\n}}\n"
        run("ip", "netns", "exec", self.net.router, "nft", "-f", "-", input=rules)
        try:
            sa = self.up(number, by_us=we_are_behind)
            assert sa["nat"] in (("local", "both") if we_are_behind else ("remote", "both")), f"nat: {sa['nat']}"
            self.net.both_ways(number)
            self.peer.rekey(child=f"c{number}")
            time.sleep(1)
            self.net.both_ways(number)
            self.down(number)
            return f"nat: {sa['nat']}, {sa['local']} – {sa['remote']}"
        finally:
            run("ip", "netns", "exec", self.net.router, "nft", "delete", "table", "ip", "judge", check=False)


def files(made):
    """Files beside the gateway's configuration."""
    return {f"gw-{name}.{end}": made[f"gw-{name}"][place] for name in ("large", "ed25519", "ecdsa") for place, end in enumerate(("crt", "key"))} | {"ca.crt": made["ca"][0]}


def keys(made):
    """Files of strongSwan, by folder."""
    peers = ("peer-large", "peer-ed25519", "peer-stranger")
    return {"x509": [made[p][0] for p in peers], "x509ca": [made["ca"][0], made["other-ca"][0]], "private": [made[p][1] for p in peers]}


@contextlib.contextmanager
def running():
    """The gateway and strongSwan, and the cases over them."""
    with tempfile.TemporaryDirectory(prefix="appliance-ike-") as folder:
        made = certificates(folder + "/pki")
        with Net(gateway_configuration(), COUNT + 1, files(made)) as net:
            with StrongSwan(net.peer, folder + "/peer", swanctl_configuration(), keys(made)) as peer:
                yield Life(net, peer)


def life(report):
    with running() as cases:
        for what, by_us in ((w, u) for w in ("child", "IKE") for u in (False, True)):
            report.run(f"{what} rekey by {'us' if by_us else 'strongSwan'} under traffic", lambda w=what, u=by_us: cases.rekey(w, u))
        report.run("delete by strongSwan", lambda: cases.delete(False))
        report.run("delete by us", lambda: cases.delete(True))
        report.run("child deleted by strongSwan, made again on demand", cases.delete_child)
        report.run("RFC 7383 fragments with large RSA certificates, both roles", cases.fragments)
        report.run("Ed25519 certificates, both roles", lambda: cases.pair(ED25519))
        report.run("RFC 8784 post-quantum preshared key, both roles", lambda: cases.pair(PPK))
        report.run("RFC 3884 IIPtran with strongSwan in tunnel mode, both roles", cases.iiptran)
        report.run("selectors narrowed", cases.narrowed)
        report.run("two children on one IKE SA", cases.two_children)
        report.run("inner address for a client by CP", cases.client)
        report.run("wrong PSK refused on both sides", lambda: cases.refused(WRONG_SECRET, r"c4\b.*(AUTHENTICATION_FAILED|authenticat)"))
        report.run("wrong identity of the peer refused on both sides", lambda: cases.refused(WRONG_THEIR_ID, r"somebody\.example\.org"))
        report.run("wrong identity of ours refused on both sides", lambda: cases.refused(WRONG_OUR_ID, r"c6\b.*(AUTHENTICATION_FAILED|authenticat|identity)"))
        report.run("certificate of another CA refused on both sides", lambda: cases.refused(STRANGER, r"c7\b.*(chain|trust|authorit|AUTHENTICATION_FAILED)"))
        report.run("no proposal chosen says what both sides want", lambda: cases.refused(NO_PROPOSAL, r"c9\b.*(proposal|NO_PROPOSAL_CHOSEN)"))


def moves(report):
    with running() as cases:
        report.run("RFC 5685 REDIRECT: we follow strongSwan to another address", cases.redirected)
        report.run("RFC 5685 REDIRECT: strongSwan leaves a gateway that drains", cases.drained)
        report.run("NAT in front of us", lambda: cases.nat(True))
        report.run("NAT in front of strongSwan", lambda: cases.nat(False))
        report.run("MOBIKE: strongSwan moves to another address", cases.mobike)


def restarts(report):
    with running() as cases:
        report.run("our slow path is killed: same IKE SA, no packet lost", cases.restarted_slow_path)
        report.run("peer restarted: INITIAL_CONTACT", cases.restarted_peer)
        report.run("dead peer found by liveness, then on demand again", cases.dead_peer)
