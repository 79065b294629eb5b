"""scapy against a running gateway: every cipher, mode, family, encapsulation and sequence number size, both ways; then what must be dropped, and why.

The judge plays the host inside and the ESP peer outside, with raw frames. Run it as root; see report.py for what it prints.
"""
import itertools
import os
import socket
import struct
import sys

from esp_sa import CIPHERS, VERSION, JudgementError, Sa, new_key, parse_ip, udp_checksum_is_right
from gateway import Gateway, Unavailable, prepare
from report import Report
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

GATEWAY = {4: "192.0.2.1", 6: "2001:db8::1"}
INSIDE = {4: "10.1.0.2", 6: "fd00:1::2"}
MODES = ("tunnel", "iiptran", "transport")


class Tunnel:
    """One tunnel of the configuration; each has a peer address and an inside of its own."""

    def __init__(self, index, mode, outer, encapsulation):
        self.index, self.mode, self.outer, self.encapsulation = index, mode, outer, encapsulation
        self.name = f"{mode}-v{outer}-{encapsulation}"
        self.peer = f"192.0.2.{10 + index}" if outer == 4 else f"2001:db8::{10 + index:x}"
        self.behind = {4: f"10.{100 + index}.0.9", 6: f"fd00:{100 + index:x}::9"}
        self.udp = (4500, 4500) if encapsulation == "udp" else None

    def yaml(self):
        routes = "" if self.mode == "transport" else f', routes: [ "10.{100 + self.index}.0.0/16", "fd00:{100 + self.index:x}::/48" ]'
        return f'  - {{ name: {self.name}, mode: {self.mode}, local: "{GATEWAY[self.outer]}", remote: "{self.peer}", encapsulation: {self.encapsulation}{routes} }}\n'

    def policies(self):
        if self.mode == "transport":
            return f'  - {{ action: protect, tunnel: {self.name}, local: "{GATEWAY[self.outer]}", remote: "{self.peer}" }}\n'
        return "".join(f'  - {{ action: protect, local: "{local}", remote: "{remote}" }}\n' for local, remote in (
            ("10.1.0.0/16", f"10.{100 + self.index}.0.0/16"), ("fd00:1::/48", f"fd00:{100 + self.index:x}::/48")))


TUNNELS = [Tunnel(i, *t) for i, t in enumerate(itertools.product(MODES, (4, 6), ("esp", "udp")))]

LINKS = {"lan": (["10.1.0.1/24", "fd00:1::1/64"], list(INSIDE.values())), "wan": (["192.0.2.1/24", "2001:db8::1/64"], [t.peer for t in TUNNELS])}


def configuration(workers=1):
    return f"""workers: {list(range(workers))}
ports:
  - {{ name: lan, device: lan, side: protected }}
  - {{ name: wan, device: wan, side: unprotected }}
vpn: {{ device: vpn0, addresses: [ 10.1.255.1/32, "fd00:1:0:ff::1/128" ] }}
tunnels:
{"".join(t.yaml() for t in TUNNELS)}policies:
{"".join(t.policies() for t in TUNNELS)}"""


