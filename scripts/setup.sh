#!/bin/bash
# setup.sh GROUP...: makes sure that what the groups (build, run, test, interop, perf) need is there; installs Debian packages when something is missing.
set -euo pipefail
declare -A package=(
    [clang]=clang [gcc]=gcc [ip]=iproute2 [ethtool]=ethtool [tcpdump]=tcpdump [iperf3]=iperf3 [ping]=iputils-ping [setsid]=util-linux
    [tshark]=tshark [python3]=python3 [jq]=jq [qemu-system-x86_64]=qemu-system-x86 [cpio]=cpio [depmod]=kmod [xz]=xz-utils [socat]=socat [busybox]=busybox-static [nft]=nftables [swanctl]=strongswan-swanctl [openssl]=openssl
    [bird]=bird2 [vtysh]=frr [gobgpd]=gobgpd [exabgp]=exabgp [bgpd]=openbgpd
)
# What starts a daemon of its own, and the daemon: on this machine nobody asked for it, the judges start theirs in namespaces.
declare -A service=([bird2]=bird [frr]=frr [gobgpd]=gobgpd [exabgp]=exabgp [openbgpd]=openbgpd)
declare -A header=([/usr/include/bpf/bpf_helpers.h]=libbpf-dev [/usr/include/linux/if_xdp.h]=linux-libc-dev [/usr/include/intel-ipsec-mb.h]=libipsec-mb-dev [/usr/include/stdio.h]=libc6-dev)
declare -A file=([/usr/lib/frr/bfdd]=frr [/usr/lib/ipsec/charon]=strongswan-charon [/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so]=libcharon-extra-plugins
    [/usr/lib/ipsec/plugins/libstrongswan-gcm.so]=libstrongswan-standard-plugins [/usr/lib/ipsec/plugins/libstrongswan-chapoly.so]=libstrongswan-extra-plugins)
missing=()
commands() { for c in "$@"; do command -v "$c" >/dev/null || [ -x "/usr/sbin/$c" ] || [ -x "/sbin/$c" ] || missing+=("${package[$c]}"); done; }
headers() { for h in "$@"; do [ -e "$h" ] || missing+=("${header[$h]}"); done; }
files() { for f in "$@"; do [ -e "$f" ] || missing+=("${file[$f]}"); done; }
# Debian's own interpreter: another one that comes first on the path does not see Debian's modules.
modules() { for m in "$@"; do /usr/bin/python3 -c "import $m" 2>/dev/null || missing+=("python3-$m"); done; }

if ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    echo "setup: the .NET 10 SDK is missing: install it (https://dotnet.microsoft.com/download) and put dotnet on the path" >&2
    exit 1
fi
for group in "$@"; do
    case $group in
        build) commands clang gcc; headers /usr/include/bpf/bpf_helpers.h /usr/include/linux/if_xdp.h ;;
        run) commands ip ethtool tcpdump iperf3 ping setsid ;;
        test) commands ip ethtool tcpdump iperf3 ping setsid tshark python3; modules scapy cryptography ;;
        interop) commands jq tshark python3 qemu-system-x86_64 cpio depmod xz socat busybox nft swanctl openssl bird vtysh gobgpd exabgp bgpd
            files /usr/lib/frr/bfdd /usr/lib/ipsec/charon /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so /usr/lib/ipsec/plugins/libstrongswan-gcm.so /usr/lib/ipsec/plugins/libstrongswan-chapoly.so
            modules scapy cryptography ;;
        perf) commands gcc nft; headers /usr/include/stdio.h /usr/include/intel-ipsec-mb.h ;;
        *) echo "setup: no group $group" >&2; exit 2 ;;
    esac
done
[ ${#missing[@]} -eq 0 ] && exit 0
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" -ne 0 ]; then
    echo "setup: needs root to install: ${missing[*]} (sudo apt-get install ${missing[*]})" >&2
    exit 1
fi
command -v apt-get >/dev/null || { echo "setup: no apt-get here; install what these Debian packages hold: ${missing[*]}" >&2; exit 1; }
echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# No daemon starts by being installed, now (policy-rc.d) or at the next boot (disable); those that were there before stay as they are.
policy=/usr/sbin/policy-rc.d
services=()
for p in "${missing[@]}"; do [ -n "${service[$p]:-}" ] && services+=("${service[$p]}"); done
if [ ${#services[@]} -gt 0 ] && [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
fi
install() { apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
install 2>/dev/null || { apt-get update -qq >/dev/null && install; } >&2
for s in "${services[@]}"; do command -v systemctl >/dev/null && systemctl disable --quiet "$s" 2>/dev/null || true; done
