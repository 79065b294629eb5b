#!/usr/bin/env python3
"""Writes the packets of the corpus (needs python3-scapy): small honest packets from which the fuzzer starts. Run it in its own folder; what it writes is committed."""
import logging
import pathlib
import struct

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption  # noqa: E402
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,  # noqa: E402
                                IPv6ExtHdrRouting, PadN)
from scapy.layers.l2 import Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

HERE = pathlib.Path(__file__).parent
A4, B4, A6, B6 = "10.1.0.2", "10.2.0.2", "fd00:1::2", "fd00:2::2"

v4 = {
    "udp": IP(src=A4, dst=B4, id=1) / UDP(sport=1000, dport=2000) / Raw(b"hello"),
    "tcp-syn": IP(src=A4, dst=B4, id=2, flags="DF") / TCP(sport=1000, dport=80, flags="S", options=[("MSS", 1460), ("NOP", None), ("WScale", 7), ("SAckOK", b"")]),
    "tcp-syn-odd": IP(src=A4, dst=B4, id=3) / TCP(sport=1000, dport=80, flags="S", options=[("NOP", None), ("MSS", 1460)]),
    "echo": IP(src=A4, dst=B4, id=4) / ICMP(id=1, seq=1) / Raw(b"x" * 40),
    "options": IP(src=A4, dst=B4, id=5, options=[IPOption(b"\x07\x07\x04\x00\x00\x00\x00"), IPOption(b"\x94\x04\x00\x00")]) / UDP(sport=1, dport=2) / Raw(b"o" * 33),
    "fragment-first": IP(src=A4, dst=B4, id=6, flags="MF", proto=17) / Raw(struct.pack("!HHHH", 1, 2, 72, 0) + b"f" * 40),
    "fragment-last": IP(src=A4, dst=B4, id=6, frag=6, proto=17) / Raw(b"l" * 24),
    "ip-in-ip": IP(src="192.0.2.1", dst="198.51.100.1") / IP(src=A4, dst=B4) / UDP(sport=3, dport=4),
    "too-big": IP(src="192.0.2.254", dst="192.0.2.1") / ICMP(type=3, code=4, nexthopmtu=1280)
    / IP(src="192.0.2.1", dst="198.51.100.1", proto=50) / Raw(struct.pack("!LL", 0x1001, 7)),
    "esp": IP(src="198.51.100.1", dst="192.0.2.1", proto=50) / Raw(struct.pack("!LL", 0x1002, 1) + bytes(range(48))),
    "esp-udp": IP(src="198.51.100.1", dst="192.0.2.1") / UDP(sport=4500, dport=4500, chksum=0) / Raw(struct.pack("!LL", 0x1002, 1) + bytes(range(48))),
    "keepalive": IP(src="198.51.100.1", dst="192.0.2.1") / UDP(sport=4500, dport=4500, chksum=0) / Raw(b"\xff"),
    "ike": IP(src="198.51.100.1", dst="192.0.2.1") / UDP(sport=4500, dport=4500, chksum=0) / Raw(bytes(4) + bytes(range(28))),
    "big": IP(src=A4, dst=B4, id=7) / UDP(sport=5, dport=6) / Raw(bytes(i & 255 for i in range(600))),
}
v6 = {
    "udp": IPv6(src=A6, dst=B6) / UDP(sport=1000, dport=2000) / Raw(b"hello"),
    "tcp-syn": IPv6(src=A6, dst=B6) / TCP(sport=1000, dport=80, flags="S", options=[("MSS", 1440)]),
    "echo": IPv6(src=A6, dst=B6) / ICMPv6EchoRequest(id=1, seq=1, data=b"y" * 40),
    "too-big": IPv6(src=B6, dst=A6) / ICMPv6PacketTooBig(mtu=1280) / IPv6(src=A6, dst=B6, nh=50) / Raw(struct.pack("!LL", 0x1001, 7) + bytes(24)),
    "extensions": IPv6(src=A6, dst=B6) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0\0\0")]) / IPv6ExtHdrRouting(addresses=[B6], segleft=1)
    / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]) / UDP(sport=1, dport=2) / Raw(b"e" * 20),
    "fragment-first": IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(offset=0, m=1, id=9, nh=17) / Raw(struct.pack("!HHHH", 1, 2, 72, 0) + b"f" * 40),
    "fragment-last": IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(offset=6, m=0, id=9, nh=17) / Raw(b"l" * 24),
    "esp": IPv6(src="2001:db8:2::1", dst="2001:db8::1", nh=50) / Raw(struct.pack("!LL", 0x1002, 1) + bytes(range(48))),
    "big": IPv6(src=A6, dst=B6) / UDP(sport=5, dport=6) / Raw(bytes(i & 255 for i in range(600))),
}