class Judge:
    """The cases, on one gateway."""

    def __init__(self, gateway, report):
        self.gateway, self.report, self.wires = gateway, report, gateway.wires
        self.spi = 0x1000
        self.warm = set()

    def new_pair(self, tunnel, cipher, esn, window=64, owners=None):
        """Fresh SAs for a tunnel: (what the gateway sends by, what the peer sends by)."""
        self.spi += 2
        ours = Sa(cipher, new_key(cipher), self.spi, tunnel.mode, GATEWAY[tunnel.outer], tunnel.peer, esn, tunnel.udp)
        theirs = Sa(cipher, new_key(cipher), self.spi + 1, tunnel.mode, tunnel.peer, GATEWAY[tunnel.outer], esn, tunnel.udp)
        self.gateway.give_keys(tunnel.name, ours, theirs, window, owners)
        return ours, theirs

    # Inner packets.

    def inner(self, tunnel, family, size, outbound, ttl=64, **fields):
        """(octets of a UDP packet between the inside host and one behind the peer)."""
        ends = (INSIDE[family], tunnel.behind[family])
        source, destination = ends if outbound else ends[::-1]
        header = IP(src=source, dst=destination, ttl=ttl, id=size, **fields) if family == 4 else IPv6(src=source, dst=destination, hlim=ttl, **fields)
        return bytes(header / UDP(sport=4000, dport=5000 + size) / Raw(os.urandom(size)))

    @staticmethod
    def forwarded(inner):
        """What a router makes of a packet: one less to live."""
        packet = parse_ip(inner)
        if packet.version == 4:
            packet.ttl -= 1
            del packet.chksum
        else:
            packet.hlim -= 1
        return bytes(packet)

    # One way through the gateway.

    def seal(self, tunnel, ours, inner, seconds=3.0):
        """Sends a packet inside; returns what the gateway sent outside."""
        for attempt in range(10 if tunnel.name not in self.warm else 1):
            self.wires.clear()
            self.wires["lan"].send(inner)
            outer = self.wires.receive("wan", 0.3 if tunnel.name not in self.warm else seconds)
            if outer is not None:
                self.warm.add(tunnel.name)
                return outer
        raise JudgementError("the gateway sent nothing outside")

    def open(self, outer, seconds=3.0):
        """Sends an ESP packet outside; returns what the gateway sent inside."""
        self.wires.clear()
        self.wires["wan"].send(outer)
        inner = self.wires.receive("lan", seconds)
        if inner is None:
            raise JudgementError("the gateway sent nothing inside")
        return inner

    @staticmethod
    def same(expected, found, what):
        if expected != found:
            raise JudgementError(f"{what}: expected {expected.hex()}, found {found.hex()}")

    # Cases.

    def forwarding(self, tunnel, cipher, esn, family, owners=None):
        """Both ways, in sizes that end at every place of a cipher block."""
        ours, theirs = self.new_pair(tunnel, cipher, esn, owners=owners)
        ivs, last = set(), 0
        for size in (0, 1, 13, 14, 15, 16, 100, 1200):
            inner = self.inner(tunnel, family, size, outbound=True)
            outer = self.seal(tunnel, ours, inner)
            self.same(self.forwarded(inner), ours.unprotect(outer), f"outbound, {size} octets")
            if ours.last_sequence <= last:
                raise JudgementError(f"sequence number {ours.last_sequence} after {last}")
            last = ours.last_sequence
            if ours.last_iv in ivs:
                raise JudgementError("an IV was used twice")
            ivs.add(ours.last_iv)
            inner = self.inner(tunnel, family, size, outbound=False)
            self.same(self.forwarded(inner), self.open(theirs.protect(inner)), f"inbound, {size} octets")
        if "cbc" in cipher and len({iv[:8] for iv in ivs}) < len(ivs):
            raise JudgementError("CBC IVs look predictable: upper halves are alike")

    def transport(self, tunnel, cipher, esn):
        """The gateway's own traffic: a UDP socket of its kernel."""
        ours, theirs = self.new_pair(tunnel, cipher, esn)
        family = socket.AF_INET if tunnel.outer == 4 else socket.AF_INET6
        with self.gateway.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((GATEWAY[tunnel.outer], 0))
            own.settimeout(1)
            port = own.getsockname()[1]
            for size in (0, 1, 13, 14, 15, 16, 100, 1200):
                body = os.urandom(size)
                outer = None
                for attempt in range(10 if tunnel.name not in self.warm else 1):
                    self.wires.clear()
                    own.sendto(body, (tunnel.peer, 7000))
                    outer = self.wires.receive("wan", 0.3 if tunnel.name not in self.warm else 1)
                    if outer:
                        break
                if not outer:
                    raise JudgementError("the gateway sent nothing outside")
                self.warm.add(tunnel.name)
                inner = ours.unprotect(outer)
                packet = parse_ip(inner)
                if not udp_checksum_is_right(inner) or packet[UDP].dport != 7000 or bytes(packet[UDP].payload) != body:
                    raise JudgementError(f"outbound, {size} octets: {packet.summary()}")
                header = IP(src=tunnel.peer, dst=GATEWAY[4]) if tunnel.outer == 4 else IPv6(src=tunnel.peer, dst=GATEWAY[6])
                body = os.urandom(size)
                self.wires["wan"].send(theirs.protect(bytes(header / UDP(sport=7000, dport=port) / Raw(body))))
                try:
                    got, sender = own.recvfrom(4096)
                except socket.timeout:
                    raise JudgementError(f"inbound, {size} octets: the gateway's own socket got nothing")
                if got != body or sender[0] != tunnel.peer:
                    raise JudgementError(f"inbound, {size} octets: {got.hex()} from {sender}")

    def rollover(self, tunnel, cipher, window):
        """Extended sequence numbers past 2^32: the window follows, and the old half no longer opens anything."""
        _, theirs = self.new_pair(tunnel, cipher, True, window)
        high = 1 << 32
        for sequence in (1, 0x40000000, 0x80000000, 0xffffff00, high - 2, high - 1, high, high + 1, high + 3, high + 2, high - 3, high + 0x7fffffff):
            inner = self.inner(tunnel, 4, 60, outbound=False)
            self.same(self.forwarded(inner), self.open(theirs.protect(inner, sequence)), f"sequence {sequence:#x}")
        inner = self.inner(tunnel, 4, 60, outbound=False)
        # 2^32 + 2 again: replayed long ago. Its low half under the wrong high half: another AAD, so the tag fails.
        self.dropped(theirs.protect(inner, high + 2), ("TooOld", "Replayed", "IntegrityFailed"))

    def dropped(self, outer, reasons, quiet=("lan", "wan")):
        """Sends what must not pass: nothing comes out anywhere, and a counter of that name rises by one."""
        before = self.gateway.drops()
        self.wires.clear()
        self.wires["wan"].send(outer)
        for port in quiet:
            if (leaked := self.wires.receive(port, 0.05)) is not None:
                raise JudgementError(f"{port}: {leaked.hex()} came out")
        after = self.gateway.drops()
        risen = {reason: count - before.get(reason, 0) for reason, count in after.items() if count != before.get(reason, 0)}
        if len(risen) != 1 or not set(risen) <= set(_spellings(reasons)) or set(risen.values()) != {1}:
            raise JudgementError(f"expected one more of {' or '.join(reasons)}, counters rose by {risen}")

    def negatives(self, tunnel, cipher, esn):
        """What arrives broken, one case each."""
        where = f"{tunnel.name} {cipher} {'esn' if esn else 'no esn'}"
        ours, theirs = self.new_pair(tunnel, cipher, esn, 128)
        padded = 22 if "cbc" in cipher else 21

        def inner(size=padded):
            return self.inner(tunnel, 4, size, outbound=False)

        def passes(sequence):
            packet = inner()
            self.same(self.forwarded(packet), self.open(theirs.protect(packet, sequence)), f"sequence {sequence}")

        def replay():
            packet = theirs.protect(inner(), 1000)
            self.open(packet)
            self.dropped(packet, ["Replayed"])

        def window():
            passes(1000 + 5000)
            passes(6000 - 127)
            self.dropped(theirs.protect(inner(), 6000 - 128), ["TooOld"] if not esn else ["IntegrityFailed", "TooOld"])
            self.dropped(theirs.protect(inner(), 6000 - 127), ["Replayed"])
            passes(6000 - 126)

        def spi():
            other = Sa(cipher, theirs.key, 0xdead0000 + theirs.spi, tunnel.mode, tunnel.peer, GATEWAY[tunnel.outer], esn, tunnel.udp)
            self.dropped(other.protect(inner(), 7000), ["UnknownSpi"])

        def tag():
            # A tag that is wrong in the first, in the last and in any one bit.
            for octet, bit in ((-theirs.icv, 1), (-1, 0x80), (-7, 4)):
                packet = bytearray(theirs.protect(inner(), 7001))
                packet[octet] ^= bit
                self.dropped(bytes(packet), ["IntegrityFailed"])
            passes(7001)

        def every_field():
            # SPI aside: sequence number, IV, first and last octet of the ciphertext.
            start = 20 + (8 if tunnel.udp else 0) if tunnel.outer == 4 else 40 + (8 if tunnel.udp else 0)
            for at in (start + 7, start + 8, start + 8 + len(getattr(ours, "last_iv", bytes(8))), -theirs.icv - 1):
                packet = bytearray(theirs.protect(inner(), 7100))
                packet[at] ^= 1
                self.dropped(bytes(packet), ["IntegrityFailed"])

        def padding():
            for wrong in (lambda p: (bytes(len(p)), len(p)), lambda p: (bytes(range(2, len(p) + 2)), len(p))):
                self.dropped(theirs.protect(inner(), self.next(theirs, 7200), trailer=wrong), ["BadPadding"])
            # Pad length that reaches beyond the packet.
            self.dropped(theirs.protect(inner(), self.next(theirs, 7200), trailer=lambda p: (p, 255)), ["BadPadding"])

        def next_header():
            self.dropped(theirs.protect(os.urandom(40), self.next(theirs, 7300), next_header=50), ["BadNextHeader"])

        def version():
            broken = bytearray(inner())
            broken[0] = 0x55
            self.dropped(theirs.protect(bytes(broken), self.next(theirs, 7400), next_header=4), ["BadIpHeader", "BadNextHeader"])

        def inner_length():
            broken = bytearray(inner())
            struct.pack_into("!H", broken, 2, 2000)
            self.dropped(theirs.protect(bytes(broken), self.next(theirs, 7500), next_header=4), ["Truncated", "BadIpHeader"])

        def truncated():
            whole = theirs.protect(inner(), 8000)
            header = (20 if tunnel.outer == 4 else 40) + (8 if tunnel.udp else 0)
            for keep in (4, 8, 12, 16, 24):
                self.dropped(_cut(whole, header + keep, tunnel), ["EspMalformed", "Truncated", "IntegrityFailed", "BadTransportHeader"])

        def zero():
            # With ESN the low half 0 of the current high half is an ordinary number that was passed long ago.
            self.dropped(theirs.protect(inner(), 0), ["SequenceZero"] if not esn else ["SequenceZero", "IntegrityFailed", "TooOld"])

        def selector():
            stranger = bytes(IP(src="10.77.0.1", dst=INSIDE[4]) / UDP(sport=1, dport=2) / Raw(b"s" * 20))
            self.dropped(theirs.protect(stranger, self.next(theirs, 8100)), ["SelectorMismatch", "SourceNotBehindTunnel", "NoPolicy", "PolicyDiscard"])

        def other_tunnel():
            source = next(t for t in TUNNELS if t.mode == "tunnel" and t is not tunnel).behind[4]
            stranger = bytes(IP(src=source, dst=INSIDE[4]) / UDP(sport=1, dport=2) / Raw(b"s" * 20))
            self.dropped(theirs.protect(stranger, self.next(theirs, 8200)), ["SelectorMismatch", "SourceNotBehindTunnel"])

        def encapsulation():
            other = Sa(cipher, theirs.key, theirs.spi, tunnel.mode, tunnel.peer, GATEWAY[tunnel.outer], esn, None if tunnel.udp else (4500, 4500))
            self.dropped(other.protect(inner(), self.next(theirs, 8300)), ["WrongEncapsulation"])

        def time_to_live():
            packet = self.inner(tunnel, 4, 40, outbound=False, ttl=1)
            before = self.gateway.drops()
            self.wires.clear()
            self.wires["wan"].send(theirs.protect(packet, self.next(theirs, 8400)))
            if self.wires.receive("lan", 0.1):
                raise JudgementError("a packet with TTL 1 was forwarded")
            if self.gateway.drops().get(_spell("TtlExpired"), 0) != before.get(_spell("TtlExpired"), 0) + 1:
                raise JudgementError("TtlExpired did not rise by one")

        def dummy():
            before = self.gateway.drops()
            self.wires.clear()
            self.wires["wan"].send(theirs.protect(os.urandom(64), self.next(theirs, 8500), next_header=59))
            if self.wires.receive("lan", 0.1) or self.gateway.drops() != before:
                raise JudgementError("a dummy packet was forwarded or counted as a drop")

        def clear():
            packet = self.inner(tunnel, 4, 40, outbound=False)
            self.dropped(packet, ["ClearWhereProtected"])

        def alive():
            passes(self.next(theirs, 9000))
            packet = self.inner(tunnel, 4, 60, outbound=True)
            self.same(self.forwarded(packet), ours.unprotect(self.seal(tunnel, ours, packet)), "outbound afterwards")

        self.next_number = 9500
        cases = [("replay", replay), ("window", window), ("unknown SPI", spi), ("wrong tag", tag), ("changed octets", every_field), ("wrong padding", padding),
                 ("next header", next_header), ("inner version", version), ("inner length", inner_length), ("truncated", truncated), ("sequence zero", zero),
                 ("inner source", selector), ("inner source of another tunnel", other_tunnel), ("wrong encapsulation", encapsulation),
                 ("inner TTL 1", time_to_live), ("dummy", dummy), ("clear packet", clear), ("still works", alive)]
        if tunnel.udp:
            cases.append(("keepalive", self.keepalive(tunnel)))
        for name, judgement in cases:
            self.report.run(f"drop: {name}, {where}", judgement)

    def next(self, sa, _):
        """A sequence number to the right of everything sent so far."""
        self.next_number += 1
        return self.next_number

    def keepalive(self, tunnel):
        def judgement():
            header = IP(src=tunnel.peer, dst=GATEWAY[4]) if tunnel.outer == 4 else IPv6(src=tunnel.peer, dst=GATEWAY[6])
            before = self.gateway.drops()
            self.wires.clear()
            self.wires["wan"].send(bytes(header / UDP(sport=4500, dport=4500) / Raw(b"\xff")))
            if self.wires.receive("lan", 0.1) or self.wires.receive("wan", 0.05) or self.gateway.drops() != before:
                raise JudgementError("a keepalive was forwarded, answered or counted as a drop")
        return judgement

    def books(self):
        """Design, rule 4: every packet has one fate."""
        import time
        for _ in range(20):
            total = {}
            for worker in self.gateway.workers():
                for name, value in worker.items():
                    if isinstance(value, int):
                        total[name] = total.get(name, 0) + value
            came = total["rx"] + total["injected"] + total["originated"] + total["copies"]
            went = total["tx"] + total["punted"] + total["held"] + total["absorbed"] + sum(self.gateway.drops().values())
            if came == went:
                return f"{came} packets"
            time.sleep(0.1)
        raise JudgementError(f"{came} came, {went} went: {total}")


