"""BGP speakers that are not ours against the gateway: BIRD, FRR, GoBGP, ExaBGP, OpenBGPD.

bgp_judge.py sessions|transport|reflection|restart|liveness|malformed|capabilities|crossing|encapsulation
"""
import json
import re
import sys
import time

import bgp_net
from bgp_capabilities import capabilities
from bgp_crossing import crossing
from bgp_encapsulation import encapsulation
from bgp_net import CLASSES, FAMILIES, OURS, PEERS, SENDS_VPN, SHARED, BgpNet, them, theirs, us
from bgp_restart import restart
from bgp_transport import transport
from bgp_trouble import malformed
from gateway import Unavailable, prepare, run
from report import Report

GATEWAY_IDENTITY = {name: f"035e00000a07{PEERS[name][0]:02x}02" for name in PEERS}


def available():
    """Names and versions of the speakers that are installed; the others are said as skipped."""
    found = {}
    for name, cls in CLASSES.items():
        try:
            found[name] = cls.version()
        except Unavailable as missing:
            report = Report(name, "-")
            report.add("BGP", "skipped", str(missing))
    return found


def reports(versions):
    return {name: Report(name, version) for name, version in versions.items()}


def finish(reports):
    codes = [r.finish() for r in reports.values()]
    return 1 if 1 in codes else 0 if 0 in codes else 3


def sessions(versions):
    """Everybody at once, all with TCP-MD5: sessions, routes of four families both ways, attributes that pass, ADD-PATH, refresh."""
    said = reports(versions)
    names = list(versions)
    with BgpNet(bgp_net.gateway(names, more={"frr": ["passive: true"], "openbgpd": ["passive: true"], "bird": ["ttl_security: on"]}), names) as net:
        net.start("bird", bgp_net.bird(more="ttl security on;"))
        for name in names:
            if name != "bird":
                net.start(name)
        for name in names:
            speaker = net.speakers[name]
            how = "we wait for it" if name in ("frr", "openbgpd") else "TTL security" if name == "bird" else "both connect"

            def session(name=name, speaker=speaker):
                speaker.until(lambda: speaker.established() and net.neighbour(name)["state"] == "established", 40, f"the session ({net.neighbour(name)['last_reason']})")
                return f"hold {net.neighbour(name)['hold_seconds']} s"
            said[name].run(f"session with TCP-MD5, {how}", session)
        for name in names:
            exchange(net, name, said[name])
        attributes(net, said)
        add_path(net, said)
        refresh(net, said)
        said[names[0]].run("a wrong MD5 key is no session, and we say so", lambda: wrong_key(net))
    return finish(said)


def exchange(net, name, report):
    speaker, number = net.speakers[name], PEERS[name][0]
    for family in FAMILIES:
        def to_it(family=family):
            speaker.until(lambda: OURS[family] in speaker.routes(family), 20, f"{OURS[family]} among its routes")
        report.run(f"it takes our {family} route", to_it)
        if family.startswith("vpn") and name not in SENDS_VPN:
            continue

        def to_us(family=family):
            prefix = theirs(number)[family]
            path = speaker.until(lambda: path_of(net, family, prefix, name), 20, f"{prefix} among our routes")
            wanted = them(number, 6 if family.endswith("6") else 4)
            assert path["next_hop"] in (wanted, f"::ffff:{wanted}"), f"next hop {path['next_hop']}, not {wanted}"
            if family == "ipv4" and name != "gobgp":
                assert f"65000:{number}" in path["communities"], f"communities {path['communities']}"
            if family.startswith("vpn"):
                vrf = "ipv" + family[-1]
                speaker.until(lambda: net.learned(vrf, prefix, "red"), 5, f"{prefix} in VRF red by its route target")
            return path["as_path"] if family == "ipv4" else ""
        report.run(f"we take its {family} route", to_us)


def path_of(net, family, prefix, name):
    for route in net.learned(family, prefix):
        for path in route["paths"]:
            if path["neighbor"] == name:
                return path
    return None


