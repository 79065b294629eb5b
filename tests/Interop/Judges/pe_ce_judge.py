"""The lab pe-ce: BGP between a CE and a PE inside an SA in transport mode (draft-guichard-ce-ce-ipsec-00 §7.1.1). tcpdump between them and a plain TCP client are the judges.

pe_ce_judge.py
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from gateway import ROOT, Unavailable, appliance, prepare, run
from report import Report

CLIENT = """
import socket
client = socket.socket()
client.settimeout(4)
client.bind(("192.0.2.14", 0))
try:
    client.connect(("192.0.2.1", 179))
    print("connected")
except OSError as error:
    print("nothing", error)
"""


class PeCeLab:
    """`with PeCeLab() as lab:` the lab is up."""

    def __enter__(self):
        if os.geteuid() != 0:
            raise Unavailable("network namespaces need root")
        self.program = appliance()
        self.folder = tempfile.mkdtemp(prefix="jdgpc-", dir="/dev/shm")
        self.environment = dict(os.environ, APPLIANCE_LABS=self.folder)
        done = subprocess.run([self.program, "lab", "up", str(ROOT / "scripts/labs/pe-ce/lab.yaml"), "--json"], capture_output=True, text=True, env=self.environment, timeout=120)
        if done.returncode != 0:
            self.__exit__()
            raise RuntimeError(f"lab up: {done.stderr.strip()[-1500:]}")
        self.id = json.loads(done.stdout)["id"]
        return self

    def __exit__(self, *_):
        subprocess.run([self.program, "lab", "down", "--all"], capture_output=True, env=self.environment, timeout=60)
        run("rm", "-rf", self.folder, check=False)

    def inside(self, node, *words, check=True):
        return run("ip", "netns", "exec", f"ap-{self.id}-{node}", *words, check=check, timeout=30)

    def appliance(self, node, *words):
        return run(self.program, "lab", "exec", "--lab", self.id, node, "--", "appliance", *words, check=False, env=self.environment, timeout=60)

    def is_up(self):
        return all(json.loads(self.appliance(node, "show", "bgp", "--json"))["neighbors"][0]["state"] == "established" for node in ("ce", "pe"))

    def until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except (RuntimeError, ValueError, KeyError, IndexError):
                pass
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.2)

    def wire(self, what, during):
        """Lines of tcpdump on the wire between CE and PE, of what matches, while something is done."""
        watching = subprocess.Popen(["ip", "netns", "exec", f"ap-{self.id}-wire", "tcpdump", "-l", "-n", "-p", "-c", "500", "-i", "to-ce", what], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while "listening" not in (line := watching.stderr.readline()):
            assert line, "tcpdump does not start"
        try:
            during()
            time.sleep(0.5)
        finally:
            watching.terminate()
            lines = [line for line in watching.communicate()[0].splitlines() if line.strip()]
        return lines


def judge(lab, said):
    def session():
        lab.until(lab.is_up, 30, "the session")

        def anew():
            lab.appliance("ce", "bgp", "clear", "pe")
            time.sleep(1)
            lab.until(lab.is_up, 30, "the session anew")
        lines = lab.wire("tcp or esp", anew)
        assert sum("ESP" in line for line in lines) >= 10, f"hardly any ESP: {lines[:5]}"
        clear = [line for line in lines if "ESP" not in line]
        assert not clear, f"in the clear: {clear[0]}"
        return f"{len(lines)} packets of ESP"
    said.run("the session comes up inside an SA; no TCP segment is on the wire", session)

    def plain():
        lab.until(lambda: " 0% packet loss" in lab.inside("host-ce", "ping", "-c", "3", "-i", "0.2", "-W", "1", "10.3.0.2", check=False), 20, "the hosts reach each other by the routes of that session")
    said.run("routes whose next hop is the other end of the SA are used: past it, to the neighbour", plain)

    def refused():
        processes = json.loads(lab.appliance("pe", "show", "health", "--json"))["processes"]
        os.kill(processes["supervisor"]["process"], signal.SIGKILL)
        time.sleep(1)
        lab.inside("pe", "ip", "route", "flush", "table", "all", "proto", "169", check=False)
        heard = []
        lines = lab.wire("tcp", lambda: heard.append(lab.inside("pe", "/usr/bin/python3", "-c", CLIENT, check=False)))
        assert any("192.0.2.14" in line and "> 192.0.2.1.179" in line for line in lines), "the plain client did not even ask: the judge sees nothing"
        assert "connected" not in heard[0], "a connection in the clear was taken"
        answers = [line for line in lines if "192.0.2.1.179 >" in line]
        assert not answers, f"answered in the clear: {answers[0]}"
        return "no answer"
    said.run("from the PE's address, without an SA, nobody gets a connection nor an answer in the clear", refused)


def main():
    prepare()
    said = Report("tcpdump", "-")
    try:
        with PeCeLab() as lab:
            judge(lab, said)
    except Unavailable as missing:
        said.add("the lab pe-ce", "skipped", str(missing))
    except RuntimeError as error:
        said.add("the lab pe-ce comes up", "failed", str(error))
    return said.finish()


if __name__ == "__main__":
    sys.exit(main())