def write(target, name, octets):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(octets)


for name, packet in v4.items():
    octets = bytes(packet)
    for target in ("packet-fields", "ipv4"):
        write(target, f"v4-{name}", octets)
    if name in ("udp", "tcp-syn", "fragment-first", "options", "echo", "too-big"):
        write("icmp-error", f"v4-{name}", octets)
    if name.startswith("tcp"):
        write("tcp-mss", f"v4-{name}", octets)
        write("tcp", f"v4-{name}", octets[20:])
    if name in ("options", "fragment-last", "big", "udp"):
        write("fragment-ipv4", name, bytes([12, 4] if name == "big" else [8, 4]) + octets)
    if name in ("udp", "esp-udp", "keepalive"):
        write("udp", name, octets[20:])
    if name in ("echo", "too-big"):
        write("icmp", f"v4-{name}", octets[20:])
for name, packet in v6.items():
    octets = bytes(packet)
    for target in ("packet-fields", "ipv6"):
        write(target, f"v6-{name}", octets)
    if name in ("udp", "tcp-syn", "extensions", "fragment-first"):
        write("icmp-error", f"v6-{name}", octets)
    if name.startswith("tcp"):
        write("tcp-mss", f"v6-{name}", octets)
    if name in ("extensions", "fragment-first", "big"):
        write("fragment-ipv6", name, bytes([30, 0]) + octets)
    if name in ("echo", "too-big"):
        write("icmp", f"v6-{name}", octets[40:])
for slot, (name, packet) in enumerate((n, p) for family in (v4, v6) for n, p in family.items() if n not in ("ike", "keepalive", "esp", "esp-udp")):
    octets = bytes(packet)
    for turn in range(3):
        write("esp-outbound", f"v{octets[0] >> 4}-{name}-{turn}", bytes([(slot * 3 + turn) * 7 % 60]) + octets)
    number = 4 if octets[0] >> 4 == 4 else 41
    for slot_of in (0, 1, 12, 24, 36, 48, 3, 7):
        padding = -(len(octets) + 2) % 16
        write("esp-plaintext", f"{number}-{name}-{slot_of}", bytes([slot_of, 1]) + octets + bytes(range(1, padding + 1)) + bytes([padding, number]))
write("esp-plaintext", "dummy", bytes([0, 1]) + bytes(30) + bytes([0, 59]))
write("esp-plaintext", "transport-udp", bytes([2, 1]) + struct.pack("!HHHH", 1, 2, 14, 0) + b"hello!" + bytes([0, 17]))
write("esp-plaintext", "transport-udp-in-udp", bytes([5, 1]) + struct.pack("!HHHH", 1, 2, 14, 0) + b"hello!" + bytes([0, 17]))
for slot, spi in ((0, 0x1000), (1, 0x1001), (3, 0x1003), (12, 0x100c), (24, 0x1018), (36, 0x1024), (51, 0x1033)):
    body = struct.pack("!LL", spi, 1) + bytes(range(96))
    raw = IP(src="198.51.100.1", dst="192.0.2.1", proto=50) / Raw(body)
    udp = IP(src="198.51.100.1", dst="192.0.2.1") / UDP(sport=4500, dport=4500, chksum=0) / Raw(body)
    write("esp-inbound", f"v4-{slot}", bytes([slot]) + bytes(udp if slot % 6 >= 3 else raw))
for slot in (6, 9, 18, 42):
    body = struct.pack("!LL", 0x1000 + slot, 1) + bytes(range(96))
    header = IPv6(src="2001:db8::2", dst="2001:db8::1", **({} if slot % 6 >= 3 else {"nh": 50}))
    write("esp-inbound", f"v6-{slot}", bytes([slot]) + bytes(header / UDP(sport=4500, dport=4500) / Raw(body) if slot % 6 >= 3 else header / Raw(body)))
write("esp-inbound", "v6-extensions", bytes([6]) + bytes(IPv6(src="2001:db8::2", dst="2001:db8::1") / IPv6ExtHdrDestOpt(nh=50, options=[PadN(optdata=b"\0" * 4)])
                                                         / Raw(struct.pack("!LL", 0x1006, 1) + bytes(range(64)))))


def rows(*frames):
    """An input of the data plane: (0 host, 1 inside, 2 outside, 3 sealed by the peer) and octets, one after another."""
    return b"".join(struct.pack("!BH", kind, len(octets)) + octets for kind, octets in frames)


