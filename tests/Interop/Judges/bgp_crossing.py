"""Connections that cross, neighbours that fall silent, one that floods and one that never reads: played by hand on raw sockets, with BIRD beside them, which must not suffer."""
import pathlib
import random
import socket
import struct
import threading
import time

from bgp_net import OUR_AS, ROUTER, BgpNet, them, us
from bgp_restart import slow_path
from bgp_trouble import Raw, attribute, message, opening, update
from gateway import Gateway, Inside, run
from report import Report

THEIR_AS, BIRD_AS, FEEDER_AS = 65011, 65012, 65021
# name: (BIRD's or the hand's address, words of our neighbour). Our identifier is 10.7.0.1.
HANDS = {
    "low": ("10.7.2.2", f"as: {THEIR_AS}, connect_retry: 1s, import: all, export: all"),
    "high": ("10.7.2.3", f"as: {THEIR_AS}, connect_retry: 1s, import: all, export: all"),
    "silent": ("10.7.2.4", f"as: {THEIR_AS}, passive: true, hold_time: 3s, import: all, export: all"),
    "calm": ("10.7.2.7", f"as: {THEIR_AS}, passive: true, import: all, export: none"),
    "feeder": ("10.7.2.5", f"as: {FEEDER_AS}, passive: true, import: all, export: none"),
    "deaf": ("10.7.2.6", f"as: {THEIR_AS}, passive: true, import: none, export: all"),
}
IDENTIFIERS = {"low": "10.0.0.9", "high": "10.200.0.9"}
ROUTES, CHANGES, FIRST = 100_000, 5, 20 << 24
COLLISION, HOLD_TIMER = (6, 7), (4, 0)


def ours():
    neighbours = "".join(f"    - {{ name: {name}, address: {address}, local_address: {us(2)}, {words} }}\n" for name, (address, words) in HANDS.items())
    return f"""workers: [0]
ports:
  - {{ name: p1, device: p1, side: unprotected }}
  - {{ name: p2, device: p2, side: unprotected }}
bgp:
  as: {OUR_AS}
  router_id: {ROUTER}
  networks: [ 198.18.1.0/24 ]
  neighbors:
{neighbours}    - {{ name: bird, address: {them(1)}, local_address: {us(1)}, as: {BIRD_AS}, connect_retry: 1s, import: all, export: all }}
"""


def bird():
    return f"""router id {them(1)}; log stderr all; debug protocols {{ states }};
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; }}
protocol static here {{ ipv4; route 203.0.113.0/24 blackhole; }}
protocol bgp appliance {{ local {them(1)} as {BIRD_AS}; neighbor {us(1)} as {OUR_AS}; connect retry time 1; connect delay time 1; error wait time 1, 2;
  ipv4 {{ import all; export where proto = "here"; next hop self; }}; }}
"""


class Links(BgpNet):
    """The hands' addresses behind p2, BIRD behind p1."""

    def __init__(self):
        Gateway.__init__(self, ours(), {"p1": ([f"{us(1)}/24"], None), "p2": ([f"{us(2)}/24"], None)})
        self.names, self.speakers = [], {}

    def _start(self):
        for address, _ in HANDS.values():
            run("ip", "-n", self.namespace("p2"), "addr", "add", f"{address}/24", "dev", "p2")
        run("ip", "-n", self.namespace("p1"), "addr", "add", f"{them(1)}/24", "dev", "p1")
        for port in ("p1", "p2"):
            run("ip", "-n", self.namespace(port), "link", "set", "lo", "up")
        super()._start()

    def connections(self, address):
        """Established TCP connections of ours with a neighbour."""
        return len(run("ip", "netns", "exec", self.inside, "ss", "-Htn", "state", "established", "dst", address).splitlines())

    def clear(self, name):
        self.api.post(f"/bgp/clear/{name}", None)