def attributes(net, said):
    """What passes through us."""
    through = [n for n in ("bird", "gobgp") if n in said]
    if "exabgp" not in said or not through:
        return
    for name in through:
        speaker = net.speakers[name]

        def unknown(name=name, speaker=speaker):
            speaker.until(lambda: "203.0.144.0/24" in speaker.routes("ipv4"), 10, "the route with attribute 250")
            text = speaker.routes("ipv4")["203.0.144.0/24"]
            assert ("BGP.fa" in text and "01 02 03 04 05" in text) or ('"type": 250' in text and "AQIDBAU=" in text), text
            if name == "gobgp":
                assert '"flags": 224' in text, f"not marked partial: {text}"
        said[name].run("ExaBGP's unknown transitive attribute passes through us, partial", unknown)

        def tunnel(speaker=speaker):
            text = speaker.until(lambda: speaker.routes("ipv4").get("203.0.145.0/24"), 10, "the route with attribute 23")
            assert "00 04 00 0c 06 0a 00 00 00 00 00 01 0a 07 04 02" in text or ('"type": 23' in text and '"address": "10.7.4.2"' in text), text
        said[name].run("Tunnel Encapsulation (RFC 9012) passes through us", tunnel)

        def identity(speaker=speaker):
            text = speaker.until(lambda: speaker.routes("ipv4").get(theirs(4)["ipv4"]), 10, "ExaBGP's route")
            assert "(generic, 0x35e0000, 0xa070402)" in text or '"XgAACgcEAg=="' in text or '"subtype": 94' in text, text
        said[name].run("the Security Gateway Identity passes through us", identity)

        def identity_in_vpn(speaker=speaker):
            text = speaker.until(lambda: speaker.routes("vpnv4").get(theirs(4)["vpnv4"]), 10, "ExaBGP's VPN route")
            assert "0x35e0000, 0xa070402" in text or '"subtype": 94' in text, text
        said[name].run("the Security Gateway Identity of a VPNv4 route passes through us", identity_in_vpn)


def add_path(net, said):
    if not {"bird", "frr", "gobgp"} <= set(said):
        return

    def two():
        speaker = net.speakers["bird"]
        text = speaker.until(lambda: (t := speaker.routes("ipv4").get(SHARED, "")).count("BGP.next_hop") >= 2 and t, 15, f"two paths to {SHARED}")
        assert re.search(r"as_path: 65001 65012", text) and re.search(r"as_path: 65001\s*\n", text), text
    said["bird"].run("ADD-PATH: two paths to one prefix", two)


def refresh(net, said):
    if "bird" in said:
        def asked():
            speaker = net.speakers["bird"]
            before = net.neighbour("bird")["received"]["updates"]
            status, answer = net.api.ask("POST", "/bgp/refresh/bird")
            assert status == 200, answer
            speaker.until(lambda: net.neighbour("bird")["received"]["updates"] > before, 10, "its routes again")
            assert path_of(net, "ipv4", theirs(1)["ipv4"], "bird"), "its route is gone after the refresh"
        said["bird"].run("route refresh that we ask for", asked)

        def asks():
            speaker = net.speakers["bird"]
            before = net.neighbour("bird")["received"]["refreshes"]
            speaker.ask("reload in appliance")
            speaker.until(lambda: net.neighbour("bird")["received"]["refreshes"] > before and OURS["ipv4"] in speaker.routes("ipv4"), 10, "its refresh")
        said["bird"].run("route refresh that it asks for", asks)
    if "frr" in said:
        def clear():
            speaker = net.speakers["frr"]
            before = net.neighbour("frr")["received"]["refreshes"]
            speaker.ask(f"clear bgp {us(2)} soft in")
            speaker.until(lambda: net.neighbour("frr")["received"]["refreshes"] > before and OURS["ipv4"] in speaker.routes("ipv4"), 10, "its refresh")
        said["frr"].run("route refresh that it asks for", clear)


def wrong_key(net):
    name = next(iter(net.speakers))
    speaker, times = net.speakers[name], net.neighbour(name)["times_established"]
    speaker.stop()
    speaker.configuration = speaker.configuration.replace(bgp_net.SECRET, "another secret")
    speaker.start()
    speaker.until(lambda: "TCP-MD5" in net.neighbour(name)["last_reason"], 30, f"a reason that names the keys: {net.neighbour(name)['last_reason']}")
    assert not speaker.established() and net.neighbour(name)["times_established"] == times, "a session with different keys"
    return net.neighbour(name)["last_reason"][:80]


