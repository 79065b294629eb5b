"""A lab of the product (scripts/labs) as the ground of a judge."""
import json
import os
import subprocess
import tempfile
import time

from gateway import ROOT, Unavailable, appliance, run


class Lab:
    """`with Lab("ce-ce") as lab:` the lab is up; `lab.inside(node, …)` runs a command in a node. Removed at the end."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        if os.geteuid() != 0:
            raise Unavailable("network namespaces need root")
        self.program = appliance()
        self.folder = tempfile.mkdtemp(prefix="jdglab-", dir="/dev/shm")
        self.environment = dict(os.environ, APPLIANCE_LABS=self.folder)
        done = subprocess.run([self.program, "lab", "up", str(ROOT / f"scripts/labs/{self.name}/lab.yaml"), "--json"], capture_output=True, text=True, env=self.environment, timeout=120)
        if done.returncode != 0:
            self.__exit__()
            raise RuntimeError(f"lab up: {done.stderr.strip()[-1500:]}")
        self.id = json.loads(done.stdout)["id"]
        return self

    def __exit__(self, *_):
        subprocess.run([self.program, "lab", "down", "--all"], capture_output=True, env=self.environment, timeout=60)
        run("rm", "-rf", self.folder, check=False)

    def space(self, node):
        return f"ap-{self.id}-{node}"

    def state(self, node):
        """Folder of a node's program."""
        return f"{self.folder}/{self.id}/{node}"

    def inside(self, node, *words, check=True):
        return run("ip", "netns", "exec", self.space(node), *words, check=check, timeout=30)

    def appliance(self, node, *words):
        """`appliance …` about the gateway of a node."""
        return run(self.program, "lab", "exec", "--lab", self.id, node, "--", "appliance", *words, check=False, env=self.environment, timeout=60)

    def ask(self, node, *words):
        return json.loads(self.appliance(node, *words, "--json"))

    def until(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except (RuntimeError, ValueError, KeyError, IndexError, subprocess.TimeoutExpired):
                value = None
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.2)

    def watch(self, node, device, what, most):
        """A running tcpdump that prints what matches on a device; `seen` ends it."""
        watching = subprocess.Popen(["ip", "netns", "exec", self.space(node), "tcpdump", "-l", "-n", "-p", "-c", str(most), "-i", device, what], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while "listening" not in (line := watching.stderr.readline()):
            assert line, "tcpdump does not start"
        return watching

    @staticmethod
    def seen(watching):
        """Ends a `watch`: its lines."""
        watching.terminate()
        return [line for line in watching.communicate()[0].splitlines() if line.strip()]
