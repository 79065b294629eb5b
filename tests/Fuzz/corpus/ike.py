#!/usr/bin/env python3
"""Writes the seeds of the ike-* targets from the recorded exchanges of the message tests, and a few octets by hand. Run it in its own folder; what it writes is committed."""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
RECORDED = HERE / "../../Ike.Tests/Messages/Recorded"
TARGETS = {33: "ike-sa", 34: "ike-ke", 35: "ike-id", 36: "ike-id", 37: "ike-cert", 38: "ike-certreq", 39: "ike-auth", 40: "ike-nonce", 41: "ike-notify", 42: "ike-delete",
           43: "ike-vendor", 44: "ike-ts", 45: "ike-ts", 47: "ike-cp"}
BY_HAND = {
    "ike-sa": ["00000032 07c90102 2a 03000014 fa000003 40100004 01020304 8011abcd 00000015 f6000001 800e0080 40050005 1400000009",
               "02000020 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000 0000000c 02030400 c0ffee01"],
    "ike-id": ["05000000 20010db8000000000000000000000001", "01000000 c0000201"],
    "ike-cert": ["04 3003020100"],
    "ike-certreq": ["04 000102030405060708090a0b0c0d0e0f10111213"],
    "ike-notify": ["03044009 01020304", "00000011 001f"],
    "ike-delete": ["03040002 c0ffee01 00000002", "c9010002 2a2b", "01000000"],
    "ike-vendor": ["6d756c74692d706f696e74205341"],
    "ike-ts": ["02000000 0a000008 01020304 07060010 00500050 0a010000 0a01ffff", "01000000 07110010 ffff0000 00000000 ffffffff"],
    "ike-fragments": ["010301 020302 030303", "030305 010301 020500 0105ff 0205ff 0305ff 0405ff 0505ff", "010101"],
}
seen = {}


def seed(target, octets):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    if octets in seen.setdefault(target, set()):
        return
    seen[target].add(octets)
    (folder / f"{len(seen[target]):02}").write_bytes(octets)


def chain(first, octets):
    while first:
        length = int.from_bytes(octets[2:4], "big")
        if first in TARGETS:
            seed(TARGETS[first], octets[4:length])
            if first == 33:
                seed("ike-proposals", octets[4:length])
        if first == 53:
            seed("ike-encrypted", octets[:length])
        if first in (46, 53):
            return
        first, octets = octets[0], octets[length:]


for file in sorted(RECORDED.glob("*.jsonl")):
    for line in file.read_text().splitlines():
        message = json.loads(line)
        datagram = bytes.fromhex(message["datagram"])
        seed("ike-header", datagram[:28])
        seed("ike-message", datagram)
        chain(datagram[16], datagram[28:])
        if "inside" in message and datagram[16] == 46:
            inside = bytes.fromhex(message["inside"])
            seed("ike-inside", bytes([datagram[18], datagram[19], message["first"]]) + inside)
            chain(message["first"], inside)
for target, hexes in BY_HAND.items():
    for text in hexes:
        seed(target, bytes.fromhex(text))
        if target == "ike-sa":
            seed("ike-proposals", bytes.fromhex(text))
seed("ike-header", bytes.fromhex("01" * 8 + "00" * 8 + "00202208 00000000 0000001c"))
