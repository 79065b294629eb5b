namespace Appliance.SlowPath.Tests;

internal static class Samples
{
    /// <summary>Every key that a configuration knows.</summary>
    public const string Whole = """
        instance: gw-a
        workers: [0]
        crypto_tier: auto
        spin: 50us
        region: { sas: 64, tunnels: 64, ipv4_groups: 64, ipv6_nodes: 4096, spd_rules: 64, adjacencies: 64, next_hops: 256, contexts: 64 }
        frames: 8192
        jumbo_frames: 256
        ports:
          - { name: lan, device: lan0, kind: af_xdp, side: protected, mode: auto }
          - { name: wan, device: wan0, side: unprotected }
          - { name: t, kind: tun, device: tun7, addresses: [10.9.0.1/24], side: protected }
          - { name: tape, kind: pcap, read: in.pcap, write: out.pcap, side: protected }
          - { name: m1, kind: memory, peer: m2, side: protected }
          - { name: m2, kind: memory, peer: m1, side: unprotected }
        vpn: { device: vpn0, addresses: [10.1.255.1/32, "fd00:1:ffff::1/128"], mtu: 1400 }
        tunnels:
          - name: to-b
            mode: tunnel
            local: 192.0.2.1
            remote: 198.51.100.1
            encapsulation: esp
            routes: [10.2.0.0/16, "fd00:2::/48"]
            check_source: true
            mtu: auto
            path_mtu: auto
            mss_clamp: auto
            df: copy
            dscp: copy
            tfc: 0
            hold: true
          - name: to-c
            mode: iiptran
            local: 192.0.2.1
            remote: 198.51.100.9
            encapsulation: udp
            local_port: 4500
            remote_port: 4500
            keepalive: 20s
            routes: [10.3.0.0/16]
            manual:
              cipher: aes-128-cbc-hmac-sha2-256-128
              outbound: { spi: 0x1001, encryption_key: 00112233445566778899aabbccddeeff, integrity_key: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff }
              inbound: { spi: 4098, encryption_key: 00112233445566778899aabbccddeeff, integrity_key: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff }
              replay_window: 0
        policies:
          - { name: sites, action: protect, tunnel: by-route, local: 10.1.0.0/16, remote: 10.2.0.0/16 }
          - { name: web, action: bypass, local: any, remote: 203.0.113.0/24, protocol: tcp, remote_ports: 80-443 }
          - { name: ping, action: protect, protocol: icmp, icmp: { type: 8, code: any } }
          - { action: discard }
        protected: [10.0.0.0/8, "fd00::/16"]
        api: { socket: default }

        """;
}
