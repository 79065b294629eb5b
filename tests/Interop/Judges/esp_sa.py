"""An ESP peer made of scapy: one SA, protect and unprotect.

scapy does header, trailer and cipher; what it lacks is added here: AES-GMAC (RFC 4543), extended sequence numbers under an HMAC
(RFC 4303 2.2.1), UDP encapsulation both ways (RFC 3948), a check of the padding, and trailers that are wrong on purpose.
"""
import copy
import logging
import os
import struct
import warnings

logging.getLogger("scapy").setLevel(logging.ERROR)
warnings.filterwarnings("ignore")
import scapy  # noqa: E402
from cryptography.exceptions import InvalidTag  # noqa: E402
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.ipsec import AUTH_ALGOS, CRYPT_ALGOS, ESP, AuthAlgo, CryptAlgo, IPSecIntegrityError, SecurityAssociation, _ESPPlain  # noqa: E402
from scapy.packet import Raw  # noqa: E402

VERSION = scapy.VERSION if isinstance(getattr(scapy, "VERSION", None), str) else scapy.__version__

# name: (scapy's cipher, octets of its key, octets of salt, scapy's integrity algorithm, octets of its key, octets of the ICV)
CIPHERS = {
    "aes-128-gcm": ("AES-GCM", 16, 4, None, 0, 16),
    "aes-256-gcm": ("AES-GCM", 32, 4, None, 0, 16),
    "aes-128-gmac": ("AES-GMAC", 16, 4, None, 0, 16),
    "aes-256-gmac": ("AES-GMAC", 32, 4, None, 0, 16),
    "chacha20-poly1305": ("CHACHA20-POLY1305", 32, 4, None, 0, 16),
    "aes-128-cbc-hmac-sha1-96": ("AES-CBC", 16, 0, "HMAC-SHA1-96", 20, 12),
    "aes-128-cbc-hmac-sha2-256-128": ("AES-CBC", 16, 0, "SHA2-256-128", 32, 16),
    "aes-256-cbc-hmac-sha2-256-128": ("AES-CBC", 32, 0, "SHA2-256-128", 32, 16),
    "aes-128-cbc-hmac-sha2-384-192": ("AES-CBC", 16, 0, "SHA2-384-192", 48, 24),
    "aes-256-cbc-hmac-sha2-384-192": ("AES-CBC", 32, 0, "SHA2-384-192", 48, 24),
    "aes-128-cbc-hmac-sha2-512-256": ("AES-CBC", 16, 0, "SHA2-512-256", 64, 32),
    "aes-256-cbc-hmac-sha2-512-256": ("AES-CBC", 32, 0, "SHA2-512-256", 64, 32),
}


class Gmac(CryptAlgo):
    """NULL encryption with AES-GMAC: everything from the SPI to the trailer is additional data (RFC 4543 3.3)."""

    def __init__(self):
        super().__init__("AES-GMAC", cipher=None, mode=None, block_size=1, iv_size=8, key_size=(16, 24, 32), icv_size=16, salt_size=4)
        self.is_aead = True

    @staticmethod
    def _associated(esp, iv, data, esn_en, esn):
        return struct.pack("!L", esp.spi) + (struct.pack("!L", esn) if esn_en else b"") + struct.pack("!L", esp.seq) + iv + data

    def encrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        data = esp.data_for_encryption()
        tag = AESGCM(key).encrypt(sa.crypt_salt + esp.iv, b"", self._associated(esp, esp.iv, data, esn_en, esn))
        return ESP(spi=esp.spi, seq=esp.seq, data=esp.iv + data + tag)

    def decrypt(self, sa, esp, key, icv_size=None, esn_en=False, esn=0):
        iv, data, tag = esp.data[:8], esp.data[8:-16], esp.data[-16:]
        try:
            AESGCM(key).decrypt(sa.crypt_salt + iv, tag, self._associated(esp, iv, data, esn_en, esn))
        except InvalidTag as error:
            raise IPSecIntegrityError(error)
        padding = data[-2]
        return _ESPPlain(spi=esp.spi, seq=esp.seq, iv=iv, data=data[:len(data) - padding - 2], padding=data[len(data) - padding - 2:-2],
                         padlen=padding, nh=data[-1], icv=tag)


CRYPT_ALGOS["AES-GMAC"] = Gmac()