def _spell(reason):
    return "".join("_" + c.lower() if c.isupper() else c for c in reason).lstrip("_") if SNAKE else reason


def _spellings(reasons):
    return {r for reason in reasons for r in (reason, "".join("_" + c.lower() if c.isupper() else c for c in reason).lstrip("_"))}


SNAKE = True


def _cut(packet, length, tunnel):
    """An IP packet cut short, with headers that say so."""
    packet = bytearray(packet[:length])
    if tunnel.outer == 4:
        if tunnel.udp:
            struct.pack_into("!H", packet, 24, length - 20)
        whole = IP(bytes(packet))
        whole.len = length
        del whole.chksum
        return bytes(whole)[:length]
    struct.pack_into("!H", packet, 4, length - 40)
    if tunnel.udp:
        struct.pack_into("!HH", packet, 44, length - 40, 0)
    return bytes(packet)


def matrix(judge, modes):
    """Every cipher, family, encapsulation and sequence number size in those modes, both ways."""
    for tunnel, cipher, esn in itertools.product((t for t in TUNNELS if t.mode in modes), CIPHERS, (False, True)):
        where = f"{tunnel.mode} {cipher} outer v{tunnel.outer} {tunnel.encapsulation}{' esn' if esn else ''}"
        if tunnel.mode == "transport":
            judge.report.run(where, lambda: judge.transport(tunnel, cipher, esn))
            continue
        for family in (4, 6):
            judge.report.run(f"{where} inner v{family}", lambda: judge.forwarding(tunnel, cipher, esn, family))