class Hand(Raw):
    """A session by hand from one of the addresses behind p2."""

    def __init__(self, net, name, asn=THEIR_AS, buffer=0, identifier=None):
        super().__init__(net, 2, asn)
        self.name, self.address, self.room, self.identifier = name, HANDS[name][0], buffer, identifier or HANDS[name][0]

    def connect(self):
        with Inside(self.net.namespace("p2")):
            found = socket.socket()
            if self.room:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.room)
            found.bind((self.address, 0))
            found.settimeout(10)
            found.connect((us(2), 179))
        return self.take(found)

    def take(self, connected):
        """Goes on with a connection that is there."""
        self.socket, self.buffer = connected, b""
        self.socket.settimeout(10)
        return self

    def say_open(self, hold=90):
        capabilities = b"\x41\x04" + struct.pack("!I", self.asn) + b"\x01\x04\x00\x01\x00\x01"
        octets = opening(self.asn, self.identifier, capabilities)
        self.socket.sendall(octets[:22] + struct.pack("!H", hold) + octets[24:])

    def open(self):
        """Up to Established; the neighbour may have rested after an earlier failure: it is cleared."""
        self.net.clear(self.name)
        deadline = time.monotonic() + 10
        while True:
            self.connect()
            try:
                self.say_open()
                if self.read()[0] == 1:
                    break
            except OSError:
                pass
            self.close()
            assert time.monotonic() < deadline, "no OPEN"
            time.sleep(0.2)
        self.socket.sendall(message(4))
        assert self.read()[0] == 4, "no KEEPALIVE"
        return self

    def ends_with(self):
        """(code, subcode) of the NOTIFICATION, or None when the connection stays for a second after KEEPALIVE."""
        self.socket.settimeout(1)
        try:
            while True:
                kind, body = self.read()
                if kind in (None, 3):
                    return (body[0], body[1]) if kind else (0, 0)
        except TimeoutError:
            return None
        finally:
            self.socket.settimeout(10)


def cross(net, listener, name, ours_first):
    """One collision: our connection and the hand's own are there before either OPEN is answered. Which of both stays."""
    net.clear(name)
    accepted, _ = listener.accept()
    theirs = Hand(net, name, identifier=IDENTIFIERS[name]).connect()
    mine = Hand(net, name, identifier=IDENTIFIERS[name]).take(accepted)
    for hand in (theirs, mine):
        assert hand.read()[0] == 1, "no OPEN on one of two connections"
    both = (mine, theirs) if ours_first else (theirs, mine)
    both[0].say_open()
    both[1].say_open()
    stays, goes = (mine, theirs) if name == "low" else (theirs, mine)
    assert (end := goes.ends_with()) == COLLISION, f"the one that must go got {end}"
    stays.socket.sendall(message(4))
    assert (end := stays.ends_with()) is None, f"the one that must stay ended with {end}"
    state = net.neighbour(name)
    assert state["state"] == "established" and net.connections(HANDS[name][0]) == 1, f"{state['state']}, {net.connections(HANDS[name][0])} connections"
    stays.close()
    goes.close()


def crossing(versions):
    if "bird" not in versions:
        return 3
    report = Report("bird", versions["bird"])
    with Links() as net:
        peer = net.start("bird", bird())
        peer.until(lambda: net.neighbour("bird")["state"] == "established", 20, "the session")
        for name in ("low", "high"):
            def crossed(name=name):
                with Inside(net.namespace("p2")):
                    listener = socket.create_server((HANDS[name][0], 179), backlog=5)
                listener.settimeout(20)
                with listener:
                    for number in range(4):
                        cross(net, listener, name, number % 2 == 0)
                net.api.post(f"/bgp/disable/{name}", None)
                return "4 times"
            report.run(f"connections cross, {'ours' if name == 'low' else 'the neighbour’s'} stays: the greater identifier made it (RFC 4271 §6.8)", crossed)

        def together():
            log = lambda: pathlib.Path(net.log.name).read_text().count("two connections crossed")
            before, rounds = log(), 10
            dice = random.Random(4)
            for number in range(rounds):
                net.api.post("/bgp/disable/bird", None)
                peer.ask("disable appliance")
                times = net.neighbour("bird")["times_established"]
                peer.ask("enable appliance")
                # BIRD dials a second later, and so do we, more or less.
                time.sleep(0.85 + 0.3 * dice.random())
                net.api.post("/bgp/enable/bird", None)
                peer.until(lambda: net.neighbour("bird")["state"] == "established" and peer.established(), 15, f"round {number}: the session ({net.neighbour('bird')['last_reason']})")
                time.sleep(0.4)
                peer.until(lambda: net.connections(them(1)) == 1 and net.neighbour("bird")["state"] == "established" and peer.established(), 15, f"round {number}: one connection, not {net.connections(them(1))}")
                peer.until(lambda: "198.18.1.0/24" in peer.routes("ipv4"), 5, "our route")
                assert net.neighbour("bird")["times_established"] - times <= 2, "it is established again and again"
            return f"{rounds} times, {log() - before} crossed"
        report.run("both connect at the same time, again and again: always one session", together)

        def silent():
            hand = Hand(net, "silent").open()
            begin = time.monotonic()
            hand.socket.settimeout(8)
            kept = 0
            while True:
                kind, body = hand.read()
                if kind != 4:
                    if kind == 2:
                        continue
                    break
                kept += 1
            took = time.monotonic() - begin
            assert kind == 3 and (body[0], body[1]) == HOLD_TIMER, f"{kind} {body!r}"
            assert 2.5 < took < 5, f"after {took:.1f} s"
            assert kept >= 2, f"{kept} KEEPALIVEs in {took:.1f} s: one a third of the hold time"
            hand.close()
            assert "HoldTimer_Expires" in net.neighbour("silent")["last_reason"], net.neighbour("silent")["last_reason"]
            return f"{took:.1f} s of 3 s, {kept} KEEPALIVEs meanwhile"
        report.run("a silent neighbour: HoldTimer_Expires, NOTIFICATION 4", silent)

        def speaks():
            hand = Hand(net, "silent").open()
            peer.until(lambda: net.neighbour("silent")["state"] == "established", 5, "the session")
            times = net.neighbour("silent")["times_established"]
            for _ in range(7):
                hand.socket.sendall(message(4))
                time.sleep(1)
            now = net.neighbour("silent")
            assert now["state"] == "established" and now["times_established"] == times, now["last_reason"]
            hand.close()
        report.run("KEEPALIVEs alone keep a session", speaks)
        report.run("a neighbour that floods updates: routes of others and the API go on", lambda: flood(net, peer))
        deaf(net, peer, report)
    return report.finish()