class ExtendedHmac(AuthAlgo):
    """An HMAC over the packet and the high half of its sequence number, which is not sent (RFC 4303 2.2.1)."""

    def __init__(self, base):
        super().__init__(base.name, base.mac, base.digestmod, base.icv_size)
        self.high = 0

    def _icv(self, octets, key):
        mac = self.new_mac(key)
        mac.update(octets + struct.pack("!L", self.high))
        return mac.finalize()[:self.icv_size]

    def sign(self, pkt, key, esn_en=False, esn=0):
        pkt[ESP].data += self._icv(bytes(pkt[ESP]), key)
        return pkt

    def verify(self, pkt, key, esn_en=False, esn=0):
        octets = bytes(pkt)
        if octets[-self.icv_size:] != self._icv(octets[:-self.icv_size], key):
            raise IPSecIntegrityError("wrong ICV")


class JudgementError(Exception):
    """What was read from the wire is not what the standards ask for."""


def new_key(cipher):
    """A fresh key in KEYMAT order (RFC 7296 2.17): encryption key, salt, integrity key."""
    _, key, salt, _, integrity, _ = CIPHERS[cipher]
    return os.urandom(key + salt + integrity)


def parse_ip(octets):
    """scapy's packet of octets that start at an IP header."""
    return IP(octets) if octets[0] >> 4 == 4 else IPv6(octets)


def udp_checksum_is_right(octets):
    """Says whether an IP packet with UDP (or TCP, ICMP) inside carries the checksum that scapy computes."""
    packet = parse_ip(octets)
    rebuilt = parse_ip(octets)
    layer = rebuilt.payload
    for name in ("chksum", "cksum"):
        if name in layer.fields:
            delattr(layer, name)
    return bytes(rebuilt) == bytes(packet)


