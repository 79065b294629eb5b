namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Texts of <c>groups:</c>; line 1 is the first of the group.</summary>
internal static class GroupFiles
{
    /// <summary>What groups name.</summary>
    public const string Rest = """
        peers:
          - { name: gw, local: 192.0.2.1, remote: 198.51.100.1, psk_file: gw-b.psk, childless: true }
          - { name: gw2, local: 192.0.2.1, remote: 198.51.100.2, psk_file: gw-b.psk, childless: true }
          - { name: sites, remote: any, identity: gw.example.org, peer_identity: "*.example.org", certificate: gw-a.crt, private_key: gw-a.key, authorities: [ca.crt], childless: true }
        bgp:
          as: 65001
          router_id: 192.0.2.1
          neighbors:
            - { name: rr, address: 10.255.0.1, as: 65001 }
            - { name: ce, address: 10.7.0.2, as: 64500, vrf: red, import: all, export: all }
            - { name: ebgp, address: 198.51.100.9, as: 64496, import: all, export: all }
          vrfs: [{ name: red, rd: 65001:1, import: 65001:1, export: 65001:1 }]
          dynamic_neighbors: [{ name: spokes, range: 10.255.0.0/16, as: 65001, families: [ipv4, ipv6] }]

        """;

    /// <summary>Every key of a gateway's group.</summary>
    public const string Gateway = """
        groups:
          - name: mesh
            local: [192.0.2.1, "2001:db8:1::1"]
            serve:
              members: [sites]
              excluded: [old.example.org, "*.gone.example.org"]
              cipher: chacha20-poly1305
              prf: sha384
              lifetime: 2h
              rollover: [40s, 100s]
              leave_rollover: [3s, 9s]
              rekey_on_leave: departure
              rekey_on_join: true
              sender_id_bits: 24
              sender_ids: 100-2000
            replay_window: 128
            neighbors: [spokes]
            announce: [10.1.0.0/16, "fd00:1::/48"]
            members: { 10.9.0.0/16: 198.51.100.9, "fd00:9::/48": "2001:db8:9::1" }
            multicast: [239.1.1.0/24, "ff05::1:0/112"]
            path_mtu: 1400
            mtu: 1300
            mss_clamp: 1200
            dscp: 10
            df: set
            tfc: 64
            hold: false

        """;

    /// <summary>A member's group with a further line: line 5.</summary>
    public static string Member(string line) => "groups:\n  - name: mesh\n    local: [192.0.2.1]\n    gateways: [gw]\n    " + line + "\n" + Rest;

    /// <summary>A gateway's group with a further line of <c>serve</c>: line 6, column 7.</summary>
    public static string Serve(string line) => "groups:\n  - name: mesh\n    local: [192.0.2.1]\n    serve:\n      members: [sites]\n      " + line + "\n" + Rest;
}
