"""strongSwan as a peer: charon in a network namespace, ESP by its own userspace plugin (kernel-libipsec), spoken to with swanctl."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from gateway import Unavailable, die_with_parent, run

CHARON = "/usr/lib/ipsec/charon"
PLUGINS = "random nonce openssl aes sha1 sha2 hmac kdf gcm chapoly curve25519 {kernel} socket-default vici updown pem pkcs1 pkcs8 pubkey x509 revocation constraints"


def version():
    """charon's version; Unavailable when strongSwan is not installed."""
    if not os.access(CHARON, os.X_OK) or not shutil.which("swanctl"):
        raise Unavailable("strongSwan is not installed (apt-get install strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-standard-plugins libstrongswan-extra-plugins)")
    said = subprocess.run(["swanctl", "--help"], capture_output=True, text=True)
    return re.search(r"strongSwan (\S+)", said.stdout + said.stderr).group(1)


class StrongSwan:
    """`with StrongSwan(namespace, folder, configuration, files) as peer:` a running charon with its connections loaded.

    `configuration`: text of swanctl.conf. `files`: where certificates and keys lie, by swanctl's folders (x509, x509ca, private): lists of paths.
    """

    def __init__(self, namespace, folder, configuration, files=None, esp=True, settings=""):
        self.namespace, self.folder, self.configuration, self.files = namespace, pathlib.Path(folder), configuration, files or {}
        self.esp, self.settings = esp, settings
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = f"unix://{self.folder}/vici"
        kernel = "kernel-libipsec kernel-netlink" if self.esp else "kernel-netlink"
        (self.folder / "strongswan.conf").write_text(f"""charon {{
  load = {PLUGINS.format(kernel=kernel)}
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  retransmit_tries = 4
  {self.settings}
  plugins {{ vici {{ socket = {self.socket} }} kernel-libipsec {{ allow_peer_ts = yes }} }}
  filelog {{ all {{ path = {self.folder}/charon.log
 default = 1
 ike = 2
 flush_line = yes }} }}
}}
swanctl {{ load = pem pkcs1 pkcs8 x509 revocation constraints pubkey openssl random }}
""")
        for kind, paths in self.files.items():
            (self.folder / kind).mkdir(exist_ok=True)
            for path in paths:
                shutil.copy(path, self.folder / kind / os.path.basename(path))
        (self.folder / "swanctl.conf").write_text(self.configuration)
        self.start()
        return self

    def start(self):
        """Starts charon and loads the connections."""
        environment = dict(os.environ, STRONGSWAN_CONF=str(self.folder / "strongswan.conf"))
        # charon insists on /run/charon.pid: it gets a /run of its own.
        command = f"mount --make-rprivate / && mount -t tmpfs none /run && exec {CHARON}"
        self.output = open(self.folder / "charon.out", "w")
        self.process = subprocess.Popen(["ip", "netns", "exec", self.namespace, "unshare", "-m", "sh", "-c", command], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        deadline = time.monotonic() + 15
        while not (self.folder / "vici").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"charon did not start: {(self.folder / 'charon.out').read_text()[-500:]}")
            time.sleep(0.05)
        self.load()

    def load(self):
        # swanctl looks for x509, x509ca and private beside the file.
        text = self.swanctl("--load-all", "--noprompt", "--file", str(self.folder / "swanctl.conf"))
        if "failed" in text:
            raise RuntimeError(f"swanctl --load-all: {text.strip()[-800:]}")

    def swanctl(self, *arguments, check=True, timeout=40):
        done = subprocess.run(["ip", "netns", "exec", self.namespace, "swanctl", *arguments, "--uri", self.socket], capture_output=True, text=True, timeout=timeout,
                              env=dict(os.environ, STRONGSWAN_CONF=str(self.folder / "strongswan.conf"), SWANCTL_DIR=str(self.folder)))
        if check and done.returncode != 0:
            raise RuntimeError(f"swanctl {' '.join(arguments)}: {(done.stdout + done.stderr).strip()[-800:]}")
        return done.stdout

    def initiate(self, child, timeout=15):
        """Sets a child up from this side."""
        return self.swanctl("--initiate", "--child", child, "--timeout", str(timeout), timeout=timeout + 10)

    def initiate_ike(self, name, timeout=15):
        return self.swanctl("--initiate", "--ike", name, "--timeout", str(timeout), timeout=timeout + 10)

    def terminate(self, ike=None, child=None, check=True):
        return self.swanctl("--terminate", *(["--ike", ike] if ike else ["--child", child]), "--timeout", "10", check=check)

    def rekey(self, ike=None, child=None):
        return self.swanctl("--rekey", *(["--ike", ike] if ike else ["--child", child]))

    def sas(self, ike=None):
        """What charon says of its SAs, as `swanctl --list-sas --raw` prints it."""
        return self.swanctl("--list-sas", "--raw", *(["--ike", ike] if ike else []))

    def log(self):
        path = self.folder / "charon.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        """As in a crash: no message leaves."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        (self.folder / "vici").unlink(missing_ok=True)

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