def rollovers(judge):
    for cipher, window in (("aes-128-gcm", 64), ("aes-256-gcm", 4096), ("aes-128-gmac", 1024), ("chacha20-poly1305", 128), ("aes-128-cbc-hmac-sha2-256-128", 256)):
        judge.report.run(f"esn rollover {cipher} window {window}", lambda: judge.rollover(BY_NAME["tunnel-v4-esp"], cipher, window))


def steering(judge):
    """Two workers, of which one has the only queue: SAs of the other are served through the rings between them (`workers` of the configuration is 2)."""
    for owners in itertools.product((0, 1), (0, 1)):
        for name, cipher in itertools.product(("tunnel-v4-esp", "tunnel-v6-udp", "iiptran-v4-udp"), ("aes-128-gcm", "aes-128-cbc-hmac-sha2-256-128")):
            for family in (4, 6):
                judge.report.run(f"two workers: {owners[0]} sends, {owners[1]} receives: {name} {cipher} inner v{family}",
                                 lambda: judge.forwarding(BY_NAME[name], cipher, True, family, owners))
    if not judge.gateway.workers()[1]["handed_over"]:
        judge.report.add("two workers: packets went through the rings", "failed", "none was handed over")


def keepalives(judge):
    """A tunnel in UDP that is quiet sends keepalives; 20 s is the default (RFC 3948 4)."""
    def judgement():
        judge.new_pair(BY_NAME["tunnel-v4-udp"], "aes-128-gcm", False)
        inner = judge.inner(BY_NAME["tunnel-v4-udp"], 4, 40, outbound=True)
        judge.seal(BY_NAME["tunnel-v4-udp"], None, inner)
        judge.wires.keepalives = 0
        if judge.wires.receive("wan", 25, lambda packet: False) is None and not judge.wires.keepalives:
            raise JudgementError("no keepalive in 25 s")
    judge.report.run("NAT keepalive", judgement)


