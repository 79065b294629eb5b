"""Graceful restart (RFC 4724): our slow path is killed under traffic and the routes stay, on both sides; and a neighbour is killed."""
import os
import pathlib
import signal
import time

import bgp_net
from bgp_net import OURS, PEERS, BgpNet, gobgp_routes, theirs
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
    """BIRD on one side with a host behind it, FRR and GoBGP on the other: packets that we forward by BGP's routes go on while our slow path is dead."""
    versions = {n: v for n, v in versions.items() if n in ("bird", "frr", "gobgp")}
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

        kept = {n: [] for n in names}

        def everybody(seconds):
            bird.until(lambda: all(net.neighbour(n)["state"] == "established" for n in names), seconds, f"the sessions: {[(n, net.neighbour(n)['last_reason']) for n in names]}")

        def has(name):
            return OURS["ipv4"] in net.speakers[name].routes("ipv4")

        def killed():
            everybody(40)
            for name in names:
                bird.until(lambda: has(name) and net.family(name)["end_of_rib_received"], 15, f"our route and End-of-RIB of {name}")
            with Pinger(source, inside) as pinger:
                bird.until(lambda: pinger.once(1, 0.1, 1) == 1, 10, "a packet forwarded by its route")
                pinger.start(0.02)
                time.sleep(1)
                os.kill(slow_path(net), signal.SIGKILL)
                deadline = time.monotonic() + 6
                while time.monotonic() < deadline:
                    for name in names:
                        kept[name].append(has(name))
                    time.sleep(0.1)
                everybody(60)
                time.sleep(6)
                pinger.stop()
                lost = pinger.sent - len(pinger.answered)
            assert all(kept["bird"]), f"BIRD dropped our route {kept['bird'].count(False)} times of {len(kept['bird'])}"
            assert lost == 0, f"{lost} of {pinger.sent} packets lost"
            bird.until(lambda: has("bird"), 10, "our route afterwards")
            return f"{pinger.sent} packets, none lost"
        said["bird"].run("our slow path killed under traffic: routes stay on both sides", killed)
        for name in names[1:]:
            def helped(name=name):
                assert kept[name] and all(kept[name]), f"it dropped our route {kept[name].count(False)} times of {len(kept[name])}"
                net.speakers[name].until(lambda: has(name), 10, "our route afterwards")
                net.speakers[name].until(lambda: net.family(name)["end_of_rib_received"] and net.family(name)["end_of_rib_sent"], 10, "End-of-RIB both ways")
                return f"seen {len(kept[name])} times"
            said[name].run("our slow path killed: it keeps our route meanwhile", helped)

        for name in names:
            def restarts(name=name):
                speaker, prefix = net.speakers[name], theirs(PEERS[name][0])["ipv4"]

                def paths():
                    return [p for r in net.learned("ipv4", prefix) for p in r["paths"] if p["neighbor"] == name]
                speaker.until(lambda: net.neighbour(name)["state"] == "established" and paths() and not paths()[0]["stale"], 40, "the session and its route")
                speaker.kill()
                time.sleep(1.5)
                found = paths()
                assert found and found[0]["stale"], f"not kept as stale: {found}"
                speaker.restart()
                if name == "gobgp":
                    gobgp_routes(speaker)
                speaker.until(lambda: net.neighbour(name)["state"] == "established", 60, f"the session: {net.neighbour(name)['last_reason']}")
                speaker.until(lambda: (p := paths()) and not p[0]["stale"], 20, f"its route, fresh: {paths()}")
            said[name].run("it is killed and restarts: its routes stay, stale, and are taken again", restarts)
    codes = [r.finish() for r in said.values()]
    return 1 if 1 in codes else 0 if 0 in codes else 3
