# foreign-ce.sh: a CE that is not ours: BIRD announces the trusted subnet with the Security Gateway Identity, strongSwan protects it (ESP in userspace). Needs OURS THEIRS (outer addresses),
# INSIDE OUTSIDE (inner prefixes), PE, AS, ROUTER (identity in hexadecimal), KEY.
set -e
cat > "$LAB_STATE/bird.conf" <<BIRD
router id $OURS; log stderr all;
protocol device {}
protocol static { ipv4; route $INSIDE blackhole { bgp_ext_community.add((generic, 0x035e0000, $ROUTER)); }; }
protocol bgp provider { local $OURS as $AS; neighbor $PE as 65000; connect delay time 1; connect retry time 2; hold time 30; ipv4 { import all; export all; }; }
BIRD
cat > "$LAB_STATE/strongswan.conf" <<CHARON
charon { load = random nonce openssl aes sha1 sha2 hmac kdf gcm chapoly curve25519 kernel-libipsec kernel-netlink socket-default vici updown pem pkcs1 x509 pubkey revocation constraints
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  plugins { vici { socket = unix://$LAB_STATE/vici } kernel-libipsec { allow_peer_ts = yes } } }
swanctl { load = pem pkcs1 x509 revocation constraints pubkey openssl random }
CHARON
cat > "$LAB_STATE/swanctl.conf" <<SWAN
connections { ours { version = 2
  local_addrs = $OURS
  remote_addrs = $THEIRS
  proposals = aes256gcm16-prfsha256-x25519,aes256gcm16-prfsha256-ecp256
  encap = yes
  local { auth = psk
    id = $OURS }
  remote { auth = psk
    id = $THEIRS }
  children { site { local_ts = $INSIDE
    remote_ts = $OUTSIDE
    esp_proposals = aes256gcm16-noesn
    start_action = none
    dpd_action = clear } } } }
secrets { ike-ours { id-1 = $OURS
  id-2 = $THEIRS
  secret = $(cat "$LAB_PKI/$KEY.psk") } }
SWAN
# Without an SA nothing for the other site leaves in the clear.
ip route add blackhole "$OUTSIDE" metric 4000
export STRONGSWAN_CONF="$LAB_STATE/strongswan.conf"
bird -f -c "$LAB_STATE/bird.conf" -s "$LAB_STATE/bird.ctl" -P "$LAB_STATE/bird.pid" &
bird=$!
# charon insists on /run/charon.pid: it gets a /run of its own.
unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs none /run && exec /usr/lib/ipsec/charon' &
charon=$!
until [ -S "$LAB_STATE/vici" ]; do sleep 0.1; done
swanctl --load-all --noprompt --uri "unix://$LAB_STATE/vici" --file "$LAB_STATE/swanctl.conf"
# Ends when either ends: the lab then says so.
while kill -0 "$bird" 2>/dev/null && kill -0 "$charon" 2>/dev/null; do sleep 1; done
exit 1
