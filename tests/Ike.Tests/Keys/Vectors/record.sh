#!/bin/bash
# record.sh FOLDER IKE-PROPOSAL ESP-PROPOSAL [PPK]: charon against charon in two network namespaces, with keys in their logs; leaves FOLDER/pcap and FOLDER/a/log for extract.py.
# As root, with strongSwan and tcpdump:
#   record.sh F aes256gcm16-prfsha256-curve25519 aes256gcm16-curve25519 && extract.py gcm F > gcm.json
#   record.sh F aes128-sha256-prfsha256-modp2048 aes256-sha256-modp2048 && extract.py cbc F > cbc.json
#   record.sh F chacha20poly1305-prfsha512-ecp384 chacha20poly1305-ecp384 && extract.py chacha F > chacha.json
#   record.sh F aes256-sha1-prfsha384-ecp256 aes128gcm16-ecp256 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f && extract.py ppk F > ppk.json
# strongSwan 6 has additional key exchanges; ROOT is a folder that its packages were unpacked into, FRAGMENT a datagram's size that makes it fragment:
#   FRAGMENT=400 ROOT=R record.sh F aes256gcm16-prfsha256-x25519-ke1_modp4096-ke2_ecp256 aes256gcm16-x25519-ke1_ecp256 && extract.py additional F 'strongSwan 6.0.1' > additional.json
set -u
mkdir -p "$1"; D=$(realpath "$1"); ROOT=${ROOT:-}; IKE=$2; ESP=$3; PPK=${4:-}
A=kv$$a; B=kv$$b; PIDS=""
cleanup() { for p in $PIDS; do kill "$p" 2>/dev/null; done; sleep 0.5; ip netns del $A; ip netns del $B; }
trap cleanup EXIT
ip netns add $A; ip netns add $B
ip link add kv$$v netns $A type veth peer name kv$$w netns $B
ip -n $A addr add 10.77.0.1/24 dev kv$$v; ip -n $A addr add 10.1.0.1/32 dev lo; ip -n $A link set kv$$v up; ip -n $A link set lo up
ip -n $B addr add 10.77.0.2/24 dev kv$$w; ip -n $B addr add 10.2.0.1/32 dev lo; ip -n $B link set kv$$w up; ip -n $B link set lo up
WITH_PPK=""; PPK_SECRET=""
[ -n "$PPK" ] && WITH_PPK="ppk_id = ppk1
ppk_required = yes" && PPK_SECRET="ppk1 { id = ppk1
secret = $PPK }"

# side NAME NAMESPACE LOCAL REMOTE LOCAL-NET REMOTE-NET PEER
side() {
    mkdir -p "$D/$1"
    cat > "$D/$1/strongswan.conf" <<C
charon { fragment_size = ${FRAGMENT:-1280}
load = random nonce openssl aes sha1 sha2 hmac kdf gcm chapoly curve25519 kernel-libipsec kernel-netlink socket-default vici updown x509 pem pkcs1 pubkey revocation constraints
plugins { vici { socket = unix://$D/$1/vici }
kernel-libipsec { allow_peer_ts = yes } }
filelog { x { path = $D/$1/log
default = 1
ike = 4
chd = 4
flush_line = yes } } }
C
    cat > "$D/$1/swanctl.conf" <<C
connections { t { version = 2
local_addrs = $3
remote_addrs = $4
proposals = $IKE
encap = yes
$WITH_PPK
local { auth = psk
id = $1.example }
remote { auth = psk
id = $7.example }
children { c { local_ts = $5
remote_ts = $6
esp_proposals = $ESP } } } }
secrets { ike { secret = vectorsecret }
$PPK_SECRET }
C
    if [ -n "$ROOT" ]; then
        mkdir -p "$ROOT/dev" "$ROOT/proc" "$ROOT$D"
        ip netns exec "$2" unshare -m sh -c "mount --bind /dev $ROOT/dev; mount --bind /proc $ROOT/proc; mount -t tmpfs none $ROOT/run; mount --bind $D $ROOT$D
            STRONGSWAN_CONF=$D/$1/strongswan.conf exec chroot $ROOT /usr/lib/ipsec/charon" > "$D/$1/out" 2>&1 &
    else
        ip netns exec "$2" unshare -m sh -c "mount -t tmpfs none /run; STRONGSWAN_CONF=$D/$1/strongswan.conf exec /usr/lib/ipsec/charon" > /dev/null 2>&1 &
    fi
    PIDS="$PIDS $!"
}

side a $A 10.77.0.1 10.77.0.2 10.1.0.0/24 10.2.0.0/24 b
side b $B 10.77.0.2 10.77.0.1 10.2.0.0/24 10.1.0.0/24 a
ip netns exec $A tcpdump -i kv$$v -c 60 -U -w "$D/pcap" udp > /dev/null 2>&1 &
PIDS="$PIDS $!"
sleep 2
for s in a b; do swanctl --load-all --uri "unix://$D/$s/vici" --file "$D/$s/swanctl.conf" > /dev/null 2>&1; done
for step in "--initiate --child c" "--rekey --ike t" "--rekey --child c"; do
    timeout 20 swanctl $step --uri "unix://$D/a/vici" | tail -1
    sleep 1
done
