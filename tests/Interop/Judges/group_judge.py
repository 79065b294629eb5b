"""Multi-point SAs (draft-yamaya-ipsecme-mpsa-04) before judges that are not ours: scapy as an independent member, tshark, strongSwan as a peer that does not know them, and a network that loses messages.

group_judge.py scapy|tshark|strongswan|losses|faults
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from gateway import Unavailable, prepare, run
from group_keys import MPSA_PUT, opened, profile, puts, sealed, tshark
from group_net import GATEWAY, GroupNet, esp_of, gateway_configuration, host, identity, is_clear, member_configuration, network, outer, repeated_ivs, SECRET
from pinger import Pinger
from report import Report
from strongswan import StrongSwan, version

BRANCH, FOREIGN = 8, 9
# Nobody is given this one: Sender-IDs are given out from 1 on.
SENDER = 0xF0001


def ivs(net):
    # The judge itself uses counters twice, to see that such packets are not taken.
    count, repeated = repeated_ivs(net.packets(), bytes([192, 0, 2, FOREIGN]))
    assert count > 0, "no ESP was captured"
    assert repeated == 0, f"{repeated} of {count} packets have SPI and IV of another one"
    return f"{count} packets"


def nothing_clear(net):
    seen = [packet for _, packet in net.packets() if is_clear(packet)]
    assert not seen, f"{len(seen)} packets with inner addresses on the internet, the first {seen[0][:40].hex()}"


def up(net, members, **more):
    """A gateway and members, until all reach all."""
    net.site(GATEWAY, gateway_configuration(members, **more))
    for number in members:
        net.site(number, member_configuration(number, more.get("static")))
    net.meshed()


class Foreign:
    """A member that is not ours: a raw socket on the internet, which speaks ESP under the group's key."""

    def __init__(self, net):
        from scapy.all import ICMP, IP, raw
        self.IP, self.ICMP, self.raw = IP, ICMP, raw
        from wire import Inside
        import socket
        self.space = f"{net.core[:-5]}-x"
        net.add(self.space)
        net.plug(self.space, FOREIGN)
        with Inside(self.space):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
        self.socket.settimeout(2)
        self.counter = 0

    def ping(self, number, sequence):
        return self.raw(self.IP(src=host(FOREIGN), dst=host(number), ttl=64) / self.ICMP(id=77, seq=sequence) / b"from a member that is not ours")

    def send(self, to, octets):
        self.socket.sendto(octets, (outer(to), 0))

    def answer(self, put, sequence, seconds=2.0):
        """The decrypted reply to a ping, or None."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                packet = self.socket.recv(2000)
            except TimeoutError:
                return None
            if (esp := esp_of(packet)) and int.from_bytes(esp[2][:4], "big") == put.spi and (found := opened(put, esp[2])):
                inside = self.IP(found[2])
                if inside.haslayer("ICMP") and inside["ICMP"].type == 0 and inside["ICMP"].seq == sequence:
                    return inside
        return None


def scapy_member(said):
    import scapy
    said.version = scapy.__version__
    with GroupNet() as net, tempfile.TemporaryDirectory(prefix="appliance-group-") as folder:
        up(net, [2, 3], static={network(FOREIGN): outer(FOREIGN)})
        x = Foreign(net)
        environment = profile(folder, [site.keys for site in net.sites.values()])
        found = {destination: put for _, destination, put in puts(net.capture, environment)}

        def recorded():
            assert {outer(2), outer(3)} <= set(found), f"MPSA_PUT to {list(found)}"
            a, b = found[outer(2)], found[outer(3)]
            assert (a.spi, a.nonce, a.sk_d) == (b.spi, b.nonce, b.sk_d), "two members got different SAs"
            assert 16 <= len(a.nonce) <= 256 and len(a.sk_d) == 32, f"nonce {len(a.nonce)}, SK_d {len(a.sk_d)} octets"
            assert 0 < a.lifetime <= 3600 and a.group == "mesh"
            (width, ids), (_, others) = a.sender_ids, b.sender_ids
            assert 8 <= width <= 24 and ids and others and not set(ids) & set(others), f"Sender-IDs {ids} and {others}"
            return f"SPI {a.spi:08x}, Sender-IDs {ids} and {others} of {width} bits, {a.lifetime} s"
        said.run("MPSA_PUT: one SA for all members, Sender-IDs for each (§3.2.2)", recorded)
        put = found[outer(2)]

        def decrypts():
            since = time.time()
            assert net.ping(2, 3) == 3
            seen = {}
            for _, packet in net.packets(since):
                esp = esp_of(packet)
                if esp and (inside := opened(put, esp[2])) and inside[2][0] >> 4 == 4:
                    seen.setdefault((esp[0][-1], esp[1][-1]), set()).add(inside[0])
            assert {(2, 3), (3, 2)} <= set(seen), f"what decrypted went {list(seen)}"
            assert not seen[2, 3] & seen[3, 2], "two members send under one Sender-ID"
            return f"directly, Sender-IDs {seen[2, 3]} and {seen[3, 2]}"
        said.run("KEYMAT = prf+(SK_d, Nonce): members' packets decrypt (§3.3.2)", decrypts)

        def speaks(sender=SENDER, counter=1, sequence=1, to=2, expected=True):
            x.send(to, sealed(put, sender, counter, x.ping(to, sequence)))
            reply = x.answer(put, sequence, 2 if expected else 0.7)
            assert (reply is not None) == expected, "no answer" if expected else "it was taken"
        said.run("a packet of its own is taken, and the answer comes straight back", speaks)
        said.run("another member takes the same Sender-ID's first packet too", lambda: speaks(sequence=2, to=3))
        said.run("a gateway is a member like any other", lambda: speaks(sequence=3, to=1))
        said.run("the same packet again is not taken", lambda: speaks(expected=False))
        said.run("another packet under a counter that was used is not taken", lambda: speaks(sequence=9, expected=False))
        said.run("another sender's equal counter is taken: windows are apart", lambda: speaks(SENDER + 1, 1, 4))
        said.run("a jump ahead, then what is left in the window", lambda: (speaks(counter=500, sequence=5), speaks(counter=499, sequence=6)) and None)
        said.run("what is left of the window is not taken", lambda: (speaks(counter=5000, sequence=7), speaks(counter=2, sequence=8, expected=False)) and None)

        def members_own():
            since = time.time()
            assert net.ping(3, 2) == 3
            copies = [esp[2] for _, packet in net.packets(since) if (esp := esp_of(packet)) and esp[1] == bytes([192, 0, 2, 2]) and opened(put, esp[2])]
            assert copies, "nothing was captured"
            before = net.sites[2].drops().get("replayed", 0)
            for octets in copies:
                x.send(2, octets)
            time.sleep(0.5)
            counted = net.sites[2].drops().get("replayed", 0) - before
            assert counted >= len(copies), f"{counted} of {len(copies)} replays were counted"
            return f"{len(copies)} packets"
        said.run("a member's packets again, from another outer source: replayed", members_own)

        def forged():
            octets = bytearray(sealed(put, SENDER + 2, 1, x.ping(2, 10)))
            octets[-1] ^= 1
            x.send(2, bytes(octets))
            assert x.answer(put, 10, 0.7) is None, "a packet with a wrong tag was answered"
            speaks(SENDER + 2, 1, 11)
        said.run("a wrong tag takes nothing from the sender whose number it bears", forged)

        def sources():
            x.send(2, sealed(put, SENDER, 9000, x.raw(x.IP(src="10.77.0.1", dst=host(2)) / x.ICMP(id=77, seq=12))))
            before = net.sites[2].drops()
            x.send(2, sealed(put, SENDER, 9001, x.raw(x.IP(src=host(2), dst=host(2)) / x.ICMP(id=77, seq=13))))
            time.sleep(0.5)
            after = net.sites[2].drops()
            assert sum(after.values()) > sum(before.values()), "an inner source of the site itself was taken"
        said.run("inner sources that are not behind the group are not taken", sources)

        def rekeyed():
            old = put.spi
            code = net.sites[GATEWAY].cli("group", "rekey", "mesh", "--instance", "judge")
            net.until(lambda: net.sites[2].sa() not in (None, old) and net.sites[2].sa() == net.sites[3].sa(), 10, f"the members send by a new SA {code}")
            new = [p for _, destination, p in puts(net.capture, profile(folder, [site.keys for site in net.sites.values()])) if destination == outer(2)][-1]
            assert new.spi != old and new.nonce != put.nonce and new.sk_d != put.sk_d
            x.send(2, sealed(new, SENDER, 1, x.ping(2, 20)))
            assert x.answer(new, 20), "no answer under the new key"
            time.sleep(4)
            x.send(2, sealed(put, SENDER, 20000, x.ping(2, 21)))
            assert x.answer(new, 21, 0.7) is None, "the old SA is taken after ROLL2"
            return f"{old:08x} to {new.spi:08x}, rollover {new.rollovers}"
        said.run("rekey: the new SA counts, the old one ends after ROLL2 (§3.3.3)", rekeyed)
        said.run("no two packets of the whole run share SPI and IV", lambda: ivs(net))
        said.run("nothing in the clear", lambda: nothing_clear(net))


def decrypted(said):
    if not shutil.which("tshark"):
        raise Unavailable("tshark is not installed (apt-get install tshark)")
    with GroupNet() as net, tempfile.TemporaryDirectory(prefix="appliance-group-") as folder:
        up(net, [2, 3])
        since = time.time()
        assert net.ping(2, 3) == 3
        time.sleep(0.5)
        environment = profile(folder, [net.sites[2].keys])

        def group():
            lines = tshark(net.capture, environment, "-Y", f"icmp && ip.src=={host(2)} && ip.dst=={host(3)}", "-T", "fields", "-e", "ip.src", "-e", "ip.dst")
            assert any(outer(2) in line and outer(3) in line for line in lines), f"no ping between the sites inside of ESP between them: {lines[:3]}"
            return f"{len(lines)} packets"
        said.run("the group's traffic decrypts with one member's exported key", group)

        def both():
            lines = tshark(net.capture, environment, "-Y", f"icmp && ip.src=={host(3)} && ip.dst=={host(2)}", "-T", "fields", "-e", "ip.src")
            assert lines, "the other member's packets do not decrypt"
        said.run("and so do the other members' packets", both)

        def well_formed():
            every = profile(folder, [site.keys for site in net.sites.values()])
            assert not (bad := tshark(net.capture, every, "-Y", "isakmp && _ws.malformed", "-T", "fields", "-e", "frame.number")), f"frames {bad}"
            lines = tshark(net.capture, every, "-Y", f"isakmp.notify.msgtype=={MPSA_PUT}", "-T", "fields", "-e", "isakmp.exchangetype", "-e", "isakmp.flag_r")
            assert len(lines) >= 2 and all(line.split("\t")[0] == "37" for line in lines), f"{lines}"
            return f"{len(lines)} MPSA_PUT"
        said.run("IKE is well formed; MPSA_PUT comes in INFORMATIONAL requests", well_formed)

        def vendor():
            lines = tshark(net.capture, environment, "-Y", "isakmp.exchangetype==34", "-T", "fields", "-e", "isakmp.vid_bytes")
            wanted = b"multi-point SA".hex()
            assert lines and all(wanted in line.replace(":", "") for line in lines), f"{lines}"
        said.run("the Vendor ID is in IKE_SA_INIT both ways (§3.2.1)", vendor)
        assert since


def pairwise(said):
    with GroupNet() as net, tempfile.TemporaryDirectory(prefix="appliance-group-") as folder:
        up(net, [2, 3], branch=BRANCH)
        space = f"{net.core[:-5]}-b"
        net.add(space)
        net.plug(space, BRANCH)
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"{host(BRANCH)}/32", "dev", "lo")):
            run("ip", "-n", space, *words)
        swanctl = f"""connections {{ gw {{ version = 2
  local_addrs = {outer(BRANCH)}
  remote_addrs = {outer(GATEWAY)}
  proposals = aes256gcm16-prfsha256-x25519,aes256gcm16-prfsha256-ecp256
  encap = yes
  local {{ auth = psk
    id = {identity(BRANCH)} }}
  remote {{ auth = psk
    id = {identity(GATEWAY)} }}
  children {{ site {{ local_ts = {network(BRANCH)}
    remote_ts = 10.0.0.0/8
    esp_proposals = aes256gcm16 }} }} }} }}
