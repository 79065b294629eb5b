"""The Linux kernel's ESP, in a virtual machine, against a running gateway: ping and TCP both ways, with `ip xfrm` on the other side.

inside (a namespace) – gateway – internet (a namespace that routes) – virtual machine. The machine is emulated: correctness, not speed.
"""
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading

from esp_sa import CIPHERS, Sa, new_key
from gateway import Gateway, Unavailable, prepare, run
from report import Report
from wire import Inside

VM = pathlib.Path(__file__).resolve().parent.parent / "Vm"
OURS = {4: "192.0.2.1", 6: "2001:db8::1"}
LINKS = {"lan": (["10.1.0.1/24", "fd00:1::1/64"], None), "wan": (["192.0.2.1/24", "2001:db8::1/64"], None)}

# name: (mode, outer family, the machine's outer address, inside behind it)
TUNNELS = {
    "vm-v4": ("tunnel", 4, "198.51.100.1", 2),
    "vm-v6": ("tunnel", 6, "2001:db8:2::1", 3),
    "vm-iip": ("iiptran", 4, "198.51.100.2", 4),
    "vm-own": ("transport", 4, "198.51.100.3", None),
    "vm-xfrmi": ("tunnel", 4, "198.51.100.4", 5),
}

KERNEL = {
    "AES-GCM": 'aead "rfc4106(gcm(aes))"', "AES-GMAC": 'aead "rfc4543(gcm(aes))"', "CHACHA20-POLY1305": 'aead "rfc7539esp(chacha20,poly1305)"',
    "HMAC-SHA1-96": "hmac(sha1)", "SHA2-256-128": "hmac(sha256)", "SHA2-384-192": "hmac(sha384)", "SHA2-512-256": "hmac(sha512)",
}


def configuration():
    text = """workers: [0]
ports:
  - { name: lan, device: lan, side: protected }
  - { name: wan, device: wan, side: unprotected }
vpn: { device: vpn0, addresses: [ 10.1.255.1/32, "fd00:1:0:ff::1/128" ] }
tunnels:
"""
    policies = ""
    for name, (mode, outer, remote, inside) in TUNNELS.items():
        routes = f', routes: [ "10.{inside}.0.0/16", "fd00:{inside}::/48" ]' if inside else ""
        text += f'  - {{ name: {name}, mode: {mode}, local: "{OURS[outer]}", remote: "{remote}"{routes} }}\n'
        if inside:
            policies += f"  - {{ action: protect, local: 10.1.0.0/16, remote: 10.{inside}.0.0/16 }}\n"
            policies += f'  - {{ action: protect, local: "fd00:1::/48", remote: "fd00:{inside}::/48" }}\n'
        else:
            policies += f'  - {{ action: protect, tunnel: {name}, local: "{OURS[outer]}", remote: "{remote}" }}\n'
    return text + "policies:\n" + policies


