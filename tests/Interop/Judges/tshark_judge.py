"""tshark reads a capture of what the gateway sent: it decrypts with its own code, checks the ICV and names the inner packets.

tshark 4.0 has no ChaCha20-Poly1305 and no GMAC; it decrypts packets with extended sequence numbers but cannot check their ICV (the high half is not on the wire).
"""
import itertools
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

from esp_sa import CIPHERS, JudgementError
from gateway import Gateway, Unavailable, prepare
from report import Report
from scapy_judge import LINKS, TUNNELS, Judge, configuration

ENCRYPTION = {"AES-GCM": "AES-GCM with 16 octet ICV [RFC4106]", "AES-CBC": "AES-CBC [RFC3602]"}
INTEGRITY = {None: "NULL", "HMAC-SHA1-96": "HMAC-SHA-1-96 [RFC2404]", "SHA2-256-128": "HMAC-SHA-256-128 [RFC4868]",
             "SHA2-384-192": "HMAC-SHA-384-192 [RFC4868]", "SHA2-512-256": "HMAC-SHA-512-256 [RFC4868]"}
FIELDS = ("esp.spi", "esp.sequence", "esp.decrypted_data", "esp.icv_good", "esp.icv_bad")


def association(sa):
    """A row of tshark's table of SAs."""
    crypt, key, salt, integrity, _, _ = CIPHERS[sa.cipher]
    family = "IPv6" if ":" in sa.source else "IPv4"
    return (f'uat:esp_sa:"{family}","{sa.source}","{sa.destination}","{sa.spi:#x}","{ENCRYPTION[crypt]}","0x{sa.key[:key + salt].hex()}",'
            f'"{INTEGRITY[integrity]}","0x{sa.key[key + salt:].hex()}"')


def write_capture(path, packets):
    """A pcap of raw IP packets (link type 101)."""
    with open(path, "wb") as file:
        file.write(struct.pack("<LHHlLLL", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for number, packet in enumerate(packets):
            file.write(struct.pack("<LLLL", number, 0, len(packet), len(packet)) + packet)


def read_capture(path, associations):
    """One dictionary of FIELDS for each packet."""
    command = ["tshark", "-r", path, "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE",
               # What the judge sends is random: a dissector that takes it for something and gives up takes the fields of ESP with it.
               "-o", "udp.try_heuristic_first:FALSE", "-d", "udp.port==4000,data", "-d", "udp.port==5000-7000,data"]
    for row in associations:
        command += ["-o", row]
    command += ["-T", "fields", "-E", "separator=|", "-E", "occurrence=f"] + [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"tshark: {done.stderr.strip().splitlines()[-1]}")
    return [dict(zip(FIELDS, line.split("|"))) for line in done.stdout.splitlines()]


def collect(judge):
    """(case, SA, outer packet, what ESP carries) of packets that the gateway sent; what does not come out is reported at once."""
    ciphers = [c for c in CIPHERS if CIPHERS[c][0] in ENCRYPTION]
    for tunnel, cipher, esn in itertools.product((t for t in TUNNELS if t.mode != "transport"), ciphers, (False, True)):
        ours, _ = judge.new_pair(tunnel, cipher, esn)
        for family, size in ((4, 31), (6, 700)):
            case = f"{tunnel.mode} {cipher} outer v{tunnel.outer} {tunnel.encapsulation}{' esn' if esn else ''} inner v{family}"
            inner = judge.inner(tunnel, family, size, outbound=True)
            try:
                yield case, ours, judge.seal(tunnel, ours, inner), judge.forwarded(inner)
            except JudgementError as error:
                judge.report.add(case, "failed", str(error))


def compare(sa, inner, found):
    plain = bytes.fromhex(found["esp.decrypted_data"].replace(":", ""))
    if int(found["esp.spi"], 16) != sa.spi:
        raise JudgementError(f"SPI {found['esp.spi']}")
    if plain[:len(inner)] != inner:
        raise JudgementError(f"expected {inner.hex()}, tshark decrypted {plain.hex()}")
    # The trailer from tshark's plaintext: it names the fields only where no dissector of the inner packet gives up before.
    padding = len(plain) - len(inner) - 2
    if plain[len(inner):] != bytes(range(1, padding + 1)) + bytes([padding, 4 if inner[0] >> 4 == 4 else 41]):
        raise JudgementError(f"trailer {plain[len(inner):].hex()}")
    if not sa.esn and (found["esp.icv_good"], found["esp.icv_bad"]) != ("1", "0"):
        raise JudgementError("tshark says the ICV is bad")


def main():
    prepare()
    if not shutil.which("tshark"):
        report = Report("tshark", "-")
        report.add("all", "skipped", "tshark is not installed (apt-get install tshark)")
        return report.finish()
    report = Report("tshark", re.search(r"\d+(\.\d+)+", subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout).group())
    folder = tempfile.mkdtemp(prefix="appliance-judge-")
    try:
        with Gateway(configuration(), LINKS) as gateway:
            collected = list(collect(Judge(gateway, report)))
        path = os.path.join(folder, "wan.pcap")
        write_capture(path, [outer for _, _, outer, _ in collected])
        rows = read_capture(path, {association(sa): None for _, sa, _, _ in collected})
        if len(rows) != len(collected):
            raise RuntimeError(f"{len(collected)} packets captured, tshark saw {len(rows)}")
        for (case, sa, _, inner), row in zip(collected, rows):
            report.run(case, lambda: compare(sa, inner, row))
    except Unavailable as why:
        report.add("all", "skipped", str(why))
    except Exception as error:
        report.add("gateway", "failed", f"{type(error).__name__}: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
