"""The multi-point SA as an independent member sees it: N(MPSA_PUT) out of a decrypted capture, KEYMAT, ESP (draft-yamaya-ipsecme-mpsa-04, RFC 4106)."""
import hashlib
import hmac
import os
import pathlib
import shutil
import struct
import subprocess

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MPSA_PUT = 40960
PRFS = {2: hashlib.sha1, 5: hashlib.sha256, 6: hashlib.sha384, 7: hashlib.sha512}
NONCE, SKD, LIFE, ROLL1, ROLL2, SENDER_ID, GROUP = 241, 242, 243, 244, 245, 246, 247


def profile(folder, keys):
    """Environment in which tshark knows the exported keys of several sites."""
    place = pathlib.Path(folder, "config", "wireshark")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name, end in (("ikev2_decryption_table", ""), ("esp_sa", ".esp")):
        lines = dict.fromkeys(line for path in keys if os.path.exists(path + end) for line in pathlib.Path(path + end).read_text().splitlines())
        (place / name).write_text("\n".join(lines) + "\n")
    return dict(os.environ, XDG_CONFIG_HOME=os.path.join(folder, "config"))


def tshark(capture, environment, *words):
    done = subprocess.run(["tshark", "-r", capture, "-o", "esp.enable_encryption_decode:TRUE", *words], capture_output=True, text=True, env=environment, timeout=60)
    # A capture that still grows may end in the middle of a packet.
    if done.returncode != 0 and "cut short" not in done.stderr:
        raise RuntimeError(f"tshark: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.splitlines()


class Put:
    """An MPSA_PUT: `spi`, `transforms` ({type: (ID, {attribute: value})}), `keymat`."""

    def __init__(self, spi, data):
        self.spi = spi
        last, _, length, number, protocol, spi_size, count, inner = struct.unpack("!BBHBBBBI", data[:12])
        assert last == 0 and length == len(data), f"proposal: last {last}, length {length} of {len(data)}"
        assert (number, protocol, spi_size) == (1, 3, 4) and inner == spi, f"proposal {number}, protocol {protocol}, SPI {inner:08x} and {spi:08x}"
        self.transforms = {}
        at = 12
        for index in range(count):
            more, _, size, kind, _, identifier = struct.unpack("!BBHBBH", data[at:at + 8])
            assert more == (0 if index == count - 1 else 3), f"transform {index} of {count}: {more}"
            attributes, place = {}, at + 8
            while place < at + size:
                attribute, value = struct.unpack("!HH", data[place:place + 4])
                if attribute & 0x8000:
                    attributes[attribute & 0x7fff], place = value, place + 4
                else:
                    attributes[attribute], place = data[place + 4:place + 4 + value], place + 4 + value
            assert place == at + size, "an attribute is longer than its transform"
            assert kind not in self.transforms, f"transform type {kind} twice"
            self.transforms[kind] = (identifier, attributes)
            at += size
        assert at == len(data), f"{len(data) - at} octets behind the last transform"

    def value(self, kind, attribute):
        return self.transforms[kind][1][attribute]

    def number(self, kind, attribute):
        return int.from_bytes(self.value(kind, attribute), "big")

    @property
    def nonce(self):
        return self.value(NONCE, 16384)

    @property
    def sk_d(self):
        return self.value(SKD, 16385)

    @property
    def lifetime(self):
        return self.number(LIFE, 16386)

    @property
    def rollovers(self):
        return self.number(ROLL1, 16387), self.number(ROLL2, 16388)

    @property
    def group(self):
        return self.value(GROUP, 16390).decode()

    @property
    def sender_ids(self):
        """(width in bits, Sender-IDs)."""
        octets = self.value(SENDER_ID, 16389)
        return octets[0], list(struct.unpack(f"!{(len(octets) - 1) // 4}I", octets[1:]))

    @property
    def key(self):
        """AES-GCM key and salt: prf+(SK_d, Nonce)."""
        identifier, attributes = self.transforms[1]
        assert identifier == 20, f"ENCR {identifier} is not AES-GCM with 16 octets of ICV"
        length = attributes[14] // 8 + 4
        digest, octets, block, count = PRFS[self.transforms[2][0]], b"", b"", 1
        while len(octets) < length:
            block = hmac.new(self.sk_d, block + self.nonce + bytes([count]), digest).digest()
            octets, count = octets + block, count + 1
        return octets[:length - 4], octets[length - 4:length]


def puts(capture, environment):
    """(source, destination, Put) of each MPSA_PUT, in order."""
    found = []
    for line in tshark(capture, environment, "-Y", f"isakmp.notify.msgtype=={MPSA_PUT}", "-T", "fields", "-E", "separator=|", "-e", "ip.src", "-e", "ip.dst", "-e", "isakmp.notify.msgtype",
                       "-e", "isakmp.notify.data", "-e", "isakmp.spi"):
        source, destination, kinds, data, spis = line.split("|")
        for kind, octets, spi in zip(kinds.split(","), data.split(","), spis.split(",")[-len(kinds.split(",")):]):
            if int(kind) == MPSA_PUT:
                found.append((source, destination, Put(int(spi.replace(":", ""), 16), bytes.fromhex(octets.replace(":", "")))))
    return found


def opened(put, esp):
    """(Sender-ID, counter, inner packet) of ESP octets, or None when the tag is wrong."""
    key, salt = put.key
    iv = esp[8:16]
    try:
        plain = AESGCM(key).decrypt(salt + iv, esp[16:], esp[:8])
    except InvalidTag:
        return None
    width = put.sender_ids[0]
    number = int.from_bytes(iv, "big")
    return number >> (64 - width), number & ((1 << (64 - width)) - 1), plain[:len(plain) - 2 - plain[-2]]


def sealed(put, sender, counter, packet, sequence=1):
    """ESP octets around an IPv4 packet under a Sender-ID."""
    key, salt = put.key
    width = put.sender_ids[0]
    iv = (sender << (64 - width) | counter).to_bytes(8, "big")
    pad = -(len(packet) + 2) % 4
    plain = packet + bytes(range(1, pad + 1)) + bytes([pad, 4])
    header = struct.pack("!II", put.spi, sequence)
    return header + iv + AESGCM(key).encrypt(salt + iv, plain, header)
