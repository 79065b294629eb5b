"""The lab pe-ce: BGP between a CE and a PE inside an SA in transport mode (draft-guichard-ce-ce-ipsec-00 §7.1.1). tcpdump between them and a plain TCP client are the judges.

pe_ce_judge.py
"""
import json
import os
import signal
import sys
import time

from gateway import Unavailable, prepare
from lab import Lab
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


class PeCeLab(Lab):
    """The lab with what this judge looks at."""

    def __init__(self):
        super().__init__("pe-ce")

    def is_up(self):
        return all(json.loads(self.appliance(node, "show", "bgp", "--json"))["neighbors"][0]["state"] == "established" for node in ("ce", "pe"))

    def wire(self, what, during):
        """Lines of tcpdump on the wire between CE and PE, of what matches, while something is done."""
        watching = self.watch("wire", "to-ce", what, 500)
        try:
            during()
            time.sleep(0.5)
        finally:
            lines = self.seen(watching)
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