def framed(packet):
    return bytes(Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02") / packet)


def trailed(packet):
    octets = bytes(packet)
    padding = -(len(octets) + 2) % 4
    return octets + bytes(range(1, padding + 1)) + bytes([padding, 4 if octets[0] >> 4 == 4 else 41])


HOST_A, HOST_B = "10.1.0.5", "10.2.0.5"
long = IP(src=HOST_A, dst=HOST_B, id=77) / UDP(sport=1, dport=2) / Raw(bytes(1440))
reply = IP(src=HOST_B, dst=HOST_A) / UDP(sport=2, dport=1) / Raw(b"reply")
whole = bytes(IP(src="198.51.100.1", dst="192.0.2.1", proto=50, id=9) / Raw(struct.pack("!LL", 0x2002, 1) + bytes(88)))
fragments = [bytes(IP(src="198.51.100.1", dst="192.0.2.1", proto=50, id=9, flags="MF" if i == 0 else 0, frag=i * 6) / Raw(whole[20 + i * 48:68 + i * 48])) for i in (0, 1)]
for name, frames in {
    "out": [(1, framed(IP(src=HOST_A, dst=HOST_B) / UDP(sport=1, dport=2) / Raw(b"hello")))],
    "out-v6": [(1, framed(IPv6(src="fd00:1::5", dst="fd00:2::5") / UDP(sport=1, dport=2) / Raw(b"hello")))],
    "out-long": [(1, framed(long))],
    "out-long-df": [(1, framed(IP(src=HOST_A, dst=HOST_B, flags="DF") / UDP(sport=1, dport=2) / Raw(bytes(1440))))],
    "out-syn": [(1, framed(IP(src=HOST_A, dst=HOST_B) / TCP(flags="S", options=[("MSS", 1460)])))],
    "out-ttl": [(1, framed(IP(src=HOST_A, dst=HOST_B, ttl=1) / UDP(sport=1, dport=2)))],
    "host": [(0, bytes(IP(src="10.1.0.1", dst=HOST_B) / UDP(sport=3, dport=4) / Raw(b"own")))],
    "in": [(3, trailed(reply)), (3, trailed(IPv6(src="fd00:2::5", dst="fd00:1::5") / UDP(sport=2, dport=1) / Raw(b"six")))],
    "in-host": [(3, trailed(IP(src=HOST_B, dst="10.1.0.1") / ICMP() / Raw(b"ping")))],
    "in-wrong-source": [(3, trailed(IP(src="10.3.0.1", dst=HOST_A) / UDP(sport=2, dport=1)))],
    "in-hairpin": [(3, trailed(IP(src=HOST_B, dst=HOST_B) / UDP(sport=2, dport=1)))],
    "in-nested": [(3, trailed(IP(src=HOST_B, dst="192.0.2.1", proto=50) / Raw(struct.pack("!LL", 0x2002, 5) + bytes(40))))],
    "in-fragments": [(2, framed(IP(f))) for f in fragments],
    "in-fragments-backwards": [(2, framed(IP(f))) for f in reversed(fragments)],
    "in-forged": [(2, framed(IP(whole)))],
    "too-big": [(1, framed(long)), (2, framed(IP(src="198.51.100.254", dst="192.0.2.1") / ICMP(type=3, code=4, nexthopmtu=1000)
                                              / IP(src="192.0.2.1", dst="198.51.100.1", proto=50) / Raw(struct.pack("!LL", 0x1001, 7)))), (1, framed(long))],
    "clear": [(2, framed(IP(src=HOST_B, dst=HOST_A) / UDP(sport=2, dport=1)))],
    "udp-4500": [(2, framed(v4["esp-udp"])), (2, framed(v4["keepalive"])), (2, framed(v4["ike"]))],
    "not-ip": [(1, bytes.fromhex("020000000001020000000002") + b"\x08\x06" + bytes(28)), (2, bytes(5)), (1, b"")],
}.items():
    write("data-plane", name, rows(*frames))
segments = [bytes(IP(src=HOST_A, dst=HOST_B, id=100 + i, flags="DF") / TCP(sport=1, dport=2, flags="A", seq=1000 + i * 100, ack=5) / Raw(bytes([i]) * (100 if i < 3 else 40)))
            for i in range(4)]
segments6 = [bytes(IPv6(src="fd00:1::5", dst="fd00:2::5") / TCP(sport=1, dport=2, flags="PA" if i == 2 else "A", seq=1000 + i * 100, ack=5, options=[("NOP", None), ("NOP", None), ("Timestamp", (1, 2))])
                   / Raw(bytes([i]) * 100)) for i in range(3)]
for name, row in {"v4": segments, "v6": segments6, "v4-udp": [bytes(v4["udp"])] * 2, "v4-mixed": segments[:2] + segments6[:1]}.items():
    write("tun-join", name, b"".join(struct.pack("!H", len(p)) + p for p in row))
super4 = bytes(IP(src=HOST_A, dst=HOST_B) / TCP(sport=1, dport=2, flags="PA", seq=1000) / Raw(bytes(1000)))
super6 = bytes(IPv6(src="fd00:1::5", dst="fd00:2::5") / UDP(sport=1, dport=2) / Raw(bytes(1000)))
write("tun-segment", "tcp4", struct.pack("<BBHHHH", 1, 1, 40, 300, 20, 16) + super4)
write("tun-segment", "udp6", struct.pack("<BBHHHH", 1, 5, 48, 300, 40, 6) + super6)
write("tun-segment", "checksum", struct.pack("<BBHHHH", 1, 0, 0, 0, 20, 16) + super4[:200])
write("tun-segment", "plain", bytes(10) + bytes(v4["udp"]))


def message(kind, body):
    return struct.pack("<LHHLL", 16 + len(body), kind, 2, 1, 0) + body + bytes(-len(body) % 4)


def attribute(kind, value):
    return struct.pack("<HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


A = bytes([192, 0, 2, 1])
write("netlink", "link", message(16, struct.pack("<BBHlLL", 0, 0, 1, 2, 0x11043, 0) + attribute(3, b"wan\0") + attribute(4, struct.pack("<L", 1500)) + attribute(1, bytes(6))))
write("netlink", "address", message(20, struct.pack("<BBBBL", 2, 24, 0, 0, 2) + attribute(2, A) + attribute(1, A)))
write("netlink", "neighbour", message(28, struct.pack("<BBHlHBB", 2, 0, 0, 2, 2, 0, 1) + attribute(1, A) + attribute(2, bytes(6))))
write("netlink", "route", message(24, struct.pack("<BBBBBBBBL", 2, 24, 0, 0, 254, 4, 0, 1, 0) + attribute(1, A) + attribute(4, struct.pack("<L", 2)) + attribute(5, A) + attribute(6, struct.pack("<L", 9))))
write("netlink", "route-multipath", message(24, struct.pack("<BBBBBBBBL", 2, 0, 0, 0, 254, 4, 0, 1, 0)
                                            + attribute(9, struct.pack("<HBBl", 16, 0, 0, 2) + attribute(5, A) + struct.pack("<HBBl", 16, 0, 0, 3) + attribute(5, A))))
write("netlink", "route-v6-removed", message(25, struct.pack("<BBBBBBBBL", 10, 64, 0, 0, 254, 4, 0, 1, 0) + attribute(1, bytes(16)) + attribute(4, struct.pack("<L", 2))))
write("netlink", "two", message(20, struct.pack("<BBBBL", 2, 24, 0, 0, 2) + attribute(2, A)) + message(3, bytes(4)))
KEY = "000102030405060708090a0b0c0d0e0f10111213"
write("api-keys", "one", ('{"tunnel":"t","direction":"outbound","spi":4096,"cipher":"aes-128-gcm","key":"%s","esn":true,"replay_window":1024,"worker":0,'
                          '"soft_sequence":100,"hard_sequence":200,"lifetime_seconds":3600}' % KEY).encode())
write("api-keys", "pair", ('{"cipher":"aes-128-gcm","esn":false,"replay_window":64,"outbound":{"spi":4096,"key":"%s"},"inbound":{"spi":4097,"key":"%s"},"retire_seconds":5}' % (KEY, KEY)).encode())
for order in "<", ">":
    for magic in 0xa1b2c3d4, 0xa1b23c4d:
        body = bytes(v4["udp"])
        write("pcap", f"{'little' if order == '<' else 'big'}-{magic:x}", struct.pack(order + "LHHlLLL", magic, 2, 4, 0, 0, 65535, 101)
              + b"".join(struct.pack(order + "LLLL", i, 0, len(body), len(body)) + body for i in range(3)))
SEEN = [bytes(Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02") / packet) for packet in (v4["esp"], v4["esp-udp"], v4["ike"], v4["fragment-last"], v6["udp"],
        IPv6(src="2001:db8:1::1", dst="2001:db8:2::1", nh=50) / Raw(struct.pack("!LL", 0x1002, 1) + bytes(range(48))))]
write("lab-capture", "tcpdump", struct.pack("<LHHlLLL", 0xa1b2c3d4, 2, 4, 0, 0, 1564, 1) + b"".join(struct.pack("<LLLL", 1700000000, i, len(frame), len(frame)) + frame for i, frame in enumerate(SEEN)))
for name, frame in zip(("esp", "udp", "ike", "fragment", "v6", "esp-v6"), SEEN):
    write("lab-capture", name, frame)
write("ethernet", "v4", bytes(Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02") / v4["udp"]))
write("ethernet", "arp", bytes.fromhex("ffffffffffff0200000000020806000108000604000102000000000a01000200000000000a010001"))
