"""tshark reads IKE messages and ESP of a negotiation with the keys that the gateway exports: its dissector is the judge of their form."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from gateway import Unavailable
from ike_net import Net, inner
from strongswan import StrongSwan
import ike_life

# What the dissector says of each message: exchange, whether it is a response, types of payloads inside, notifies.
FIELDS = ("isakmp.exchangetype", "isakmp.flag_r", "isakmp.typepayload", "isakmp.notify.msgtype", "isakmp.id.data.fqdn", "_ws.malformed")
IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL = "35", "36", "37"


class ExportingNet(Net):
    """The gateway exports its keys."""

    @property
    def keys(self):
        return os.path.join(self.folder, "ike.keys")

    def arguments(self):
        return ["--export-keys", self.keys]

    def is_well(self, health):
        return [problem["what"] for problem in health["problems"]] == ["keys are exported"]


class Capture:
    """A bounded capture of the peer's link."""

    def __init__(self, net, path):
        self.net, self.path = net, path

    def __enter__(self):
        self.process = subprocess.Popen(["ip", "netns", "exec", self.net.router, "tcpdump", "-U", "-i", "peer", "-c", "3000", "-w", self.path, "udp port 500 or udp port 4500"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()
        return self

    def __exit__(self, *_):
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=10)


def dissect(capture, keys, folder):
    """Lines of fields, one a message, as tshark sees them with the exported keys in its profile."""
    profile = pathlib.Path(folder, "config", "wireshark")
    profile.mkdir(parents=True)
    shutil.copy(keys, profile / "ikev2_decryption_table")
    if os.path.exists(keys + ".esp"):
        shutil.copy(keys + ".esp", profile / "esp_sa")
    command = ["tshark", "-r", capture, "-o", "esp.enable_encryption_decode:TRUE", "-Y", "isakmp", "-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, XDG_CONFIG_HOME=os.path.join(folder, "config")))
    if done.returncode != 0:
        raise RuntimeError(f"tshark: {done.stderr.strip().splitlines()[-1]}")
    inside = subprocess.run(["tshark", "-r", capture, "-o", "esp.enable_encryption_decode:TRUE", "-Y", "icmp", "-T", "fields", "-e", "ip.dst"], capture_output=True, text=True,
                            env=dict(os.environ, XDG_CONFIG_HOME=os.path.join(folder, "config"))).stdout
    return [dict(zip(FIELDS, line.split("|"))) for line in done.stdout.splitlines()], inside


def decrypt(report):
    if not shutil.which("tshark"):
        raise Unavailable("tshark is not installed (apt-get install tshark)")
    with tempfile.TemporaryDirectory(prefix="appliance-ike-") as folder:
        made = ike_life.certificates(folder + "/pki")
        with ExportingNet(ike_life.gateway_configuration(), ike_life.COUNT, ike_life.files(made)) as net:
            with StrongSwan(net.peer, folder + "/peer", ike_life.swanctl_configuration(), ike_life.keys(made)) as peer:
                capture = os.path.join(folder, "capture.pcap")
                with Capture(net, capture):
                    life = ike_life.Life(net, peer)
                    life.up(ike_life.PLAIN)
                    net.both_ways(ike_life.PLAIN)
                    life.operator("rekey", ike_life.PLAIN)
                    time.sleep(1)
                    net.both_ways(ike_life.PLAIN)
                    life.down(ike_life.PLAIN)
                messages, inside = dissect(capture, net.keys, folder)

        def shows(exchange, *payloads):
            found = [m for m in messages if m["isakmp.exchangetype"] == exchange and all(p in m["isakmp.typepayload"].split(",") for p in payloads)]
            assert found, f"no message of exchange {exchange} with payloads {payloads} among {[(m['isakmp.exchangetype'], m['isakmp.typepayload']) for m in messages]}"
            return f"{len(found)} of {len(messages)} messages"

        def malformed():
            assert messages and not any(m["_ws.malformed"] for m in messages), [m for m in messages if m["_ws.malformed"]]
            return f"{len(messages)} messages"

        def esp():
            assert inner(ike_life.PLAIN) in inside, "no ping inside of what tshark decrypted"
            return f"{len(inside.split())} ICMP packets"
        report.run("exported keys: IKE_AUTH decrypts: IDi, AUTH, SA, TSi, TSr", lambda: shows(IKE_AUTH, "35", "39", "33", "44", "45"))
        report.run("exported keys: CREATE_CHILD_SA decrypts: SA, nonce", lambda: shows(CREATE_CHILD_SA, "33", "40"))
        report.run("exported keys: INFORMATIONAL decrypts: delete", lambda: shows(INFORMATIONAL, "42"))
        report.run("exported keys: nothing is malformed", malformed)
        report.run("exported keys: ESP decrypts", esp)
