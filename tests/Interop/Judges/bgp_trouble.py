"""Bad input: ExaBGP sends what it should not, and raw sockets what nobody should (RFC 7606, RFC 4271 §6)."""
import socket
import struct
import time

import bgp_net
from bgp_net import OUR_AS, BgpNet, them, theirs, us
from gateway import Inside, run
from report import Report

MARKER = b"\xff" * 16


def message(kind, body=b""):
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def opening(asn, identifier, capabilities=b""):
    options = b"\x02" + bytes([len(capabilities)]) + capabilities if capabilities else b""
    return message(1, struct.pack("!BHH4sB", 4, asn, 90, socket.inet_aton(identifier), len(options)) + options)


def update(attributes, nlri=b"\x18\xcb\x00\x4d", withdrawn=b""):
    return message(2, struct.pack("!H", len(withdrawn)) + withdrawn + struct.pack("!H", len(attributes)) + attributes + nlri)


def attribute(flags, kind, value):
    return bytes([flags, kind, len(value)]) + value


class Raw:
    """A session by hand with the gateway, up to KEEPALIVE."""

    FOUR = b"\x41\x04" + struct.pack("!I", 65011) + b"\x01\x04\x00\x01\x00\x01"

    def __init__(self, net, number, asn):
        self.net, self.asn, self.number = net, asn, number

    def open(self):
        # After a session that failed the neighbour is left alone for a while, and for longer each time: who clears it begins anew.
        self.net.api.post(f"/bgp/clear/{them(self.number)}", None)
        deadline = time.monotonic() + 10
        while not self.greet():
            assert time.monotonic() < deadline, "no OPEN"
            time.sleep(0.2)
        self.socket.sendall(message(4))
        assert self.read()[0] == 4, "no KEEPALIVE"
        return self

    def greet(self):
        """Whether an OPEN answered ours."""
        with Inside(self.net.namespace(f"p{self.number}")):
            self.socket = socket.create_connection((us(self.number), 179), 10, (them(self.number), 0))
        self.socket.settimeout(10)
        self.buffer = b""
        try:
            self.socket.sendall(opening(self.asn, them(self.number), b"\x41\x04" + struct.pack("!I", self.asn) + b"\x01\x04\x00\x01\x00\x01"))
        except OSError:
            return False
        return self.read()[0] == 1

    def read(self):
        """(type, body) of the next message; (None, b"") at the end."""
        while len(self.buffer) < 19 or len(self.buffer) < struct.unpack("!H", self.buffer[16:18])[0]:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None, b""
            self.buffer += more
        length = struct.unpack("!H", self.buffer[16:18])[0]
        now, self.buffer = self.buffer[:length], self.buffer[length:]
        return now[18], now[19:]

    def notification(self):
        """Code and subcode of the NOTIFICATION that ends the session."""
        while True:
            kind, body = self.read()
            assert kind is not None, "closed without NOTIFICATION"
            if kind == 3:
                return body[0], body[1]

    def close(self):
        self.socket.close()


