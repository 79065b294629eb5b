namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Each wrong line of <c>bgp:</c> beside what is said of it, with its place.</summary>
public sealed class BgpErrors : IDisposable
{
    private readonly PeerFiles files = new();

    public void Dispose() => files.Dispose();

    /// <summary>The one error stands where the text has a '§'.</summary>
    private void Marked(string error, string text)
    {
        var at = text.IndexOf('§', StringComparison.Ordinal);
        var line = text[..at].Count(c => c == '\n') + 1;
        var told = Assert.Single(files.Errors(text.Remove(at, 1)));
        Assert.StartsWith($"f:{line}:{at - (at == 0 ? -1 : text.LastIndexOf('\n', at - 1))}: {error}", told, StringComparison.Ordinal);
        Assert.EndsWith(")", told, StringComparison.Ordinal);
    }

    private string[] Warnings(string text) => [.. files.Good(text).Warnings.Select(w => w.Format("f"))];

    [Theory]
    [InlineData("bgp: §{ router_id: 192.0.2.1 }\n", "bgp has no 'as' (write our AS number, as in as: 65001)")]
    [InlineData("bgp: §{ as: 65001 }\n", "bgp has no 'router_id' (write an IPv4 address that is unique in the AS, as in router_id: 192.0.2.1)")]
    [InlineData("bgp: { as: §0, router_id: 192.0.2.1 }\n", "'as: 0' is no AS number (write 1 to 4294967294, or HIGH.LOW (RFC 5396); 23456 stands for others (RFC 6793 §9))")]
    [InlineData("bgp: { as: §23456, router_id: 192.0.2.1 }\n", "'as: 23456' is no AS number")]
    [InlineData("bgp: { as: §4294967295, router_id: 192.0.2.1 }\n", "'as: 4294967295' is no AS number")]
    [InlineData("bgp: { as: §1.65536, router_id: 192.0.2.1 }\n", "'as: 1.65536' is no AS number")]
    [InlineData("bgp: { as: §AS65001, router_id: 192.0.2.1 }\n", "'as: AS65001' is no AS number")]
    [InlineData("bgp: { as: 65001, router_id: §0.0.0.0 }\n", "'router_id: 0.0.0.0' is no identifier")]
    [InlineData("bgp: { as: 65001, router_id: §1 }\n", "'router_id: 1' is no identifier")]
    public void TheSectionItself(string text, string error) => Marked(error, text);