class Machine:
    """The virtual machine behind the gateway's wan."""

    def __init__(self, gateway):
        self.gateway, self.namespace = gateway, gateway.namespace("wan")
        self.state = os.path.join(gateway.folder, "vm")

    def __enter__(self):
        prepared = subprocess.run([VM / "prepare.sh"], capture_output=True, text=True)
        if prepared.returncode != 0:
            raise Unavailable(f"no virtual machine: {(prepared.stderr.strip() or 'prepare.sh failed').splitlines()[-1]}")
        image = prepared.stdout.strip()
        self.kernel = pathlib.Path(image, "release").read_text().strip()
        inside, internet = self.gateway.namespace("lan"), self.namespace

        def ip(namespace, *words):
            run("ip", "-n", namespace, *words)
        ip(inside, "addr", "add", "10.1.0.2/24", "dev", "lan")
        ip(inside, "addr", "add", "fd00:1::2/64", "dev", "lan", "nodad")
        ip(inside, "route", "add", "default", "via", "10.1.0.1")
        ip(inside, "-6", "route", "add", "default", "via", "fd00:1::1")
        ip(internet, "tuntap", "add", "vm", "mode", "tap")
        ip(internet, "link", "set", "vm", "up")
        for device, addresses in (("wan", ("192.0.2.254/24", "2001:db8::fe/64")), ("vm", ("198.51.100.254/24", "2001:db8:2::fe/64"))):
            for address in addresses:
                ip(internet, "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
        run("ip", "netns", "exec", internet, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        run("ip", "netns", "exec", internet, "ethtool", "-K", "vm", "tx", "off")
        done = subprocess.run([VM / "boot.sh", image, internet, "vm", self.state,
                               "ip4=198.51.100.1/24 via4=198.51.100.254 ip6=2001:db8:2::1/64 via6=2001:db8:2::fe"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Unavailable(f"the virtual machine did not boot: {done.stderr.strip()}")
        more = "".join(f"ip addr add {remote}/24 dev eth0\n" for mode, outer, remote, _ in TUNNELS.values() if outer == 4 and remote != "198.51.100.1")
        more += "".join(f"ip addr add 10.{i}.0.1/32 dev lo; ip addr add fd00:{i}::1/128 dev lo nodad\n" for *_, i in TUNNELS.values() if i)
        self.shell(more + "for m in esp4 esp6 xfrm_user xfrm_interface ipip sit; do modprobe $m; done")
        return self

    def __exit__(self, *_):
        try:
            os.kill(int(pathlib.Path(self.state + ".pid").read_text()), 9)
        except (OSError, ValueError):
            pass

    def shell(self, commands, seconds=20):
        return run(VM / "shell.sh", self.namespace, "198.51.100.1", commands, str(seconds))

    def state_command(self, sa, mode, unspecific):
        """`ip xfrm state add` for one direction."""
        crypt, key, salt, integrity, _, icv = CIPHERS[sa.cipher]
        if integrity:
            algorithm = f'auth-trunc "{KERNEL[integrity]}" 0x{sa.key[key:].hex()} {icv * 8} enc "cbc(aes)" 0x{sa.key[:key].hex()}'
        else:
            algorithm = f"{KERNEL[crypt]} 0x{sa.key.hex()} 128"
        flags = " ".join((["esn"] if sa.esn else []) + (["af-unspec"] if unspecific else []))
        return (f"ip xfrm state add src {sa.source} dst {sa.destination} proto esp spi {sa.spi:#x} reqid 1 mode {mode} replay-window {128} "
                f"{algorithm} {'flag ' + flags if flags else ''}\n")


class Judge:
    """The cases, with the gateway and the machine up."""

    def __init__(self, gateway, machine, report):
        self.gateway, self.machine, self.report = gateway, machine, report
        self.inside = gateway.namespace("lan")
        self.spi = 0x3000

    def key(self, name, cipher, esn, policies, extra=""):
        """Fresh SAs on both sides; `policies`: selectors (local, remote as the machine sees them, protocol) in `ip xfrm policy`'s terms."""
        mode, outer, remote, inside = TUNNELS[name]
        self.spi += 2
        ours = Sa(cipher, new_key(cipher), self.spi, mode, OURS[outer], remote, esn)
        theirs = Sa(cipher, new_key(cipher), self.spi + 1, mode, remote, OURS[outer], esn)
        kernel_mode = "tunnel" if mode == "tunnel" else "transport"
        commands = "ip xfrm policy flush; ip xfrm state flush\n"
        for sa in (ours, theirs):
            state = self.machine.state_command(sa, kernel_mode, mode == "tunnel")
            commands += state.replace("\n", f" {extra}\n")
        for local, other, protocol in policies:
            for source, destination, way, sa in ((local, other, "out", theirs), (other, local, "in", ours)):
                commands += (f"ip xfrm policy add src {source} dst {destination} {protocol} dir {way} {extra} "
                             f"tmpl src {sa.source} dst {sa.destination} proto esp reqid 1 mode {kernel_mode}\n")
        said = self.machine.shell(commands)
        if said.strip():
            raise AssertionError(f"the machine says: {said.strip()}")
        self.gateway.give_keys(name, ours, theirs, 128)

    def tunnel_policies(self, name):
        inside = TUNNELS[name][3]
        return [(f"10.{inside}.0.0/16", "10.1.0.0/16", ""), (f"fd00:{inside}::/48", "fd00:1::/48", "")]

    def ping(self, address, namespace=None, source=None):
        """From a namespace to the machine. The first may be lost while a neighbour is resolved."""
        for attempt in range(3):
            done = subprocess.run(["ip", "netns", "exec", namespace or self.inside, "ping", "-n", "-c", "3", "-i", "0.2", "-W", "3", *(["-I", source] if source else []), address],
                                  capture_output=True, text=True)
            if " 0% packet loss" in done.stdout:
                return
        raise AssertionError(f"ping {address}: {done.stdout.strip().splitlines()[-2] if done.stdout.strip() else done.stderr.strip()} {self.troubles()}")

    def ping_from_machine(self, source, address):
        for attempt in range(3):
            said = self.machine.shell(f"ping -n -c 3 -i 0.3 -W 3 -I {source} {address}")
            if " 0% packet loss" in said:
                return
        raise AssertionError(f"ping from the machine to {address}: {said.strip().splitlines()[-2:]} {self.troubles()}")

    def troubles(self):
        drops = {k: v for k, v in self.gateway.drops().items() if v}
        said = self.machine.shell("cat /proc/net/xfrm_stat")
        return f"(drops {drops}; xfrm {re.findall(r'(Xfrm[A-Za-z]+)[ 	]+([1-9][0-9]*)', said)})"

    def upload(self, address, family, octets=300_000):
        """TCP from inside to the machine, which answers with a hash of what it got."""
        body = os.urandom(octets)
        answer = {}

        def serve():
            answer["said"] = self.machine.shell(f"timeout 40 nc -l -p 5001 -e /bin/sha256sum", 45)
        server = threading.Thread(target=serve)
        server.start()
        try:
            with self.connect(address, 5001, family) as connection:
                connection.sendall(body)
                connection.shutdown(socket.SHUT_WR)
                got = b""
                while piece := connection.recv(4096):
                    got += piece
        finally:
            server.join()
        if got[:64].decode() != hashlib.sha256(body).hexdigest():
            raise AssertionError(f"TCP to {address}: the machine got something else ({got[:70]!r}) {self.troubles()}")

    def connect(self, address, port, family):
        for attempt in range(20):
            with Inside(self.inside):
                one = socket.socket(family, socket.SOCK_STREAM)
            one.settimeout(40)
            try:
                one.connect((address, port))
                return one
            except ConnectionRefusedError:
                one.close()
                threading.Event().wait(0.3)
        raise AssertionError(f"TCP to {address}: refused")

    def download(self, address, family, octets=300_000):
        """TCP from the machine to a listener inside."""
        with Inside(self.inside):
            listener = socket.socket(family, socket.SOCK_STREAM)
        listener.settimeout(40)
        listener.bind((address, 0))
        listener.listen(1)
        port = listener.getsockname()[1]
        said = {}

        def send():
            said["hash"] = self.machine.shell(f"head -c {octets} /dev/urandom > /tmp/f; sha256sum < /tmp/f; nc {address} {port} < /tmp/f", 60)
        sender = threading.Thread(target=send)
        sender.start()
        got = hashlib.sha256()
        try:
            connection, _ = listener.accept()
            connection.settimeout(40)
            while piece := connection.recv(65536):
                got.update(piece)
            connection.close()
        finally:
            listener.close()
            sender.join()
        if said["hash"].split()[0] != got.hexdigest():
            raise AssertionError(f"TCP to {address}: something else arrived {self.troubles()}")

    def both_ways(self, name, family, tcp):
        inside = TUNNELS[name][3]
        ours, theirs = (("10.1.0.2", f"10.{inside}.0.1") if family == 4 else ("fd00:1::2", f"fd00:{inside}::1"))
        self.machine.shell(f"ip {'-6' if family == 6 else ''} route replace {'10.1.0.0/16' if family == 4 else 'fd00:1::/48'} "
                           f"{self.way_back(name, family)} src {theirs}")
        self.ping(theirs)
        self.ping_from_machine(theirs, ours)
        if tcp:
            kind = socket.AF_INET if family == 4 else socket.AF_INET6
            self.upload(theirs, kind)
            self.download(ours, kind)

    @staticmethod
    def way_back(name, family):
        if name == "vm-iip":
            return "dev ipip1" if family == 4 else "dev sit1"
        if name == "vm-xfrmi":
            return "dev xfrm1"
        return "via 198.51.100.254" if family == 4 else "via 2001:db8:2::fe"

    def run(self):
        for name, cipher, esn, tcp in (("vm-v4", "aes-128-gcm", True, True), ("vm-v6", "aes-256-gcm", True, True), ("vm-v4", "aes-256-gcm", False, False),
                                       ("vm-v4", "aes-128-gmac", True, False), ("vm-v6", "chacha20-poly1305", True, False),
                                       ("vm-v4", "aes-128-cbc-hmac-sha2-256-128", True, False), ("vm-v6", "aes-256-cbc-hmac-sha2-512-256", True, False),
                                       ("vm-v4", "aes-128-cbc-hmac-sha1-96", False, False), ("vm-v4", "aes-256-cbc-hmac-sha2-384-192", False, False)):
            where = f"tunnel {cipher} outer v{TUNNELS[name][1]}{' esn' if esn else ''}"
            self.report.run(f"{where}: keys", lambda: self.key(name, cipher, esn, self.tunnel_policies(name)))
            for family in (4, 6):
                self.report.run(f"{where} inner v{family}: ping{' and TCP' if tcp else ''} both ways", lambda: self.both_ways(name, family, tcp))
        self.report.run("RFC 3884: ip tunnel with transport mode aes-128-gcm esn: set-up", self.iiptran)
        for family in (4, 6):
            self.report.run(f"RFC 3884: ip tunnel with transport mode inner v{family}: ping and TCP both ways", lambda: self.both_ways("vm-iip", family, True))
        self.report.run("XFRM interface, tunnel mode aes-128-gcm esn: set-up", self.xfrm_interface)
        for family in (4, 6):
            self.report.run(f"XFRM interface inner v{family}: ping both ways", lambda: self.both_ways("vm-xfrmi", family, False))
        self.report.run("transport mode aes-256-gcm esn, the gateway's own traffic: ping both ways", self.own)

    def iiptran(self):
        remote = TUNNELS["vm-iip"][2]
        self.key("vm-iip", "aes-128-gcm", True, [(f"{remote}/32", f"{OURS[4]}/32", "proto 4"), (f"{remote}/32", f"{OURS[4]}/32", "proto 41")])
        said = self.machine.shell(f"ip tunnel add ipip1 mode ipip local {remote} remote {OURS[4]} ttl 64; ip link set ipip1 up mtu 1400\n"
                                  f"ip tunnel add sit1 mode sit local {remote} remote {OURS[4]} ttl 64; ip link set sit1 up mtu 1400")
        if said.strip():
            raise AssertionError(f"the machine says: {said.strip()}")

    def xfrm_interface(self):
        self.key("vm-xfrmi", "aes-128-gcm", True, self.tunnel_policies("vm-xfrmi"), "if_id 7")
        said = self.machine.shell("ip link add xfrm1 type xfrm dev eth0 if_id 7; ip link set xfrm1 up mtu 1400")
        if said.strip():
            raise AssertionError(f"the machine says: {said.strip()}")

    def own(self):
        remote = TUNNELS["vm-own"][2]
        self.key("vm-own", "aes-256-gcm", True, [(f"{remote}/32", f"{OURS[4]}/32", "")])
        self.ping(remote, self.gateway.inside, OURS[4])
        self.ping_from_machine(remote, OURS[4])


def main():
    prepare()
    report = Report("vm", "-")
    try:
        routes = [("default", "192.0.2.254"), ("default", "2001:db8::fe")]
        with Gateway(configuration(), LINKS, routes) as gateway:
            with Machine(gateway) as machine:
                report.version = machine.kernel.split("+")[0]
                Judge(gateway, machine, report).run()
    except Unavailable as why:
        report.add("all", "skipped", str(why))
    except Exception as error:
        report.add("gateway", "failed", f"{type(error).__name__}: {error}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
