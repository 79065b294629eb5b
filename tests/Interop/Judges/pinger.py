"""Echo requests from inside a namespace, counted exactly: ping(8) gives up on what is late once anything was answered, and a loaded machine is late."""
import os
import select
import socket
import struct
import threading
import time

from wire import Inside


def _checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


class Pinger:
    """`with Pinger(namespace, address, source) as pinger:` a socket; `once` for a few, `start` and `stop` for a stream."""

    counter = os.getpid()

    def __init__(self, namespace, address, source=None):
        self.namespace, self.address, self.source = namespace, address, source
        self.sent, self.answered = 0, set()

    def __enter__(self):
        v6 = ":" in self.address
        Pinger.counter += 1
        self.identifier, self.request, self.reply = Pinger.counter & 0xffff, 128 if v6 else 8, 129 if v6 else 0
        self.header = 0 if v6 else 20
        with Inside(self.namespace):
            self.socket = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
        self.socket.setblocking(False)
        if self.source:
            self.socket.bind((self.source, 0))
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self):
        body = struct.pack("!BBHHH", self.request, 0, 0, self.identifier, self.sent & 0xffff) + bytes(56)
        packet = body[:2] + struct.pack("!H", _checksum(body)) + body[4:]
        try:
            self.socket.sendto(packet, (self.address, 0))
        except OSError:
            pass  # no route yet, or an ICMP error of an earlier one: it counts as sent and not answered
        self.sent += 1

    def receive(self, until):
        """Takes answers until a moment, or until all are there."""
        while len(self.answered) < self.sent and (left := until - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                return
            try:
                octets = self.socket.recv(2048)[self.header:]
            except OSError:
                continue
            if len(octets) >= 8 and octets[0] == self.reply and struct.unpack("!H", octets[4:6])[0] == self.identifier:
                self.answered.add(struct.unpack("!H", octets[6:8])[0])

    def once(self, count, interval, wait):
        """How many of `count` were answered."""
        for _ in range(count):
            self.send()
            pause = time.monotonic() + interval
            self.receive(pause)
            time.sleep(max(0, pause - time.monotonic()))
        self.receive(time.monotonic() + wait)
        return len(self.answered)

    def start(self, interval):
        self.stopping = threading.Event()

        def run():
            while not self.stopping.wait(interval):
                self.send()
                self.receive(time.monotonic() + 0.001)
            self.receive(time.monotonic() + 3)
        self.thread = threading.Thread(target=run)
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()