    [Theory]
    [InlineData("§neighbor: []", "unknown key 'neighbor' in bgp (did you mean 'neighbors'?)")]
    [InlineData("cluster_id: §0.0.0.0", "'cluster_id: 0.0.0.0' is no identifier")]
    [InlineData("listen_port: §0", "'listen_port: 0' is not a number from 1 to 65535")]
    [InlineData("multipath: { ebgp: §0 }", "'ebgp: 0' is not a number from 1 to 64")]
    [InlineData("multipath: { §bgp: 2 }", "unknown key 'bgp' in multipath (did you mean 'ebgp'?)")]
    [InlineData("graceful_restart: { restart: §4096s }", "'restart: 4096s' is out of range (from 1s to 4095s, or never)")]
    [InlineData("graceful_restart: §maybe", "graceful_restart must be keys and values")]
    [InlineData("security_gateway_sub_type: §0x100", "'security_gateway_sub_type: 0x100' is no sub-type")]
    [InlineData("kernel: [10.0.0.0/8, §10.0.0.0/8]", "10.0.0.0/8 stands in 'kernel' twice (remove one)")]
    [InlineData("networks: [§10.0.0.1/8]", "'10.0.0.1/8' has bits set beyond /8: write 10.0.0.0/8")]
    [InlineData("networks: [10.0.0.0/8, { prefix: §10.0.0.0/8 }]", "10.0.0.0/8 stands in 'networks' twice (remove one)")]
    [InlineData("networks: [§{ med: 1 }]", "a network has no 'prefix'")]
    [InlineData("networks: [§[]]", "a network must be a prefix, or keys and values")]
    [InlineData("networks: [{ prefix: 10.0.0.0/8, med: §-1 }]", "'med: -1' is not a number from 0 to 4294967295")]
    [InlineData("networks: [{ prefix: 10.0.0.0/8, communities: [§\"65001:*\"] }]", "'65001:*' is no community that can be sent")]
    [InlineData("networks: [{ prefix: 10.0.0.0/8, communities: §no-exports }]", "'no-exports' is no community")]
    [InlineData("networks: [{ prefix: 10.0.0.0/8, extended_communities: §65001:1 }]", "'65001:1' is no extended community")]
    [InlineData("networks: [{ prefix: 10.0.0.0/8, large_communities: §65001:1 }]", "'65001:1' is no large community")]
    [InlineData("vrfs: [§{ name: red, import: 1:1, export: 1:1 }]", "a VRF has no 'rd'")]
    [InlineData("vrfs: [{ name: red, rd: §1, import: 1:1, export: 1:1 }]", "'rd: 1' is no route distinguisher")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, import: [1:1, §rt:1:1], export: 1:1 }]", "route target rt:1:1 stands here twice")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, import: §rt:1, export: 1:1 }]", "'rt:1' is no route target")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, import: 1:1, export: 1:1, label: §3 }]", "'label: 3' is not a number from 16 to 1048575")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, import: 1:1, export: 1:1 }, §{ name: blue, rd: 1:1, import: 1:1, export: 1:1 }]", "route distinguisher 1:1 is that of the VRF in line 4 already")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, import: 1:1, export: 1:1 }, §{ name: red, rd: 1:2, import: 1:1, export: 1:1 }]", "there is a VRF 'red' already, in line 4")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, import: 1:1, export: 1:1, device: r }, §{ name: blue, rd: 1:2, import: 1:1, export: 1:1, device: r }]", "device r is that of the VRF in line 4 already")]
    public void AKeyOfTheSection(string line, string error) => Marked(error, BgpFiles.Section(line));

    [Theory]
    [InlineData("hold_time: §2s", "'hold_time: 2s' is out of range (from 3s to 65535s, or never)")]
    [InlineData("hold_time: §90", "'hold_time: 90' is not a time with a unit")]
    [InlineData("connect_retry: §never", "nobody would connect any more after the first failure")]
    [InlineData("port: §65536", "'port: 65536' is not a number from 1 to 65535")]
    [InlineData("passive: §yes", "'passive: yes' is not known")]
    [InlineData("§pasive: true", "unknown key 'pasive' in a neighbour (did you mean 'passive'?)")]
    [InlineData("local_address: §2001:db8::1", "our address and the neighbour's are of different families")]
    [InlineData("local_address: §198.51.100.1", "198.51.100.1 is the neighbour's address too")]
    [InlineData("local_address: §any", "'local_address: any' is no unicast address")]
    [InlineData("vrf: §red", "there is no VRF 'red' (there is none)")]
    [InlineData("as: §any", "'as: any' is no AS number")]
    [InlineData("ttl_security: §255", "'ttl_security: 255' is not a number from 1 to 254")]
    [InlineData("ttl_security: §on\n      multihop: 2", "'ttl_security' beside 'multihop'")]
    [InlineData("multihop: §0", "'multihop: 0' is not a number from 1 to 255")]
    [InlineData("bfd: §yes", "bfd must be keys and values")]
    [InlineData("bfd: { interval: §300 }", "'interval: 300' is not a time with a unit")]
    [InlineData("bfd: { interval: §1ms }", "'interval: 1ms' is out of range (from 10ms to 60s)")]
    [InlineData("bfd: { multiplier: §1 }", "'multiplier: 1' is not a number from 2 to 255")]
    [InlineData("password: §0x0", "the key of 'password' is not made of pairs of hexadecimal digits behind 0x")]
    [InlineData("password: §012345678901234567890123456789012345678901234567890123456789012345678901234567890", "a key of 81 octets (TCP-MD5 takes up to 80)")]
    [InlineData("password_file: §none.md5", "there is no file '")]
    [InlineData("password: §abcdefghijklmn\n      password_file: gw-b.psk", "both 'password' and 'password_file' (keep one of them)")]
    [InlineData("allow_own_as: §11", "'allow_own_as: 11' is not a number from 0 to 10")]
    [InlineData("reflector_client: §true", "a client of the route reflector outside of our AS")]
    [InlineData("local_as: §64496", "'local_as' of a neighbour in the same AS")]
    [InlineData("as: 65001\n      as_override: §true", "'as_override' of a neighbour in our AS")]
    [InlineData("as: 65001\n      multihop: §2", "'multihop' of a neighbour in our AS")]
    [InlineData("families: §ipv4", "'families' must be a list or keys and values")]
    [InlineData("families: [§ipv5]", "family 'ipv5' is not known (did you mean 'ipv4'?)")]
    [InlineData("families: { §vpn4: }", "family 'vpn4' is not known (did you mean 'vpnv4'?)")]
    [InlineData("families: [ipv4, §ipv4]", "family 'ipv4' stands here twice")]
    [InlineData("families: [§[ipv4]]", "a family in a list must be a name")]
    [InlineData("families: { ipv4: { import: §al } }", "there is no route policy 'al' (did you mean 'all'?)")]
    [InlineData("families: { ipv4: { §imports: all } }", "unknown key 'imports' in 'ipv4' (did you mean 'import'?)")]
    [InlineData("families: { ipv4: { max_prefixes: §0 } }", "'max_prefixes: 0' is not a number from 1 to 100000000")]
    [InlineData("families: { ipv4: { max_prefixes: §{ restart: 15m } } }", "max_prefixes has no 'limit'")]
    [InlineData("families: { ipv4: { max_prefixes: { limit: 9, restart: §10s } } }", "'restart: 10s' is out of range")]
    [InlineData("families: { ipv4: { max_prefixes: { limit: 9, warn_only: true, restart: §15m } } }", "'restart' beside 'warn_only'")]
    [InlineData("families: { ipv4: { add_path: { send: §65 } } }", "'send: 65' is not a number from 0 to 64")]
    [InlineData("families: { vpnv4: { default_originate: §true } }", "'default_originate' in 'vpnv4'")]
    [InlineData("families: { ipv6: { next_hop: \"2001:db8::1\", extended_next_hop: §true } }", "'extended_next_hop' in 'ipv6'")]
    [InlineData("families: { §ipv6: }", "neighbor n, ipv6: IPv6 routes over an IPv4 session have no next hop of ours (write next_hop: with an IPv6 address of ours that the neighbour reaches)")]
    [InlineData("families: { ipv6: { next_hop: §192.0.2.1 } }", "192.0.2.1 as next hop in 'ipv6'")]
    [InlineData("families: { route-target: { export: §all } }", "'export' in 'route-target'")]
    public void ANeighborsKey(string line, string error) => Marked(error, BgpFiles.Neighbor(line));

    [Theory]
    [InlineData("as: 64496\n      families: { ipv4: , §vpnv4: }", "family 'vpnv4' with a neighbour of a VRF")]
    [InlineData("as: 65001", "a neighbour of a VRF in our AS")]
    public void Ces(string line, string error)
    {
        var text = BgpFiles.Neighbor(line + "\n      vrf: §red\n  vrfs: [{ name: red, rd: 1:1, import: 1:1, export: 1:1 }]");
        Marked(error, line.Contains('§', StringComparison.Ordinal) ? text.Replace("vrf: §", "vrf: ", StringComparison.Ordinal) : text);
    }

    [Theory]
    [InlineData("§{ as: 64496, name: x }", "a neighbour has no 'address'")]
    [InlineData("§{ address: 192.0.2.9 }", "a neighbour has no 'as'")]
    [InlineData("{ address: §0.0.0.0, as: 1, name: x }", "'address: 0.0.0.0' is no unicast address")]
    [InlineData("{ address: §224.0.0.5, as: 1, name: x }", "'address: 224.0.0.5' is no unicast address")]
    [InlineData("{ address: §\"ff02::5\", as: 1, name: x }", "'address: ff02::5' is no unicast address")]
    [InlineData("{ address: §\"fe80::1\", as: 65001 }", "fe80::1 is link-local: on which link?")]
    [InlineData("{ address: 192.0.2.9, as: 65001, name: §192.0.2.8 }", "'192.0.2.8' is the address of somebody else")]
    [InlineData("{ address: 192.0.2.9, as: 65001, name: §\"*\" }", "'*' is no name")]
    [InlineData("{ address: 192.0.2.9, as: 65001 }, §{ name: x, address: 192.0.2.9, as: 65001 }", "192.0.2.9 is that of the neighbour in line 4 already")]
    [InlineData("{ name: x, address: 192.0.2.9, as: 65001 }, §{ name: x, address: 192.0.2.10, as: 65001 }", "there is a neighbour 'x' already, in line 4")]
    public void Neighbors(string neighbors, string error) => Marked(error, BgpFiles.Section($"neighbors: [{neighbors}]"));

    [Theory]
    [InlineData("§{ name: d, as: any }", "a range of neighbours has no 'range'")]
    [InlineData("§{ range: 10.0.0.0/8, as: any }", "a range of neighbours has no 'name'")]
    [InlineData("{ name: d, range: §10.0.0.1/8, as: any }", "'10.0.0.1/8' has bits set beyond /8")]
    [InlineData("{ name: d, range: 10.0.0.0/8, as: 65001, maximum: §0 }", "'maximum: 0' is not a number from 1 to 100000")]
    [InlineData("{ name: d, range: 10.0.0.0/8, as: 65001, §port: 179 }", "unknown key 'port' in a range of neighbours")]
    [InlineData("{ name: d, range: 10.0.0.0/8, as: any, reflector_client: §true }", "a client of the route reflector outside of our AS")]
    [InlineData("{ name: d, range: 10.0.0.0/8, as: 65001 }, §{ name: e, range: 10.7.0.0/16, as: 65001 }", "the range of 'e' lies in that of 'd', in line 4")]
    [InlineData("§{ name: d, range: 10.7.0.0/16, as: 65001 }, { name: e, range: 10.0.0.0/8, as: 65001 }", "the range of 'd' lies in that of 'e', in line 4")]
    [InlineData("{ name: d, range: 10.0.0.0/8, as: 65001 }, §{ name: e, range: 10.0.0.0/8, as: 65001 }", "the range of 'e' lies in that of 'd', in line 4")]
    public void Ranges(string ranges, string error) => Marked(error, BgpFiles.Section($"dynamic_neighbors: [{ranges}]"));

    private const string Uses = "neighbors: [{ name: n, address: 192.0.2.9, as: 64496, import: p, export: all }]\n  ";

    [Theory]
    [InlineData("§{ terms: [] }", "a route policy has no 'name'")]
    [InlineData("{ name: p, §term: [] }", "unknown key 'term' in a route policy (did you mean 'terms'?)")]
    [InlineData("{ name: p }, { name: §p }", "there are two policies 'p'")]
    [InlineData("{ name: p }, { name: §all }", "policy 'all' is there already, without being written")]
    [InlineData("{ name: p, default: §next }", "'default: next' is not known")]
    [InlineData("{ name: p, terms: [§{ match: { med: 1 } }] }", "a term has no 'then' (write then: accept, reject or next)")]
    [InlineData("{ name: p, terms: [{ then: §drop }] }", "'then: drop' is not known")]
    [InlineData("{ name: p, terms: [{ set: §{ med: 1 }, then: reject }] }", "a term that changes what it rejects")]
    [InlineData("{ name: p, terms: [{ match: §x, then: accept }] }", "'match' must be keys and values")]
    [InlineData("{ name: p, terms: [{ match: { §prefix: 10.0.0.0/8 }, then: accept }] }", "unknown key 'prefix' in 'match' (did you mean 'prefixes'?)")]
    [InlineData("{ name: p, terms: [{ match: { communities: §[] }, then: accept }] }", "'communities' of nothing (it would fit no route: write a value, or remove it)")]
    [InlineData("{ name: p, terms: [{ match: { prefixes: [10.0.0.0/8, §10.0.0.0/8 ge 4] }, then: accept }] }", "'10.0.0.0/8 ge 4' has lengths that cannot be: 8 ≤ ge ≤ le ≤ 32 must hold")]
    [InlineData("{ name: p, terms: [{ match: { prefixes: §10.0.0.1/8 }, then: accept }] }", "'10.0.0.1/8' is no prefix with lengths")]
    [InlineData("{ name: p, terms: [{ match: { prefix_list: §x }, then: accept }] }", "there is no prefix list 'x' (there is none)")]
    [InlineData("{ name: p, terms: [{ match: { as_path_list: §x }, then: accept }] }", "there is no AS path list 'x' (there is none)")]
    [InlineData("{ name: p, terms: [{ match: { as_path: §\"(1\" }, then: accept }] }", "'(1' is no regular expression")]
    [InlineData("{ name: p, terms: [{ match: { as_path: §\"not AS1\" }, then: accept }] }", "'not AS1' has 'A' in it")]
    [InlineData("{ name: p, terms: [{ match: { as_path_length: §5-1 }, then: accept }] }", "'as_path_length: 5-1' is no number or range")]
    [InlineData("{ name: p, terms: [{ match: { med: §x }, then: accept }] }", "'med: x' is no number or range")]
    [InlineData("{ name: p, terms: [{ match: { origin: §ipg }, then: accept }] }", "'origin: ipg' is not known (known here: egp, igp, incomplete)")]
    [InlineData("{ name: p, terms: [{ match: { family: §ip4 }, then: accept }] }", "family 'ip4' is not known (did you mean 'ipv4'?)")]
    [InlineData("{ name: p, terms: [{ match: { neighbor: §m }, then: accept }] }", "there is no neighbour 'm' (did you mean 'n'?)")]
    [InlineData("{ name: p, terms: [{ match: { neighbor: §10.0.0.1/8 }, then: accept }] }", "'10.0.0.1/8' has bits set beyond /8")]
    [InlineData("{ name: p, terms: [{ match: { next_hop: §x }, then: accept }] }", "'x' is no IPv4 or IPv6 address")]
    [InlineData("{ name: p, terms: [{ match: { security_gateway: §\"2001:db8::1\" }, then: accept }] }", "a security gateway has an IPv4 address")]
    [InlineData("{ name: p, terms: [{ match: { extended_communities: §65001:1 }, then: accept }] }", "'65001:1' is no extended community (write rt:65001:1, rt:65001:*,")]
    [InlineData("{ name: p, terms: [{ set: { §weight: 1 }, then: accept }] }", "unknown key 'weight' in 'set'")]
    [InlineData("{ name: p, terms: [{ set: { communities: §[1:1] }, then: accept }] }", "'communities' in 'set' must say what to do (write communities: { add: [65001:1]")]
    [InlineData("{ name: p, terms: [{ set: { communities: { add: §\"1:*\" } }, then: accept }] }", "'1:*' is no community that can be sent")]
    [InlineData("{ name: p, terms: [{ set: { communities: { §set: 1:1 } }, then: accept }] }", "unknown key 'set' in 'communities'")]
    [InlineData("{ name: p, terms: [{ set: { prepend: §33 }, then: accept }] }", "'prepend: 33' is not a number from 1 to 32")]
    [InlineData("{ name: p, terms: [{ set: { prepend: [1, §0] }, then: accept }] }", "'prepend: 0' is no AS number")]
    [InlineData("{ name: p, terms: [{ set: { local_pref: §high }, then: accept }] }", "'local_pref: high' is not a number from 0 to 4294967295")]
    [InlineData("{ name: p, terms: [{ set: { next_hop: §us }, then: accept }] }", "'next_hop: us' is no unicast address")]
    public void RoutePolicies(string policies, string error)
    {
        var known = policies.Contains("name: p", StringComparison.Ordinal) ? Uses : "";
        Marked(error, BgpFiles.Section($"{known}policies: [{policies}]"));
    }

    [Fact]
    public void WeAreNextHopInWhatWeSendAlone() => Marked("policy 'p' says 'next_hop: self', as import",
        BgpFiles.Section("policies: [{ name: p, terms: [{ set: { next_hop: self }, then: accept }] }]\n  neighbors: [{ address: 192.0.2.9, as: 64496, import: §p, export: p }]"));

    [Theory]
    [InlineData("neighbors: [{ address: 192.0.2.9, as: 64496 }]", "f:4:15: neighbor 192.0.2.9, ipv4: no 'import' and no 'export': nothing is taken or sent (RFC 8212) (EBGP needs a policy")]
    [InlineData("neighbors: [{ address: 192.0.2.9, as: 64496, import: all }]", "f:4:15: neighbor 192.0.2.9, ipv4: no 'export': nothing is sent (RFC 8212)")]
    [InlineData("policies: [{ name: p }]", "f:4:14: nobody uses route policy 'p'")]
    [InlineData("neighbors: [{ address: 192.0.2.9, as: 65001, password: short }]", "f:4:58: a key of 5 octets (take at least 12 (RFC 3562 §3.2)")]
    [InlineData("neighbors: [{ address: 192.0.2.9, as: 65001, families: [ipv6] }]\n  networks: [\"fd00::/8\"]", "f:4:59: neighbor 192.0.2.9, ipv6: our own IPv6 routes over an IPv4 session have no next hop and are not sent")]
    [InlineData("vrfs: [{ name: red, rd: 1:1, export: 1:1 }]", "f:4:10: VRF 'red' takes nothing from other PEs: no 'import'")]
    [InlineData("policies: [{ name: p, terms: [{ then: accept }, { then: reject }] }]\n  neighbors: [{ address: 192.0.2.9, as: 65001, import: p }]", "f:4:51: no route comes here: the term in line 4 decides on all")]
    public void Unwise(string line, string warning) => Assert.StartsWith(warning, Assert.Single(Warnings(BgpFiles.Section(line))), StringComparison.Ordinal);

    [Fact]
    public void EveryCutOfAGoodSectionIsAnswered()
    {
        for (var length = 0; length < BgpFiles.Everything.Length; length += 7) _ = files.Errors(BgpFiles.Everything[..length]);
    }

    [Fact]
    public void EveryKeyOfTheWrongKindIsAnError()
    {
        var lines = BgpFiles.Everything.Split('\n');
        for (var i = 1; i < lines.Length; i++)
        {
            var colon = lines[i].IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || lines[i].TrimStart() is ['-', ..] or ['p', 'a', 's', 's', 'w', ..]) continue;
            foreach (var wrong in (string[])["[[x]]", "{ x: { y: z } }", "\"\\e\""])
            {
                // What stands below the key would belong to it: it goes.
                var rest = lines.Skip(i + 1).SkipWhile(l => l.Length > 0 && l.Length - l.TrimStart().Length > lines[i].Length - lines[i].TrimStart().Length);
                var told = files.Errors(string.Join('\n', [.. lines[..i], lines[i][..(colon + 1)] + " " + wrong, .. rest]));
                Assert.True(told.Length > 0, lines[i]);
                Assert.All(told, t => Assert.DoesNotContain('\e', t));
            }
        }
    }

    [Fact]
    public void NoErrorShowsAKey()
    {
        var told = files.Errors(BgpFiles.Section("neighbors: [{ address: 192.0.2.9, as: 65001, password: 0xfeedfacf, pasword: 1 }]"));
        Assert.DoesNotContain("feed", Assert.Single(told), StringComparison.Ordinal);
    }
}