def broken(judge):
    for name, cipher, esn in (("tunnel-v4-esp", "aes-128-gcm", False), ("tunnel-v6-esp", "aes-256-gcm", True), ("iiptran-v4-udp", "chacha20-poly1305", False),
                              ("tunnel-v4-udp", "aes-128-cbc-hmac-sha2-256-128", False), ("iiptran-v6-esp", "aes-256-cbc-hmac-sha2-512-256", True),
                              ("tunnel-v4-esp", "aes-128-gmac", False)):
        judge.negatives(BY_NAME[name], cipher, esn)


BY_NAME = {t.name: t for t in TUNNELS}
PARTS = {
    "tunnel": lambda judge: matrix(judge, ("tunnel",)),
    "iiptran": lambda judge: matrix(judge, ("iiptran",)),
    "transport": lambda judge: matrix(judge, ("transport",)),
    "rollover": rollovers,
    "keepalive": keepalives,
    "steering": steering,
    "broken": broken,
}


def main():
    """scapy_judge.py [PART…]: all parts when none is named."""
    prepare()
    report = Report("scapy", VERSION)
    wanted = sys.argv[1:] or list(PARTS)
    try:
        for workers in (1, 2):
            parts = [part for part in wanted if (part == "steering") == (workers == 2)]
            if not parts or os.cpu_count() < workers:
                continue
            with Gateway(configuration(workers), LINKS) as gateway:
                judge = Judge(gateway, report)
                for part in parts:
                    PARTS[part](judge)
                report.run(f"every packet has one fate ({', '.join(parts)})", judge.books)
    except Unavailable as why:
        report.add("all", "skipped", str(why))
    except Exception as error:
        report.add("gateway", "failed", f"{type(error).__name__}: {error}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