def malformed(versions):
    said = {n: Report(n, v) for n, v in versions.items() if n in ("exabgp", "bird")}
    if "exabgp" not in said:
        return 3
    names = ["exabgp", "bird"] if "bird" in said else ["exabgp"]
    configuration = bgp_net.gateway(names + ["frr"], neighbours=names) + f"""    - name: raw
      address: {them(2)}
      as: 65011
      passive: true
      extended_messages: false
      families: {{ ipv4: {{ import: all, export: none }} }}
"""
    with BgpNet(configuration, names + ["frr"]) as net:
        for name in names:
            net.start(name)
        speaker = net.speakers["exabgp"]
        report = said["exabgp"]
        speaker.until(lambda: net.neighbour("exabgp")["state"] == "established", 40, "the session")
        base = f"next-hop {them(4)}"
        # What RFC 7606 §7 says of each: a route with it is withdrawn, or the attribute is dropped; the session stays.
        cases = [
            ("ORIGIN of a value that is none (§7.1)", "0x01 0x40 0x09", "withdrawn"),
            ("LOCAL_PREF of 3 octets (§7.5)", "0x05 0x40 0x000064", "withdrawn"),
            ("MULTI_EXIT_DISC of 3 octets (§7.4)", "0x04 0x80 0x000001", "withdrawn"),
            ("COMMUNITIES of 5 octets (§7.8)", "0x08 0xc0 0x0102030405", "withdrawn"),
            ("EXTENDED COMMUNITIES of 7 octets (§7.14)", "0x10 0xc0 0x01020304050607", "withdrawn"),
            ("LARGE_COMMUNITY of 11 octets (RFC 8092 §6)", "0x20 0xc0 0x0102030405060708090a0b", "withdrawn"),
            ("ORIGINATOR_ID of 3 octets (§7.9)", "0x09 0x80 0x010203", "withdrawn"),
            ("CLUSTER_LIST of 5 octets (§7.10)", "0x0a 0x80 0x0102030405", "withdrawn"),
            ("ATOMIC_AGGREGATE with a value (§7.6)", "0x06 0x40 0x01", "kept"),
            ("AGGREGATOR of 5 octets (§7.7)", "0x07 0xc0 0x0102030405", "kept"),
        ]
        for number, (text, words, wanted) in enumerate(cases):
            def case(number=number, words=words, wanted=wanted):
                prefix, after = f"203.0.77.{number * 4}/30", f"203.0.78.{number * 4}/30"
                before = net.neighbour("exabgp")
                # A good route first: what is treated as withdrawal takes it away.
                speaker.feed(f"announce route {prefix} {base}")
                speaker.until(lambda: net.learned("ipv4", prefix), 10, "the good route")
                speaker.feed(f"announce route {prefix} {base} attribute [ {words} ]")
                speaker.feed(f"announce route {after} {base}")
                speaker.until(lambda: net.learned("ipv4", after), 10, "the route behind it")
                there = bool(net.learned("ipv4", prefix))
                assert there == (wanted == "kept"), f"the route is {'there' if there else 'gone'}"
                now = net.neighbour("exabgp")
                assert now["times_established"] == before["times_established"], f"the session ended: {now['last_reason']}"
                assert now["malformed_updates"] > before["malformed_updates"], "nobody counted it"
            report.run(f"malformed: {text}: {wanted}, the session stays", case)

        raw_cases = [
            ("a marker that is none", lambda: b"\x00" * 16 + struct.pack("!HB", 19, 4), (1, 1)),
            ("a length of 18", lambda: MARKER + struct.pack("!HB", 18, 4), (1, 2)),
            ("a length of 4097 without extended messages", lambda: MARKER + struct.pack("!HB", 4097, 2) + bytes(4078), (1, 2)),
            ("a type that is none", lambda: message(9), (1, 3)),
            ("a KEEPALIVE with a body", lambda: message(4, b"\x00"), (1, 2)),
            ("an UPDATE whose attributes reach beyond its end", lambda: message(2, struct.pack("!HH", 0, 500)), (3, 1)),
            ("an UPDATE with NLRI of 33 bits", lambda: update(attribute(0x40, 1, b"\0") + attribute(0x40, 2, b"\x02\x01" + struct.pack("!I", 65011)) + attribute(0x40, 3, socket.inet_aton(them(2))), b"\x21\x01\x02\x03\x04\x05"), (3, 10)),
            ("a second OPEN", lambda: opening(65011, them(2)), (5, 3)),
        ]
        other = said.get("bird", report)
        for text, octets, (code, subcode) in raw_cases:
            def case(octets=octets, code=code, subcode=subcode):
                times = net.neighbour("exabgp")["times_established"]
                with_us = Raw(net, 2, 65011).open()
                with_us.socket.sendall(octets())
                got = with_us.notification()
                with_us.close()
                assert got == (code, subcode), f"NOTIFICATION {got}, not {(code, subcode)}"
                assert net.neighbour("exabgp")["times_established"] == times and net.neighbour("exabgp")["state"] == "established", "another session suffered"
            report.run(f"by hand: {text}: NOTIFICATION {code}/{subcode}, others do not suffer", case)

        def stranger():
            with Inside(net.namespace("p4")):
                # Not from the neighbour's own address.
                run("ip", "-n", net.namespace("p4"), "addr", "add", "10.7.4.77/24", "dev", "p4")
                try:
                    found = socket.create_connection((us(4), 179), 3, ("10.7.4.77", 0))
                except ConnectionResetError:
                    return
            found.settimeout(5)
            try:
                octets = found.recv(100)
            except ConnectionResetError:
                octets = b""
            assert octets == b"", f"answered {octets!r}"
        report.run("who is no neighbour gets no OPEN", stranger)
    codes = [r.finish() for r in said.values() if sum(r.counts.values())]
    return 1 if 1 in codes else 0 if 0 in codes else 3
