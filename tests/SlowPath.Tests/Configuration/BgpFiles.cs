namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Texts of <c>bgp:</c>.</summary>
internal static class BgpFiles
{
    /// <summary>Every key.</summary>
    public const string Everything = """
        bgp:
          as: 65001
          router_id: 192.0.2.1
          cluster_id: 192.0.2.9
          listen_port: 1179
          multipath: { ebgp: 4, ibgp: 8, relax: true }
          always_compare_med: true
          graceful_restart: { restart: 2m, deferral: 30s }
          security_gateway_sub_type: 0x5f
          kernel: [10.0.0.0/8, "fd00::/8"]
          networks:
            - 10.1.0.0/16
            - "fd00:1::/48"
            - prefix: 10.9.0.0/16
              origin: incomplete
              med: 10
              local_pref: 200
              communities: [65001:100, no-export]
              extended_communities: [rt:65001:7, security-gateway:192.0.2.1]
              large_communities: ["65001:1:2"]
          vrfs:
            - { name: red, rd: 65001:1, import: [65001:1, rt:65001:2], export: 65001:1, label: 16, device: red0, networks: [10.1.0.0/16] }
            - { name: blue, rd: 192.0.2.1:2, import: [], export: [4200000000:2] }
          neighbors:
            - name: transit
              address: 198.51.100.1
              as: 64496
              local_as: 65009
              local_address: 192.0.2.1
              port: 1790
              passive: true
              disabled: true
              hold_time: 30s
              connect_retry: 5s
              password: 0x000102030405060708090a0b
              ttl_security: 2
              bfd: { interval: 200ms, receive: 50ms, multiplier: 5 }
              encrypted_service: false
              extended_messages: false
              graceful_restart: false
              allow_own_as: 1
              as_override: true
              import: all
              export: none
              families:
                ipv4:
                  export: all
                  max_prefixes: { limit: 1000, restart: 15m }
                  add_path: { send: 4, receive: true }
                  default_originate: true
                ipv6: { next_hop: "2001:db8::1", max_prefixes: { limit: 10, warn_only: true } }
            - { address: 192.0.2.2, as: 65001, reflector_client: true, families: { vpnv4: , vpnv6: , route-target: , ipv4: { next_hop_self: true, max_prefixes: 5 } } }
            - { name: v6, address: "fe80::1", device: wan0, as: 64498, multihop: 1, import: all, export: all, families: { ipv4: { extended_next_hop: true }, ipv6: } }
            - { name: ce, address: 10.7.0.2, as: 64500, vrf: red, multihop: 3, bfd: on, import: all, export: all }
          dynamic_neighbors:
            - { name: spokes, range: 10.255.0.0/16, as: any, maximum: 50, password_file: gw-b.psk, import: all, export: all }
            - { name: spokes6, range: "fd00:ff::/64", as: 4200000001, import: all, export: all }

        """;

    /// <summary>One neighbour of EBGP and a further line of it. The neighbour starts in line 5, column 7; the line is line 9.</summary>
    public static string Neighbor(string line) =>
        "bgp:\n  as: 65001\n  router_id: 192.0.2.1\n  neighbors:\n    - name: n\n      address: 198.51.100.1\n      import: all\n      export: all\n      " + line + (line.Contains("as:", StringComparison.Ordinal) && !line.Contains("_as:", StringComparison.Ordinal) ? "\n" : "\n      as: 64496\n");

    /// <summary>A section with a further line: line 4.</summary>
    public static string Section(string line) => "bgp:\n  as: 65001\n  router_id: 192.0.2.1\n  " + line + "\n";
}
