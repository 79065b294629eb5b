"""BGP speakers that are not ours, each in a network namespace: BIRD, FRR, GoBGP, ExaBGP, OpenBGPD. All have the same members: `established()`, `routes(family)`, `stop()`, `kill()`."""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import time

from gateway import Unavailable, die_with_parent, run

FRR = "/usr/lib/frr"


class Peer:
    """`with Bird(namespace, folder, configuration, us) as peer:` it runs; `us`: the gateway's address of the session."""

    name, program, package = "", "", ""

    def __init__(self, namespace, folder, configuration, us=""):
        self.namespace, self.folder, self.configuration, self.us = namespace, pathlib.Path(folder), configuration, us
        self.processes = []

    @classmethod
    def version(cls):
        """Its version; Unavailable when it is not installed."""
        if not shutil.which(cls.program, path="/usr/lib/frr:/usr/sbin:/usr/bin:/sbin:/bin"):
            raise Unavailable(f"{cls.name} is not installed (apt-get install {cls.package})")
        said = subprocess.run([shutil.which(cls.program, path="/usr/lib/frr:/usr/sbin:/usr/bin:/sbin:/bin"), *cls.asked], capture_output=True, text=True)
        return re.search(r"(\d+\.\d+(\.\d+)?)", said.stdout + said.stderr).group(1)

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def launch(self, *command, environment=None):
        """Starts a process in the namespace, its output in NAME.out; the process keeps the number that is returned."""
        output = open(self.folder / f"{os.path.basename(command[0])}.out", "a")
        process = subprocess.Popen(["ip", "netns", "exec", self.namespace, *map(str, command)], cwd=self.folder, env=dict(os.environ, **(environment or {})), stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, preexec_fn=die_with_parent, start_new_session=True)
        output.close()
        self.processes.append(process)
        return process

    def output(self):
        """The end of what its processes said."""
        return " | ".join(line for path in sorted(self.folder.glob("*.out")) for line in path.read_text(errors="replace").splitlines()[-6:])

    def inside(self, *command, check=True, **options):
        return run("ip", "netns", "exec", self.namespace, *map(str, command), check=check, **options)

    def until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except (RuntimeError, ValueError, KeyError, subprocess.TimeoutExpired):
                value = None
            if value:
                return value
            for process in self.processes:
                if process.poll() is not None:
                    raise RuntimeError(f"{self.name} ended with {process.returncode}: {self.output()}")
            assert time.monotonic() < deadline, f"{self.name}: not within {seconds} s: {what}: {self.output()}"
            time.sleep(0.1)

    def kill(self):
        """As a crash: no message goes out."""
        self._end(signal.SIGKILL)

    def restart(self):
        """Starts again after `kill`."""
        self.start()

    def stop(self):
        self._end(signal.SIGTERM)

    def _end(self, how):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(how)
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes = []


class Bird(Peer):
    name, program, package, asked = "bird", "bird", "bird2", ["--version"]
    TABLES = {"ipv4": "master4", "ipv6": "master6", "vpnv4": "vt4", "vpnv6": "vt6"}

    def start(self):
        (self.folder / "bird.conf").write_text(self.configuration)
        self.launch("bird", "-f", "-c", self.folder / "bird.conf", "-s", self.folder / "bird.ctl", "-P", self.folder / "bird.pid")
        self.until(lambda: (self.folder / "bird.ctl").exists() and self.ask("show status"), 10, "its socket")

    def reconfigure(self, configuration):
        self.configuration = configuration
        (self.folder / "bird.conf").write_text(configuration)
        if "Reconfigur" not in (answer := self.ask("configure")):
            raise RuntimeError(f"birdc configure: {answer.strip()}")

    def ask(self, *words):
        return run("birdc", "-s", str(self.folder / "bird.ctl"), *" ".join(words).split(), timeout=10)

    def established(self, protocol="appliance"):
        return "Established" in self.ask("show protocols", protocol)

    def routes(self, family, table=None):
        """{prefix: text of all its paths}."""
        found, now = {}, ""
        for line in self.ask("show route all table", table or self.TABLES[family]).splitlines():
            start = re.match(r"(?:(\d+:\d+|[\d.]+:\d+) )?([0-9a-f:.]+/\d+)\s", line)
            if start:
                now = start.group(2)
            if now:
                found[now] = found.get(now, "") + line + "\n"
        return found


