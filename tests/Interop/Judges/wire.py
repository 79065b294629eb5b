"""The wires of a gateway under test: raw frames on a device inside a network namespace, with hosts that live in this process alone.

The namespaces at the other ends of the gateway's links have no addresses and no IPv6: their kernels are silent, and whatever is answered
(ARP, neighbour discovery) is answered here. So every frame that a gateway sends is read, and none is explained away by a kernel.
"""
import ctypes
import ipaddress
import os
import select
import socket
import struct
import time

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PACKET_OUTGOING = 4


def _enter(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Inside:
    """`with Inside(namespace):` sockets that are made here belong to the namespace."""

    def __init__(self, namespace):
        self.namespace = namespace

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)
        return self

    def __exit__(self, *_):
        _enter(self.home)
        os.close(self.home)


class Port:
    """One end of a link, and the hosts behind it: `addresses` are theirs, all at one link-layer address."""

    def __init__(self, name, namespace, device, addresses):
        self.name, self.device = name, device
        with Inside(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            self.socket.bind((device, 0))
        self.socket.setblocking(False)
        self.mac = self.socket.getsockname()[4]
        self.addresses = {ipaddress.ip_address(a).packed for a in addresses}
        self.gateway_mac = None
        self.captured = []

    def fileno(self):
        return self.socket.fileno()

    def send(self, packet):
        """Sends an IP packet (octets) to the gateway."""
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        self.socket.send(self.gateway_mac + self.mac + kind + packet)

    def close(self):
        self.socket.close()

    def _answer(self, frame):
        """Answers ARP and neighbour solicitation for the hosts that live here; says whether the frame was one of those."""
        kind = frame[12:14]
        if kind == b"\x08\x06":
            operation, sender_mac, sender, _, target = struct.unpack("!H6s4s6s4s", frame[20:42])
            if operation == 1 and target in self.addresses:
                self.socket.send(sender_mac + self.mac + b"\x08\x06" + struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 2, self.mac, target, sender_mac, sender))
            return True
        if kind == b"\x86\xdd" and len(frame) >= 78 and frame[20] == 58 and frame[54] in range(133, 138):
            target = frame[62:78]
            if frame[54] == 135 and target in self.addresses and frame[22:38] != bytes(16):
                body = struct.pack("!BBHL16sBB6s", 136, 0, 0, 0x60000000, target, 2, 1, self.mac)
                header = struct.pack("!LHBB16s16s", 6 << 28, len(body), 58, 255, target, frame[22:38])
                body = body[:2] + struct.pack("!H", _checksum(target + frame[22:38] + struct.pack("!LL", len(body), 58) + body)) + body[4:]
                self.socket.send(frame[6:12] + self.mac + b"\x86\xdd" + header + body)
            return True
        # Multicast listener reports and the like of the gateway's kernel.
        return kind == b"\x86\xdd" and frame[0] == 0x33

    def read(self):
        """Frames that have arrived and are traffic."""
        while True:
            try:
                frame, address = self.socket.recvfrom(65536)
            except BlockingIOError:
                return
            if address[2] == PACKET_OUTGOING or frame[6:12] == self.mac:
                continue
            if frame[6:12] and self.gateway_mac is None and not frame[6] & 1:
                self.gateway_mac = frame[6:12]
            if len(frame) >= 14 and not self._answer(frame):
                yield frame


def _checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wires:
    """The ports of a gateway under test together: waiting for one of them serves the others."""

    def __init__(self, *ports):
        self.ports = {p.name: p for p in ports}
        self.queues = {p.name: [] for p in ports}
        self.log = None
        self.keepalives = 0

    def __getitem__(self, name):
        return self.ports[name]

    def pump(self, seconds):
        """Reads what comes within `seconds`, or until something came."""
        ready, _, _ = select.select(list(self.ports.values()), [], [], max(0, seconds))
        for port in ready:
            for frame in port.read():
                packet = _trim(frame[14:])
                if _is_keepalive(packet):
                    self.keepalives += 1
                    continue
                self.queues[port.name].append(packet)
                if self.log:
                    self.log(port.name, packet)

    def receive(self, name, seconds=1.0, wanted=lambda packet: True):
        """The next packet (octets from the IP header on) on a port for which `wanted` holds, or None; others are thrown away."""
        deadline = time.monotonic() + seconds
        while True:
            queue = self.queues[name]
            while queue:
                packet = queue.pop(0)
                if wanted(packet):
                    return packet
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.pump(left)

    def clear(self):
        """Forgets what has arrived."""
        self.pump(0)
        for queue in self.queues.values():
            queue.clear()

    def close(self):
        for port in self.ports.values():
            port.close()


def _is_keepalive(packet):
    """A NAT keepalive (RFC 3948 4) is sent when a tunnel is quiet: it may come at any time."""
    return (len(packet) == 29 and packet[9] == 17 or len(packet) == 49 and packet[6] == 17) and packet[-9:-5] == b"\x11\x94\x11\x94" and packet[-1] == 0xff


def _trim(packet):
    """Without the padding of a short Ethernet frame."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return packet[:struct.unpack("!H", packet[2:4])[0]]
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        return packet[:40 + struct.unpack("!H", packet[4:6])[0]]
    return packet
