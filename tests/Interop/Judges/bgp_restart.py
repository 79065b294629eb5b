"""Graceful restart (RFC 4724): our slow path is killed under traffic and the routes stay, on both sides; and a neighbour is killed."""
import os
import pathlib
import signal
import time

import bgp_net
from bgp_net import OURS, PEERS, BgpNet, them, theirs
from gateway import run
from pinger import Pinger
from report import Report


def slow_path(net):
    """Process ID of our slow path."""
    for pid in run("ip", "netns", "pids", net.inside).split():
        if b"SlowPath" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    raise AssertionError("no slow path runs")


def restart(versions):
    """BIRD on one side with a host behind it, GoBGP on the other: packets that we forward by BGP's routes go on while our slow path is dead."""
    versions = {n: v for n, v in versions.items() if n in ("bird", "gobgp")}
    said = {n: Report(n, v) for n, v in versions.items()}
    if "bird" not in said:
        return 3
    names = list(versions)
    transit = "policies:\n  - { name: transit, action: bypass, local: any, remote: any }\n"
    with BgpNet(bgp_net.gateway(names, extra=transit), names) as net:
        for name in names:
            net.start(name)
        bird = net.speakers["bird"]
        inside = theirs(1)["ipv4"].replace(".0/24", ".1")
        there = net.namespace("p1")
        run("ip", "-n", there, "addr", "add", f"{inside}/32", "dev", "lo")
        run("ip", "-n", there, "route", "add", "default", "via", "10.7.1.1")
        source = net.namespace(f"p{PEERS[names[-1]][0]}")
        run("ip", "-n", source, "route", "add", "default", "via", f"10.7.{PEERS[names[-1]][0]}.1")

        def killed():
            bird.until(lambda: all(net.neighbour(n)["state"] == "established" for n in names), 40, "the sessions")
            bird.until(lambda: OURS["ipv4"] in bird.routes("ipv4"), 10, "our route")
            with Pinger(source, inside) as pinger:
                bird.until(lambda: pinger.once(1, 0.1, 1) == 1, 10, "a packet forwarded by its route")
                pinger.start(0.02)
                time.sleep(1)
                os.kill(slow_path(net), signal.SIGKILL)
                kept = []
                deadline = time.monotonic() + 6
                while time.monotonic() < deadline:
                    kept.append(OURS["ipv4"] in bird.routes("ipv4"))
                    time.sleep(0.1)
                bird.until(lambda: all(net.neighbour(n)["state"] == "established" for n in names), 60, "the sessions again")
                time.sleep(6)
                pinger.stop()
                lost = pinger.sent - len(pinger.answered)
            assert all(kept), f"BIRD dropped our route {kept.count(False)} times of {len(kept)}"
            assert lost == 0, f"{lost} of {pinger.sent} packets lost"
            bird.until(lambda: OURS["ipv4"] in bird.routes("ipv4"), 10, "our route afterwards")
            return f"{pinger.sent} packets, none lost"
        said["bird"].run("our slow path killed under traffic: routes stay on both sides", killed)

        def helper():
            bird.until(lambda: net.neighbour("bird")["state"] == "established", 40, "the session")
            bird.kill()
            bird.launched = False
            time.sleep(1.5)
            paths = [p for r in net.learned("ipv4", theirs(1)["ipv4"]) for p in r["paths"] if p["neighbor"] == "bird"]
            assert paths and paths[0]["stale"], f"not kept as stale: {paths}"
            bird.start()
            bird.until(lambda: net.neighbour("bird")["state"] == "established", 40, "the session")
            bird.until(lambda: any(p["neighbor"] == "bird" and not p["stale"] for r in net.learned("ipv4", theirs(1)["ipv4"]) for p in r["paths"]), 20, "its route, fresh")
        said["bird"].run("it is killed and restarts: its routes stay, stale, and are taken again", helper)
    codes = [r.finish() for r in said.values()]
    return 1 if 1 in codes else 0 if 0 in codes else 3
