#!/usr/bin/python3
"""extract.py NAME FOLDER [PEER] > NAME.json: from what record.sh left in FOLDER to a vector file: every IKE datagram in order, and what the initiator's charon logged at ike = 4, chd = 4."""
import json, re, struct, sys

WANTED = ["shared Diffie Hellman secret", "Sk_d secret", "Sk_ai secret", "Sk_ar secret", "Sk_ei secret", "Sk_er secret", "Sk_pi secret", "Sk_pr secret", "PPK", "IDx'",
          "octets = message + nonce + prf(Sk_px, IDx')", "secret", "AUTH = prf(prf(secret, keypad), octets)", "DH secret", "encryption initiator key", "encryption responder key",
          "integrity initiator key", "integrity responder key",
          "key exchange secret", "additional key exchange secret", "IntAuth_N = prf(Sk_px, data)", "octets = message + nonce + prf(Sk_px, IDx') + IntAuth"]


def datagrams(path):
    data, at, out = open(path, "rb").read(), 24, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame, at = data[at + 16 : at + 16 + length], at + 16 + length
        ports, udp = struct.unpack_from(">HH", frame, 34), frame[42:34 + struct.unpack_from(">H", frame, 38)[0]]
        if 4500 in ports:
            if udp[:4] != b"\0\0\0\0":
                continue
            udp = udp[4:]
        out.append(udp.hex())
    return out


def values(path):
    out, current, left = [], None, 0
    for line in open(path, errors="replace"):
        start = re.search(r"\[(?:IKE|CHD)\] (.+?) => (\d+) bytes", line)
        octets = re.search(r"\] +\d+: ((?:[0-9A-F]{2} ?)+)", line)
        if start:
            current, left = start.group(1), int(start.group(2))
            if current in WANTED:
                out.append([current, ""])
        elif octets and left > 0:
            found = octets.group(1).split()[: min(16, left)]
            left -= len(found)
            if current in WANTED:
                out[-1][1] += "".join(found).lower()
    return out


json.dump({"peer": sys.argv[3] if len(sys.argv) > 3 else "strongSwan 5.9.8", "case": sys.argv[1], "datagrams": datagrams(sys.argv[2] + "/pcap"), "values": values(sys.argv[2] + "/a/log")}, sys.stdout, indent=1)
print()
