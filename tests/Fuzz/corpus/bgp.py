#!/usr/bin/env python3
"""Writes the seeds of bgp-*: messages that bird, FRR, GoBGP, ExaBGP and OpenBGPD sent each other (tests/Bgp.Tests/Messages/Recorded), taken apart."""
import json
import pathlib

here = pathlib.Path(__file__).parent
recorded = here.parent.parent / "Bgp.Tests" / "Messages" / "Recorded"
MOST = 12
ATTRIBUTES = {
    1: "origin", 2: "as-path", 3: "next-hop", 4: "med", 5: "local-pref", 6: "atomic-aggregate", 7: "aggregator", 8: "communities", 9: "originator-id", 10: "cluster-list",
    14: "mp-reach", 15: "mp-unreach", 16: "extended-communities", 17: "as4-path", 18: "as4-aggregator", 23: "tunnel-encapsulation", 25: "ipv6-communities", 32: "large-communities",
    200: "unknown-attribute",
}
CAPABILITIES = {1: "multiprotocol", 5: "next-hop", 64: "restart", 65: "four-octet-as", 69: "add-path"}
FAMILIES = [(1, 1), (2, 1), (1, 128), (2, 128), (1, 7), (2, 7), (1, 132)]
seeds = {}


def add(target, octets):
    seeds.setdefault("bgp-" + target, set()).add(bytes(octets))


def attributes(octets):
    while octets:
        long = octets[0] & 0x10
        length = int.from_bytes(octets[2:4], "big") if long else octets[2]
        start = 4 if long else 3
        yield octets[1], octets[start:start + length]
        octets = octets[start + length:]


def capabilities(body):
    rest = body[10:]
    while rest:
        inside, rest = rest[2:2 + rest[1]], rest[2 + rest[1]:]
        while inside:
            yield inside[0], inside[2:2 + inside[1]]
            inside = inside[2 + inside[1]:]


for path in sorted(recorded.glob("*.json")):
    session = json.loads(path.read_text())
    opens = {m["from"]: bytes.fromhex(m["octets"])[19:] for m in reversed(session["messages"]) if m["octets"][36:38] == "01"}
    four = all(any(code == 65 for code, _ in capabilities(o)) for o in opens.values())
    for message in session["messages"]:
        octets = bytes.fromhex(message["octets"])
        kind, body = octets[18], octets[19:]
        add("header", octets)
        if kind == 1:
            add("open", body)
            for code, value in capabilities(body):
                if code in CAPABILITIES:
                    add("capability-" + CAPABILITIES[code], value)
        elif kind == 2:
            add_path = any("path " in line for line in message["says"] if line.startswith(("announce", "withdraw")) and "path" in line)
            choice = (1 if four else 0) | (8 if add_path else 0)
            add("update", bytes([choice]) + body)
            withdrawn = int.from_bytes(body[:2], "big")
            total = int.from_bytes(body[2 + withdrawn:4 + withdrawn], "big")
            add("nlri", bytes([8 if add_path else 0]) + body[4 + withdrawn + total:])
            for code, value in attributes(body[4 + withdrawn:4 + withdrawn + total]):
                if code in ATTRIBUTES:
                    add(ATTRIBUTES[code], bytes([choice]) + value)
                if code == 14:
                    family = FAMILIES.index((int.from_bytes(value[:2], "big"), value[2]))
                    add("nlri", bytes([family | (8 if add_path else 0)]) + value[5 + value[3]:])
        elif kind == 3:
            add("notification", body)
        elif kind == 5:
            add("route-refresh", body)

add("originator-id", b"\x01\x0a\x00\x00\x01")
add("ipv6-communities", b"\x01\x00\x02" + bytes(18))
add("as4-aggregator", b"\x00\x00\x01\x11\x70\x0a\x00\x00\x01")
for text in ("65000:1", "no-export", "rt:65000:1", "soo:192.0.2.1:7", "encapsulation:4", "0x4301020304050607", "4200000000:1:2", "192.0.2.1:5"):
    add("text", text.encode())

for target, found in seeds.items():
    folder = here / target
    folder.mkdir(exist_ok=True)
    # The longest say most.
    for number, octets in enumerate(sorted(found, key=lambda o: (-len(o), o))[:: max(1, len(found) // MOST)][:MOST], 1):
        (folder / f"{number:02}").write_bytes(octets)