def flood(net, peer):
    """900 routes announced and withdrawn as fast as the socket takes it, while another neighbour announces one at a time."""
    def path(hand):
        return attribute(0x40, 1, b"\0") + attribute(0x40, 2, b"\x02\x01" + struct.pack("!I", hand.asn)) + attribute(0x40, 3, socket.inet_aton(hand.address))
    flooder, other = Hand(net, "feeder", asn=FEEDER_AS).open(), Hand(net, "calm").open()
    nlri = b"".join(bytes([24, 100 + (n >> 8 & 15), n & 255, 7]) for n in range(900))
    octets = update(path(flooder), nlri) + update(b"", b"", nlri)
    stop, poured = threading.Event(), []

    def pour():
        while not stop.is_set():
            try:
                flooder.socket.sendall(octets)
            except OSError:
                return
            poured.append(1)
    pouring = threading.Thread(target=pour, daemon=True)
    times = {n: net.neighbour(n)["times_established"] for n in ("bird", "calm", "feeder")}
    pouring.start()
    try:
        begin, slowest, api = time.monotonic(), 0, 0
        for number in range(10):
            asked = time.monotonic()
            prefix = f"203.0.79.{number * 4}/30"
            other.socket.sendall(update(path(other), bytes([30, 203, 0, 79, number * 4])))
            peer.until(lambda: prefix in peer.routes("ipv4"), 10, f"{prefix} through the flood")
            slowest = max(slowest, time.monotonic() - asked)
            asked = time.monotonic()
            net.api.get("/health")
            api = max(api, time.monotonic() - asked)
            time.sleep(0.2)
        took = time.monotonic() - begin
    finally:
        stop.set()
        pouring.join(10)
    assert len(poured) > 100 and slowest < 3 and api < 2, f"{2 * len(poured)} updates, a route of another took {slowest:.1f} s, the API {api:.1f} s"
    for name, before in times.items():
        assert net.neighbour(name)["state"] == "established" and net.neighbour(name)["times_established"] == before, f"{name}: {net.neighbour(name)['last_reason']}"
    flooder.close()
    other.close()
    peer.until(lambda: "\n3 of 3 routes" in peer.ask("show route count"), 20, "the withdrawal of all")
    return f"{2 * len(poured)} updates of 900 routes in {took:.1f} s; a route of another takes {slowest * 1000:.0f} ms, the API {api * 1000:.0f} ms"


def feed(hand, change):
    """All routes, with a community that says which change it is."""
    path = (attribute(0x40, 1, b"\0") + attribute(0x40, 2, b"\x02\x01" + struct.pack("!I", FEEDER_AS)) + attribute(0x40, 3, socket.inet_aton(hand.address))
            + attribute(0xc0, 8, struct.pack("!HH", FEEDER_AS, change)))
    for start in range(0, ROUTES, 500):
        hand.socket.sendall(update(path, b"".join(b"\x1c" + struct.pack("!I", FIRST + (n << 4)) for n in range(start, start + 500))))