def reflection(versions):
    """We reflect between clients, and are a client of a reflector."""
    versions = {n: v for n, v in versions.items() if n in ("gobgp", "exabgp")}
    said = reports(versions)
    if len(versions) < 2:
        return 3
    with BgpNet(bgp_net.gateway(list(versions)), list(versions)) as net:
        for name in versions:
            net.start(name)
        for name in versions:
            speaker = net.speakers[name]
            speaker.until(speaker.established, 40, "the session")

        def between():
            speaker = net.speakers["gobgp"]
            text = speaker.until(lambda: speaker.routes("ipv4").get(theirs(4)["ipv4"]), 15, "ExaBGP's route")
            attributes = {a["type"]: a for a in json.loads(text)[0]["attrs"]}
            assert attributes[9]["value"] == them(4), f"ORIGINATOR_ID {attributes[9]}"
            assert attributes[10]["value"] == [bgp_net.ROUTER], f"CLUSTER_LIST {attributes[10]}"
            assert attributes[3]["nexthop"] == them(4), f"a reflector must not change the next hop: {attributes[3]}"
        said["gobgp"].run("we reflect a client's route to it (RFC 4456)", between)

        def back():
            speaker = net.speakers["exabgp"]
            text = speaker.until(lambda: speaker.routes("ipv4").get(theirs(3)["ipv4"]), 15, "GoBGP's route")
            route = json.loads(text)
            assert route["originator-id"] == them(3) and route["cluster-list"] == [bgp_net.ROUTER], text
            assert theirs(4)["ipv4"] not in speaker.routes("ipv4"), "its own route came back to it"
        said["exabgp"].run("we reflect a client's route to it (RFC 4456)", back)
    # The other way round: GoBGP reflects, we and ExaBGP's routes come to us through it.
    configuration = bgp_net.gateway(["gobgp"]).replace("      reflector_client: true\n", "")
    with BgpNet(configuration, ["gobgp"]) as net:
        speaker = net.start("gobgp", bgp_net.gobgp(reflector=True))

        def client():
            speaker.until(lambda: speaker.established() and path_of(net, "ipv4", theirs(3)["ipv4"], "gobgp"), 40, "its route")
            speaker.until(lambda: OURS["ipv4"] in speaker.routes("ipv4"), 10, "our route at the reflector")
        said["gobgp"].run("we are a client of its reflector", client)
    return finish(said)


def liveness(versions):
    """BFD under BGP: a neighbour that falls silent is down long before its hold time."""
    versions = {n: v for n, v in versions.items() if n in ("bird", "frr")}
    said = reports(versions)
    configuration = bgp_net.gateway(list(versions), more={n: ["bfd: { interval: 100ms, multiplier: 3 }"] for n in versions})
    with BgpNet(configuration, list(versions)) as net:
        if "bird" in versions:
            net.start("bird", bgp_net.bird(bfd=True))
        if "frr" in versions:
            class FrrWithBfd(CLASSES["frr"]):
                daemons = ("zebra", "bfdd", "bgpd")
            net.start("frr", bgp_net.frr(more=f"neighbor {us(2)} bfd\n neighbor {us(2)} bfd 3 100 100"), FrrWithBfd)
        for name in versions:
            def down(name=name):
                speaker = net.speakers[name]
                speaker.until(lambda: net.neighbour(name)["state"] == "established" and net.neighbour(name)["bfd_up"], 40, "session and BFD up")
                namespace, device = net.namespace(f"p{PEERS[name][0]}"), f"p{PEERS[name][0]}"
                # Silent, without loss of carrier.
                run("ip", "netns", "exec", namespace, "nft", "-f", "-", input="table ip judge { chain out { type filter hook output priority 0; drop; }; }\n")
                begin = time.monotonic()
                speaker.until(lambda: net.neighbour(name)["state"] != "established", 5, "our session down")
                took = time.monotonic() - begin
                assert took < 1.5, f"{took:.2f} s"
                assert not path_of(net, "ipv4", theirs(PEERS[name][0])["ipv4"], name), "its route is still there"
                reason = net.neighbour(name)["last_reason"]
                assert "BFD" in reason, reason
                run("ip", "netns", "exec", namespace, "nft", "delete", "table", "ip", "judge")
                speaker.until(lambda: net.neighbour(name)["state"] == "established" and net.neighbour(name)["bfd_up"], 60, "session and BFD up again")
                return f"{took * 1000:.0f} ms"
            said[name].run("BFD: a silent neighbour is down at once, and comes back", down)
    return finish(said)


def main():
    prepare()
    parts = {"sessions": sessions, "reflection": reflection, "restart": restart, "liveness": liveness, "malformed": malformed, "transport": transport, "capabilities": capabilities, "crossing": crossing, "encapsulation": encapsulation}
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    if part not in parts:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        versions = available()
        return parts[part](versions) if versions else 3
    except Unavailable as missing:
        report = Report("bgp", "-")
        report.add(part, "skipped", str(missing))
        return report.finish()


if __name__ == "__main__":
    sys.exit(main())