class Sa:
    """One direction of an SA between `source` and `destination`; `mode` is tunnel, transport or iiptran; `udp` a pair of ports or None."""

    def __init__(self, cipher, key, spi, mode, source, destination, esn=False, udp=None):
        crypt, key_length, salt, integrity, _, self.icv = CIPHERS[cipher]
        self.cipher, self.key, self.spi, self.mode, self.esn, self.udp = cipher, key, spi, mode, esn, udp
        self.source, self.destination = source, destination
        self.sequence = 0
        self.family = IPv6 if ":" in source else IP
        split = key_length + salt
        self.scapy = SecurityAssociation(ESP, spi=spi, crypt_algo=crypt, crypt_key=key[:split], auth_algo=integrity, auth_key=key[split:] or None,
                                         tunnel_header=self._outer() if mode == "tunnel" else None, esn_en=esn)
        if integrity and esn:
            self.scapy.auth_algo = ExtendedHmac(AUTH_ALGOS[integrity])

    def _outer(self, **fields):
        return self.family(src=self.source, dst=self.destination, **fields)

    def _set_sequence(self, sequence):
        self.scapy.seq_num = sequence & 0xffffffff
        self.scapy.esn = sequence >> 32
        if isinstance(self.scapy.auth_algo, ExtendedHmac):
            self.scapy.auth_algo.high = sequence >> 32

    def protect(self, inner, sequence=None, trailer=None, next_header=None, **outer):
        """ESP packet (from its outer IP header on) that carries `inner`, the octets of an IP packet: in transport mode its payload alone.

        `trailer` (padding -> padding, pad length) makes the trailer wrong; `next_header` overrides it; `outer` are fields of the outer header.
        """
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        self._set_sequence(sequence)
        header = self._outer(**outer)
        sa = self.scapy
        if next_header is not None:
            # The payload as it is, under a next header of the caller's.
            sa = copy.copy(sa)
            sa.tunnel_header = None
            packet = header / Raw(inner)
            setattr(packet, "proto" if self.family is IP else "nh", next_header)
            packet = self.family(bytes(packet))
        elif self.mode == "tunnel":
            if outer:
                sa = copy.copy(sa)
                sa.tunnel_header = header
            packet = parse_ip(inner)
        elif self.mode == "iiptran":
            # RFC 3884: an IP-in-IP packet first, then transport mode.
            packet = self.family(bytes(header / parse_ip(inner)))
        else:
            packet = parse_ip(inner)
        if trailer:
            sa = copy.copy(sa)
            sa.crypt_algo = copy.copy(sa.crypt_algo)
            pad = sa.crypt_algo.pad

            def wrong(esp):
                esp = pad(esp)
                esp.padding, esp.padlen = trailer(esp.padding)
                return esp
            sa.crypt_algo.pad = wrong
        octets = bytes(sa.encrypt(packet, seq_num=None))
        return self.encapsulate(octets) if self.udp else octets

    def encapsulate(self, octets):
        """Puts UDP between the IP header and ESP."""
        packet = self.family(octets)
        esp = bytes(packet[ESP])
        fields = {"ttl": packet.ttl, "tos": packet.tos, "id": packet.id, "flags": packet.flags} if self.family is IP else {"hlim": packet.hlim, "tc": packet.tc}
        return bytes(self._outer(**fields) / UDP(sport=self.udp[0], dport=self.udp[1], chksum=0 if self.family is IP else None) / Raw(esp))

    def esp_of(self, octets):
        """Checks the outer headers of a packet read from the wire; returns (packet without UDP, ESP header and all that follows)."""
        packet = parse_ip(octets)
        if not isinstance(packet, self.family) or packet.src != self.source or packet.dst != self.destination:
            raise JudgementError(f"outer header {packet.src} > {packet.dst}, expected {self.source} > {self.destination}")
        header, protocol = (packet.ihl * 4, packet.proto) if self.family is IP else (40, packet.nh)
        length = packet.len if self.family is IP else packet.plen + 40
        if length != len(octets):
            raise JudgementError(f"outer header says {length} octets, the packet has {len(octets)}")
        if self.family is IP:
            right = IP(octets[:header])
            del right.chksum
            if IP(bytes(right)).chksum != packet.chksum:
                raise JudgementError("outer IPv4 checksum is wrong")
        if self.udp:
            if protocol != 17:
                raise JudgementError(f"outer protocol {protocol}, expected UDP")
            source, destination, udp_length, checksum = struct.unpack("!HHHH", octets[header:header + 8])
            if (source, destination) != (self.udp[1], self.udp[0]) and (source, destination) != self.udp:
                raise JudgementError(f"UDP ports {source} > {destination}")
            if udp_length != len(octets) - header:
                raise JudgementError(f"UDP length {udp_length}, expected {len(octets) - header}")
            if checksum and not udp_checksum_is_right(octets):
                raise JudgementError("UDP checksum is neither zero nor right")
            esp = octets[header + 8:]
        else:
            if protocol != 50:
                raise JudgementError(f"outer protocol {protocol}, expected ESP")
            esp = octets[header:]
        bare = bytes(self._outer() / ESP(esp))
        return bare, esp

    def unprotect(self, octets, high=0):
        """The inner packet of one read from the wire, as octets (in transport mode with the outer header in front of the payload).

        Raises JudgementError where a header, the integrity, the padding or the next header is not right. `high`: upper half of the sequence number.
        """
        bare, esp = self.esp_of(octets)
        spi, sequence = struct.unpack("!LL", esp[:8])
        if spi != self.spi:
            raise JudgementError(f"SPI {spi:#x}, expected {self.spi:#x}")
        self._set_sequence((high << 32) | sequence)
        self.last_sequence = (high << 32) | sequence
        self.last_iv = esp[8:8 + self.scapy.crypt_algo.iv_size]
        if (len(esp) - self.icv) % 4:
            raise JudgementError("pad length and next header do not end on a 4-octet boundary (RFC 4303 2.4)")
        self._check_trailer(esp)
        try:
            # decrypt() changes what it is given: it gets a packet of its own.
            plain = self.scapy.decrypt(self.family(bare))
        except IPSecIntegrityError as error:
            raise JudgementError(f"scapy: integrity check failed ({error})")
        if self.mode == "tunnel":
            return bytes(plain)
        if self.mode == "iiptran":
            if (plain.proto if self.family is IP else plain.nh) not in (4, 41):
                raise JudgementError("the transport-mode payload is no IP-in-IP packet")
            return bytes(plain.payload)
        return bytes(plain)

    def _check_trailer(self, esp):
        """scapy throws the padding away before it looks at it: decrypted here once more, for the trailer alone."""
        sa, iv = self.scapy, esp[8:8 + self.scapy.crypt_algo.iv_size]
        body, tag = esp[8 + len(iv):-self.icv], esp[-self.icv:]
        associated = esp[:4] + (struct.pack("!L", sa.esn) if self.esn else b"") + esp[4:8]
        try:
            if isinstance(sa.crypt_algo, Gmac):
                plain = body
            elif sa.crypt_algo.is_aead:
                plain = sa.crypt_algo.cipher(sa.crypt_key).decrypt(sa.crypt_salt + iv, body + tag, associated)
            else:
                decryptor = Cipher(algorithms.AES(sa.crypt_key), modes.CBC(iv)).decryptor()
                plain = decryptor.update(body) + decryptor.finalize()
        except (InvalidTag, ValueError) as error:
            raise JudgementError(f"integrity check failed ({type(error).__name__} {error})")
        self.last_pad_length, self.last_next_header = plain[-2], plain[-1]
        padding = plain[len(plain) - 2 - plain[-2]:-2]
        if padding != bytes(range(1, plain[-2] + 1)):
            raise JudgementError(f"padding is {padding.hex()}, not 1, 2, 3, … (RFC 4303 2.4)")