def deaf(net, peer, report):
    """100 000 routes for a neighbour that does not read them, changed again and again."""
    hand = Hand(net, "deaf", buffer=2048)
    feeder = Hand(net, "feeder", asn=FEEDER_AS)
    stop = threading.Event()

    def keep():
        while not stop.wait(1):
            for one in (hand, feeder):
                try:
                    one.socket.sendall(message(4))
                except OSError:
                    pass
    keeper = threading.Thread(target=keep, daemon=True)
    memory = []

    def resident():
        return next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{slow_path(net)}/status").read_text().splitlines() if line.startswith("VmRSS")) >> 10

    def stuck():
        hand.open()
        feeder.open()
        keeper.start()
        slowest = 0
        for change in range(1, CHANGES + 1):
            feed(feeder, change)
            last = f"{socket.inet_ntoa(struct.pack('!I', FIRST + (ROUTES - 1 << 4)))}/28"
            deadline = time.monotonic() + 40
            while True:
                begin = time.monotonic()
                now = net.neighbour("bird")
                slowest = max(slowest, time.monotonic() - begin)
                family = next(f for f in now["families"] if f["family"] == "ipv4")
                told = peer.ask("show route all", last) if family["sent"] >= ROUTES else ""
                if f"({FEEDER_AS},{change})" in told and f"{ROUTES + 3} routes" in peer.ask("show route count"):
                    break
                assert time.monotonic() < deadline, f"BIRD was not told all of it: {family} {peer.ask('show route count')}"
                time.sleep(0.2)
            memory.append(resident())
        now = net.neighbour("deaf")
        assert now["state"] == "established", now["last_reason"]
        assert 0 < now["octets_unsent"] <= 512 << 10, f"{now['octets_unsent']} octets wait for it"
        assert slowest < 2, f"the API took {slowest:.1f} s"
        assert memory[-1] - memory[0] < 100, f"the slow path grew: {memory} MiB"
        assert net.neighbour("bird")["times_established"] == bird_times, net.neighbour("bird")["last_reason"]
        return f"{now['octets_unsent'] >> 10} KiB wait, {'/'.join(map(str, memory))} MiB, API {slowest * 1000:.0f} ms"
    bird_times = net.neighbour("bird")["times_established"]
    report.run(f"a neighbour that never reads, {ROUTES} routes changed {CHANGES} times: others are told all, what waits is bounded", stuck)

    def reads():
        known, count = {}, 0
        hand.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        deadline = time.monotonic() + 60
        while len(known) < ROUTES or set(known.values()) != {CHANGES}:
            kind, body = hand.read()
            assert kind in (2, 4), f"message {kind}, {body[:30]!r}"
            assert time.monotonic() < deadline, f"{len(known)} routes, {count} announcements"
            if kind == 2:
                change, prefixes = read_update(body)
                count += len(prefixes)
                known.update(dict.fromkeys(prefixes, change))
        assert count < 3 * ROUTES, f"{count} announcements: changes were queued one by one"
        return f"{count} announcements for {ROUTES} routes that changed {CHANGES} times"
    report.run("it reads at last: it is told how things are now, not all that was", reads)

    def gone():
        stop.set()
        keeper.join()
        feeder.close()
        hand.close()
        peer.until(lambda: "\n3 of 3 routes" in peer.ask("show route count"), 30, f"the withdrawal of all: {peer.ask('show route count')}")
    report.run("the feeder is gone: BIRD is told", gone)


def read_update(body):
    """(change, [prefixes as octets]) of an UPDATE without withdrawals; prefixes that are not the feeder's are left out."""
    withdrawn = struct.unpack("!H", body[:2])[0]
    length = struct.unpack("!H", body[2 + withdrawn:4 + withdrawn])[0]
    attributes, nlri = body[4 + withdrawn:4 + withdrawn + length], body[4 + withdrawn + length:]
    change, at = None, 0
    while at < len(attributes):
        flags, kind = attributes[at], attributes[at + 1]
        size, at = (struct.unpack("!H", attributes[at + 2:at + 4])[0], at + 4) if flags & 0x10 else (attributes[at + 2], at + 3)
        if kind == 8:
            change = struct.unpack("!H", attributes[at + 2:at + 4])[0]
        at += size
    found, at = [], 0
    while at < len(nlri):
        size = (nlri[at] + 7) // 8
        if nlri[at] == 28:
            found.append(nlri[at + 1:at + 1 + size])
        at += 1 + size
    return change, found