secrets {{ ike-gw {{ id-1 = {identity(BRANCH)}
  id-2 = {identity(GATEWAY)}
  secret = "{SECRET}" }} }}
"""
        with StrongSwan(space, folder + "/branch", swanctl) as branch:
            said.run("a peer that does not know the Vendor ID gets an ordinary pairwise SA", lambda: branch.initiate("site") and None)

            def pings(number, count, wait):
                with Pinger(space, host(number), host(BRANCH)) as pinger:
                    return pinger.once(count, 0.1, wait)

            def reaches(number):
                net.until(lambda: pings(number, 1, 1) == 1, 10, f"the branch reaches s{number}")
                assert pings(number, 3, 3) == 3, "pings are lost"
            said.run("it reaches the gateway's site", lambda: reaches(GATEWAY))
            said.run("it reaches a member's site through the gateway", lambda: reaches(2))
            said.run("it reaches another member's site through the gateway", lambda: reaches(3))

            def back():
                with Pinger(net.sites[2].host, host(BRANCH)) as pinger:
                    assert pinger.once(3, 0.1, 3) == 3, "a member's host does not reach the branch"
            said.run("a member reaches it", back)

            def paths():
                pairs = {(packet[15], packet[19]) for _, packet in net.packets() if packet[0] >> 4 == 4 and packet[9] in (17, 50) and BRANCH in (packet[15], packet[19])}
                assert pairs == {(BRANCH, GATEWAY), (GATEWAY, BRANCH)}, f"the branch talks {pairs}"
            said.run("the branch talks to the gateway alone", paths)

            def shown():
                members = net.sites[GATEWAY].show("members", "mesh")[0]["members"]
                assert any(m["peer"] == "branch" and m["state"] == "pairwise" for m in members), f"{members}"
            said.run("'show members' calls it pairwise", shown)
        said.run("no two packets share SPI and IV", lambda: ivs(net))
        said.run("nothing in the clear", lambda: nothing_clear(net))


def losses(said):
    """Every single IKE message of a rollover is lost in turn; pings go on without loss."""
    with GroupNet() as net:
        up(net, [2, 3])
        gateway = net.sites[GATEWAY]
        rules = lambda text: run("ip", "netns", "exec", net.core, "nft", "-f", "-", input=text)  # noqa: E731

        def lose(source, destination, number):
            def judgement():
                old = net.sites[2].sa()
                rules(f"""table bridge lose {{
  chain f {{
    type filter hook forward priority 0
    ip saddr {outer(source)} ip daddr {outer(destination)} udp dport {{ 500, 4500 }} numgen inc mod 100000 == {number} counter drop
  }}
}}
""")
                try:
                    with Pinger(net.sites[2].host, host(3)) as there, Pinger(net.sites[3].host, host(2)) as back:
                        there.start(0.01)
                        back.start(0.01)
                        gateway.cli("group", "rekey", "mesh", "--instance", "judge")
                        net.until(lambda: all(s.sa() not in (None, old) for s in net.sites.values()) and len({s.sa() for s in net.sites.values()}) == 1, 20, "all send by the new SA")
                        time.sleep(4)
                        there.stop()
                        back.stop()
                        lost = there.sent + back.sent - len(there.answered) - len(back.answered)
                        assert lost == 0, f"{lost} of {there.sent + back.sent} pings lost"
                    dropped = run("ip", "netns", "exec", net.core, "nft", "list", "table", "bridge", "lose")
                    assert "packets 1 " in dropped, f"nothing was lost on purpose: {dropped}"
                    return f"{there.sent + back.sent} pings"
                finally:
                    rules("delete table bridge lose")
            return judgement
        said.run("the gateway's MPSA_PUT to a member is lost once", lose(GATEWAY, 2, 0))
        said.run("the member's answer is lost once", lose(2, GATEWAY, 0))
        said.run("the other member's MPSA_PUT is lost once", lose(GATEWAY, 3, 0))
        said.run("the other member's answer is lost once", lose(3, GATEWAY, 0))
        said.run("no two packets share SPI and IV", lambda: ivs(net))
        said.run("nothing in the clear", lambda: nothing_clear(net))


def faults(said):
    # A rollover that is longer than a slow path needs to start on a busy machine.
    slow = {"rollover": ["12s", "24s"]}
    with GroupNet() as net:
        up(net, [2, 3], more=slow)
        gateway, member = net.sites[GATEWAY], net.sites[2]
        agree = lambda old: net.until(lambda: all(s.sa() not in (None, old) for s in net.sites.values()) and len({s.sa() for s in net.sites.values()}) == 1, 40, "all send by one new SA")  # noqa: E731

        def killed(site, program, rekey=True):
            def judgement():
                old = gateway.sa()
                with Pinger(net.sites[2].host, host(3)) as pinger:
                    pinger.start(0.02)
                    if rekey:
                        gateway.cli("group", "rekey", "mesh", "--instance", "judge")
                    os.kill(site.process_of(program), signal.SIGKILL)
                    if rekey:
                        agree(old)
                    else:
                        time.sleep(4)
                    pinger.stop()
                    lost = pinger.sent - len(pinger.answered)
                    assert program != "SlowPath" or lost == 0, f"{lost} of {pinger.sent} pings lost"
                net.meshed(20)
                return f"{lost} of {pinger.sent} pings lost"
            return judgement
        said.run("the gateway's slow path is killed in the middle of a rekey: it goes on with it", killed(gateway, "SlowPath"))
        said.run("a member's slow path is killed in the middle of a rekey", killed(member, "SlowPath"))
        said.run("a member's data plane is killed: no IV twice", killed(member, "DataPlane", rekey=False))

        def asleep():
            old, process = gateway.sa(), member.process_of("SlowPath")
            os.kill(process, signal.SIGSTOP)
            try:
                gateway.cli("group", "rekey", "mesh", "--instance", "judge")
                time.sleep(5)
            finally:
                os.kill(process, signal.SIGCONT)
            agree(old)
            net.meshed(30)
        said.run("a member that slept through a rekey gets the current SA", asleep)

        def anew():
            old = gateway.sa()
            net.crash(GATEWAY)
            assert net.ping(2, 3) == 3, "members do not reach each other without their gateway"
            net.site(GATEWAY, gateway_configuration([2, 3], more=slow))
            agree(old)
            net.meshed(40)
            return "a new SA with a new key"
        said.run("the gateway is gone with its region and comes back: members go on, then get a new SA", anew)
        said.run("no two packets share SPI and IV", lambda: ivs(net))
        said.run("nothing in the clear", lambda: nothing_clear(net))


PARTS = {"scapy": ("scapy", scapy_member), "tshark": ("tshark", decrypted), "strongswan": ("strongswan", pairwise), "losses": ("nftables", losses), "faults": ("tcpdump", faults)}


def main():
    prepare()
    part = sys.argv[1] if len(sys.argv) > 1 else "scapy"
    name, judgement = PARTS[part]
    said = Report(name, "-")
    try:
        if name == "strongswan":
            said.version = version()
        elif name == "tshark":
            said.version = subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout.split()[2].rstrip(".")
        judgement(said)
    except Unavailable as why:
        said.add(f"group {part}", "skipped", str(why))
    except Exception as error:  # the rig itself failed
        said.add(f"group {part}", "failed", f"{type(error).__name__}: {error}")
    return said.finish()


sys.exit(main())