class Frr(Peer):
    name, program, package, asked = "frr", "bgpd", "frr", ["--version"]
    FAMILIES = {"ipv4": "ipv4 unicast", "ipv6": "ipv6 unicast", "vpnv4": "ipv4 vpn", "vpnv6": "ipv6 vpn"}
    daemons = ("zebra", "bgpd")

    @classmethod
    def version(cls):
        if not os.access(f"{FRR}/bgpd", os.X_OK):
            raise Unavailable("FRR is not installed (apt-get install frr)")
        return re.search(r"version (\S+)", run(f"{FRR}/bgpd", "--version")).group(1)

    def start(self):
        frr = pwd.getpwnam("frr")
        for path in (self.folder, *self.folder.parents):
            if str(path) in ("/", "/tmp", "/dev/shm"):
                break
            path.chmod(0o755)
        shutil.chown(self.folder, frr.pw_uid, frr.pw_gid)
        (self.folder / "vtysh.conf").write_text("")
        for daemon in self.daemons:
            configuration = self.folder / f"{daemon}.conf"
            configuration.write_text(self.text_of(daemon))
            (self.folder / f"{daemon}.vty").unlink(missing_ok=True)
            self.launch(f"{FRR}/{daemon}", "-f", configuration, "-i", self.folder / f"{daemon}.pid", "-z", self.folder / "zserv.api", "--vty_socket", self.folder, "-A", "127.0.0.1",
                        "--log", f"file:{self.folder}/{daemon}.out", *(["--bfdctl", self.folder / "bfdd.sock"] if daemon == "bfdd" else []))
            self.until(lambda: (self.folder / f"{daemon}.vty").exists(), 10, f"{daemon}'s socket")

    def text_of(self, daemon):
        """The configuration of one daemon."""
        return self.configuration if daemon != "zebra" else "hostname frr\n"

    def configure(self, text):
        """More configuration, as one would type it."""
        (self.folder / "more.conf").write_text(text)
        run("vtysh", "--vty_socket", str(self.folder), "--config_dir", str(self.folder), "-f", str(self.folder / "more.conf"), timeout=10)

    def ask(self, *words):
        return run("vtysh", "--vty_socket", str(self.folder), "--config_dir", str(self.folder), *sum((["-c", w] for w in words), []), timeout=10)

    def established(self):
        return json.loads(self.ask(f"show bgp neighbors {self.us} json"))[self.us]["bgpState"] == "Established"

    def routes(self, family):
        found = {}
        data = json.loads(self.ask(f"show bgp {self.FAMILIES[family]} json"))
        tables = [data.get("routes", {})] if "vpn" not in family else list(data.get("routes", {}).get("routeDistinguishers", {}).values())
        for table in tables:
            for prefix, paths in table.items():
                found[prefix] = json.dumps(paths)
        return found

    def detail(self, family, prefix):
        """Text of one prefix with all attributes."""
        return self.ask(f"show bgp {self.FAMILIES[family]} {prefix}")


class GoBgp(Peer):
    name, program, package, asked = "gobgp", "gobgpd", "gobgpd", ["--version"]
    FAMILIES = {"ipv4": "ipv4", "ipv6": "ipv6", "vpnv4": "vpnv4", "vpnv6": "vpnv6", "ipv4-encapsulation": "encap", "route-target": "rtc"}

    def restart(self):
        self.start("--graceful-restart")

    def start(self, *words):
        (self.folder / "gobgpd.toml").write_text(self.configuration)
        self.inside("ip", "link", "set", "lo", "up")
        self.launch("gobgpd", "-f", self.folder / "gobgpd.toml", "--api-hosts", "127.0.0.1:50051", "--log-plain", *words)
        self.until(lambda: "AS" in self.ask("global"), 15, "its API")

    def ask(self, *words):
        return self.inside("gobgp", *words, timeout=15)

    def established(self):
        return '"session_state":6' in self.ask("neighbor", self.us, "-j").replace(" ", "") or "BGP state = ESTABLISHED" in self.ask("neighbor", self.us)

    def routes(self, family):
        """{prefix: JSON text of all its paths}."""
        text = self.ask("global", "rib", "-a", self.FAMILIES[family], "-j")
        found = {}
        for key, paths in (json.loads(text) if text.strip().startswith("{") else {}).items():
            prefix = key.split(":")[-1] if family == "vpnv4" else key.split(":", 2)[-1] if family == "vpnv6" else key
            found[prefix] = json.dumps(paths)
        return found


class ExaBgp(Peer):
    """`feed(line)` gives it a command of its API (announce route …, withdraw route …); what it receives is in `received`."""

    name, program, package, asked = "exabgp", "exabgp", "exabgp", ["--version"]

    def start(self):
        for pipe in ("commands",):
            if not (self.folder / pipe).exists():
                os.mkfifo(self.folder / pipe)
        (self.folder / "relay.py").write_text(f"""import sys
for line in open({str(self.folder / 'commands')!r}):
    sys.stdout.write(line)
    sys.stdout.flush()
""")
        (self.folder / "sink.py").write_text(f"""import sys
with open({str(self.folder / 'received.json')!r}, 'a', buffering=1) as out:
    for line in sys.stdin:
        out.write(line)
""")
        processes = f"""process relay {{ run /usr/bin/python3 {self.folder}/relay.py; encoder text; }}
process sink {{ run /usr/bin/python3 {self.folder}/sink.py; encoder json; }}
"""
        (self.folder / "exabgp.conf").write_text(processes + self.configuration)
        self.launch("exabgp", self.folder / "exabgp.conf",
                    environment={"exabgp.daemon.user": "root", "exabgp.api.cli": "false", "exabgp.log.level": "INFO", "exabgp.tcp.port": "179", "exabgp.daemon.daemonize": "false", "exabgp.cache.attributes": "false"})
        # Open both ways, so that neither end waits for the other and the reader sees no end.
        self.pipe = os.open(self.folder / "commands", os.O_RDWR)

    def feed(self, line):
        os.write(self.pipe, (line + "\n").encode())

    def messages(self):
        path = self.folder / "received.json"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def established(self):
        """The last word about the session."""
        states = [m["neighbor"]["state"] for m in self.messages() if m.get("type") == "state"]
        return bool(states) and states[-1] == "up"

    def routes(self, family):
        """What stands after all updates: {prefix: attributes}."""
        afi = {"ipv4": "ipv4 unicast", "ipv6": "ipv6 unicast", "vpnv4": "ipv4 mpls-vpn", "vpnv6": "ipv6 mpls-vpn"}[family]
        found = {}
        for message in self.messages():
            if message.get("type") == "state" and message["neighbor"]["state"] != "up":
                found.clear()
            update = message.get("neighbor", {}).get("message", {}).get("update", {})
            for routes in update.get("announce", {}).get(afi, {}).values():
                for route in routes:
                    found[route["nlri"]] = json.dumps(update.get("attribute", {}) | route)
            for route in update.get("withdraw", {}).get(afi, []):
                found.pop(route["nlri"], None)
        return found

    def stop(self):
        super().stop()
        if getattr(self, "pipe", None):
            os.close(self.pipe)
            self.pipe = None


class OpenBgpd(Peer):
    name, program, package, asked = "openbgpd", "bgpctl", "openbgpd", ["-V"]
    FAMILIES = {"ipv4": "ipv4", "ipv6": "ipv6", "vpnv4": "vpnv4", "vpnv6": "vpnv6"}

    def start(self):
        path = self.folder / "bgpd.conf"
        path.write_text(self.configuration.replace("SOCKET", str(self.folder / "bgpd.sock")))
        path.chmod(0o600)
        # It keeps a socket of its own in /run whatever the configuration says.
        self.launch("unshare", "-m", "sh", "-c", f"mount --make-rprivate / && mount -t tmpfs none /run && mkdir -p /run/openbgpd && exec /usr/sbin/bgpd -d -f {path}")
        self.until(lambda: (self.folder / "bgpd.sock").exists() and self.ask("show"), 10, "its socket")

    def ask(self, *words):
        return run("bgpctl", "-s", str(self.folder / "bgpd.sock"), *words, timeout=10)

    def established(self):
        return "Established" in self.ask("show", "neighbor", self.us)

    def routes(self, family):
        found = {}
        data = json.loads(self.ask("-j", "show", "rib", "detail", self.FAMILIES[family]) or "{}")
        for entry in data.get("rib", []):
            prefix = entry["prefix"].split(" ")[-1]
            found[prefix] = found.get(prefix, "") + json.dumps(entry)
        return found
