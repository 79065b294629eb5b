using Appliance.Shared;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Each wrong line of <c>groups:</c> beside what is said of it, with its place.</summary>
public sealed class GroupErrors : IDisposable
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

    private static string Families(string families, string text) => text.Replace("{ name: rr, ", "{ name: rr, families: { " + families + (families.Contains(':', StringComparison.Ordinal) ? " }, " : ": }, "), StringComparison.Ordinal);

    private string[] Warnings(string text) => [.. files.Good(text).Warnings.Select(w => w.Format("f"))];

    [Theory]
    [InlineData("§local: 192.0.2.1, gateways: [gw] }", "a group has no 'name'")]
    [InlineData("§name: mesh, gateways: [gw] }", "a group has no 'local'")]
    [InlineData("§name: mesh, local: 192.0.2.1 }", "a group has neither 'gateways' nor 'serve'")]
    [InlineData("§name: mesh, local: 192.0.2.1, gateways: [gw], serve: { members: [sites] } }", "a group has both 'gateways' and 'serve'")]
    [InlineData("name: §a-name-of-twenty-nine-octets-, local: 192.0.2.1, gateways: [gw] }", "'a-name-of-twenty-nine-octets-' is too long for a group (at most 28 octets")]
    [InlineData("name: §m/x, local: 192.0.2.1, gateways: [gw] }", "'m/x' is no name")]
    [InlineData("name: mesh, local: [192.0.2.1, §192.0.2.2], gateways: [gw] }", "a second IPv4 address (a group has one ESP address of a family: remove one)")]
    [InlineData("name: mesh, local: [\"2001:db8::1\", §\"2001:db8::2\"], gateways: [gw] }", "a second IPv6 address")]
    [InlineData("name: mesh, local: [§any], gateways: [gw] }", "'local: any' is no address")]
    [InlineData("name: mesh, local: §239.1.1.1, gateways: [gw] }", "'local: 239.1.1.1' is no unicast address")]
    [InlineData("name: mesh, local: §[], gateways: [gw] }", "no ESP address")]
    [InlineData("name: mesh, local: 192.0.2.1, gateways: §[] }", "'gateways' names nobody")]
    [InlineData("name: mesh, local: 192.0.2.1, gateways: [gw, §gw] }", "'gateways' has 'gw' twice (remove one)")]
    [InlineData("name: mesh, local: 192.0.2.1, gateways: [§gv] }", "there is no peer 'gv' (did you mean 'gw'?)")]
    [InlineData("name: mesh, local: 192.0.2.1, serve: { members: [§site] } }", "there is no peer 'site' (did you mean 'sites'?)")]
    [InlineData("name: mesh, local: 192.0.2.1, serve: §{ cipher: aes-256-gcm } }", "serve has no 'members'")]
    [InlineData("name: mesh, local: 192.0.2.1, §gateway: [gw], gateways: [gw] }", "unknown key 'gateway' in a group (did you mean 'gateways'?)")]
    public void TheGroupItself(string rest, string error) => Marked(error, $"groups:\n  - {(rest.StartsWith('§') ? "§{ " + rest[1..] : "{ " + rest)}\n" + GroupFiles.Rest);

    [Theory]
    [InlineData("members: §[]", "a group without members")]
    [InlineData("cipher: §aes-128-cbc", "'cipher: aes-128-cbc' is not known")]
    [InlineData("cipher: §aes-128-gmac", "'cipher: aes-128-gmac' is not known")]
    [InlineData("cipher: §aes-128-cbc/hmac-sha1", "'cipher: aes-128-cbc/hmac-sha1' is not known")]
    [InlineData("prf: §md5", "'prf: md5' is not known")]
    [InlineData("lifetime: §1", "'lifetime: 1' is not a time with a unit")]
    [InlineData("lifetime: §5s", "'lifetime: 5s' is out of range (from 10s to 2592000s")]
    [InlineData("lifetime: §never", "a multi-point SA without an end")]
    [InlineData("lifetime: §80s", "'rollover': 90s is not within the lifetime of 80s")]
    [InlineData("rollover: §30s", "'rollover' must be two times (write rollover: [30s, 90s]")]
    [InlineData("rollover: §[1s, 2s, 3s]", "'rollover' must be two times")]
    [InlineData("rollover: [§1, 120s]", "'rollover: 1' is not a time with a unit")]
    [InlineData("rollover: [30s, §30s]", "'rollover': the old SA is gone after 30s, the new one is used after 30s")]
    [InlineData("rollover: [30s, §1h]", "'rollover': 3600s is not within the lifetime of 3600s")]
    [InlineData("leave_rollover: [9s, §3s]", "'leave_rollover': the old SA is gone after 3s, the new one is used after 9s")]
    [InlineData("rekey_on_leave: §always", "'rekey_on_leave: always' is not known (known here: departure, never, removal)")]
    [InlineData("rekey_on_join: §yes", "'rekey_on_join: yes' is not known")]
    [InlineData("sender_id_bits: §7", "'sender_id_bits: 7' is not a number from 8 to 24")]
    [InlineData("sender_id_bits: §25", "'sender_id_bits: 25' is not a number from 8 to 24")]
    [InlineData("sender_ids: §0-7", "'sender_ids: 0-7' is no range of Sender-IDs (write sender_ids: 1-1048575)")]
    [InlineData("sender_ids: §9-7", "'sender_ids: 9-7' is no range of Sender-IDs")]
    [InlineData("sender_ids: §1", "'sender_ids: 1' is no range of Sender-IDs")]
    [InlineData("sender_ids: §1-1048576", "Sender-ID 1048576 has more than 20 bits (up to 1048575")]
    [InlineData("sender_id_bits: 8\n      sender_ids: §1-256", "Sender-ID 256 has more than 8 bits (up to 255")]
    [InlineData("sender_ids: §7-7", "1 Sender-IDs: this gateway itself needs 1")]
    [InlineData("cipher: aes-256-cbc/hmac-sha256\n      sender_id_bits: §20", "'sender_id_bits' with AES-CBC")]
    [InlineData("cipher: aes-256-cbc/hmac-sha256\n      sender_ids: §1-100", "'sender_ids' with AES-CBC")]
    [InlineData("excluded: [§\"*x\"]", "'*x' is no identity or pattern")]
    [InlineData("§lifetimes: 1h", "unknown key 'lifetimes' in serve (did you mean 'lifetime'?)")]
    public void AKeyOfServe(string line, string error) => Marked(error, line.StartsWith("members", StringComparison.Ordinal) ? GroupFiles.Serve(line).Replace("members: [sites]\n      ", "", StringComparison.Ordinal) : GroupFiles.Serve(line));

    [Theory]
    [InlineData("replay_window: §100", "a replay window of 100 packets (0, or a multiple of 64 up to 4096)")]
    [InlineData("replay_window: §8192", "'replay_window: 8192' is not a number from 0 to 4096")]
    [InlineData("neighbors: [§rx]", "there is no neighbour 'rx' (did you mean 'rr'?)")]
    [InlineData("neighbors: [§x*]", "there is no neighbour 'x*'")]
    [InlineData("neighbors: [§ce]", "neighbour 'ce' is of VRF 'red'")]
    [InlineData("members: §[10.9.0.0/16]", "'members' must be keys and values")]
    [InlineData("members: { §10.9.0.1/16: 198.51.100.9 }", "'10.9.0.1/16' has bits set beyond /16")]
    [InlineData("members: { 10.9.0.0/16: §[198.51.100.9, 198.51.100.8] }", "a prefix of several members")]
    [InlineData("members: { 10.9.0.0/16: §{} }", "'members' must be one value or a list of values")]
    [InlineData("members: { 10.9.0.0/16: §x }", "'members: x' is no address")]
    [InlineData("members: { 10.9.0.0/16: §192.0.2.1 }", "192.0.2.1 is our own ESP address")]
    [InlineData("members: { 10.9.0.0/16: §\"2001:db8::9\" }", "no ESP address of ours is of the family of 2001:db8::9")]
    [InlineData("members: { \"fd00:9::/48\": 198.51.100.9, §\"fd00:9:0::/48\": 198.51.100.9 }", "fd00:9::/48 stands in 'members' twice")]
    [InlineData("multicast: [§10.1.0.0/16]\n    neighbors: [rr]", "10.1.0.0/16 is not multicast")]
    [InlineData("multicast: [§\"fd00::/8\"]\n    neighbors: [rr]", "fd00::/8 is not multicast")]
    [InlineData("multicast: [§224.0.0.0/24]\n    neighbors: [rr]", "224.0.0.0/24 does not leave its link")]
    [InlineData("multicast: [§\"ff02::1/128\"]\n    neighbors: [rr]", "ff02::1/128 does not leave its link")]
    [InlineData("multicast: [239.1.1.0/24, §239.1.1.0/24]\n    neighbors: [rr]", "239.1.1.0/24 stands in 'multicast' twice")]
    [InlineData("members: { 10.9.0.0/16: 198.51.100.9 }\n    neighbors: [rr]\n    announce: [§10.9.1.0/24]", "10.9.1.0/24 is announced as ours and is behind member 198.51.100.9")]
    [InlineData("neighbors: [rr]\n    announce: [10.1.0.0/16, §10.1.0.0/16]", "10.1.0.0/16 stands in 'announce' twice")]
    [InlineData("df: §maybe", "'df: maybe' is not known")]
    [InlineData("path_mtu: §100", "'path_mtu: 100' is not a number from 576 to 9216")]
    public void AKeyOfAMember(string line, string error) => Marked(error, GroupFiles.Member(line));

    [Fact]
    public void AnnouncingToNobody() => Marked("nobody is told what group 'mesh' announces", "groups:\n  - §{ name: mesh, local: 192.0.2.1, gateways: [gw], announce: [10.1.0.0/16] }\n" + GroupFiles.Rest);

    [Fact]
    public void NeighboursWithoutBgp() => Marked("'neighbors' without 'bgp'", GroupFiles.Member("neighbors: [§rr]").Split("bgp:")[0]);

    [Theory]
    [InlineData("  - { name: §mesh, local: 192.0.2.1, gateways: [gw] }\n", "there is a group 'mesh' already, in line 2")]
    [InlineData("  - { name: other, local: 192.0.2.1, serve: { members: [§gw] } }\n", "peer 'gw' is a gateway of group 'mesh' and a member of group 'other'")]
    [InlineData("  - { name: other, local: 192.0.2.1, gateways: [gw2], members: { §10.9.0.0/16: 198.51.100.8 } }\n", "10.9.0.0/16 is behind group 'mesh' already")]
    [InlineData("  - { name: other, local: 192.0.2.1, gateways: [gw2], neighbors: [§rr] }\n", "neighbour 'rr' is that of group 'mesh' already")]
    [InlineData("  - { name: other, local: 192.0.2.1, gateways: [gw2], neighbors: [§r*] }\n", "neighbour 'rr' is that of group 'mesh' already")]
    public void BesideAnotherGroup(string second, string error) => Marked(error,
        "groups:\n  - { name: mesh, local: 192.0.2.1, gateways: [gw], neighbors: [rr], members: { 10.9.0.0/16: 198.51.100.9 } }\n" + second + GroupFiles.Rest);

    [Fact]
    public void ATunnelWithTheNameOfAGroups() => Marked("there is a tunnel 'mesh.v4' already, in line 2",
        "tunnels:\n  - { name: mesh.v4, peer: gw, routes: [10.2.0.0/16] }\ngroups:\n  - { name: §mesh, local: 192.0.2.1, gateways: [gw] }\n" + GroupFiles.Rest);

    [Fact]
    public void AMemberBehindATunnel() => Marked("10.2.0.0/16 is behind tunnel 'pair' already",
        "tunnels:\n  - { name: pair, peer: gw, routes: [10.2.0.0/16] }\n" + GroupFiles.Member("members: { §10.2.0.0/16: 198.51.100.9 }"));

    [Theory]
    [InlineData("mesh")]
    [InlineData("mesh.v4")]
    [InlineData("mesh.v6")]
    public void APolicyThatNamesAGroup(string name)
    {
        var told = files.Errors($"policies: [{{ action: protect, tunnel: {name} }}]\n" + GroupFiles.Member("replay_window: 64"));
        Assert.StartsWith(name == "mesh.v6" ? "f:1:39: there is no tunnel 'mesh.v6'" : $"f:1:39: '{name}' is a group, whose packets go to many members", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void AnInnerAddressAsEspAddress() => Marked("192.0.2.1 of group 'mesh' is an inner address", "vpn: { addresses: [192.0.2.1/32] }\n" + GroupFiles.Member("replay_window: 64").Replace("name: mesh", "name: §mesh", StringComparison.Ordinal));

    [Fact]
    public void RoomForTheSasOfARollover() =>
        Assert.Contains("groups need room for 24 SAs, there is room for 16 (raise region: sas)", Assert.Single(files.Errors("region: { sas: 16 }\nworkers: [0, 1, 2, 3, 4, 5, 6, 7]\n" + GroupFiles.Member("replay_window: 64"))), StringComparison.Ordinal);

    [Fact]
    public void WhatIsAllowedAndUnwise()
    {
        Assert.StartsWith("f:5:20: no replay window: whoever records a packet can send it again", Assert.Single(Warnings(GroupFiles.Member("replay_window: 0"))), StringComparison.Ordinal);
        Assert.StartsWith("f:6:23: a member that is removed keeps the key until the SA's lifetime ends", Assert.Single(Warnings(GroupFiles.Serve("rekey_on_leave: never"))), StringComparison.Ordinal);
        Assert.StartsWith("f:5:17: neighbour 'ebgp' is of another AS", Assert.Single(Warnings(GroupFiles.Member("neighbors: [ebgp]"))), StringComparison.Ordinal);
        Assert.Contains("nothing starts the IKE SA with gateway 'gw' before there is traffic for it", Assert.Single(Warnings(
            "tunnels: [{ name: t, peer: gw, routes: [10.2.0.0/16] }]\n" + GroupFiles.Member("mtu: 1400").Replace("childless: true }\n  - { name: gw2", "}\n  - { name: gw2", StringComparison.Ordinal))), StringComparison.Ordinal);
        Assert.StartsWith("f:5:17: neighbour 'rr' is not told our ipv6 prefixes: the session has no such family", Assert.Single(Warnings(Families("ipv4", GroupFiles.Member("neighbors: [rr]\n    announce: [\"fd00:1::/48\"]")))), StringComparison.Ordinal);
        Assert.StartsWith("f:5:17: neighbour 'rr' is not told our IPv4 prefixes: our ESP address is an IPv6 one",
            Assert.Single(Warnings(Families("ipv4: { extended_next_hop: false }", GroupFiles.Member("neighbors: [rr]\n    announce: [10.1.0.0/16]")).Replace("[192.0.2.1]", "[\"2001:db8::1\"]", StringComparison.Ordinal))), StringComparison.Ordinal);
        Assert.StartsWith("f:4:16: ESP of peer 'gw' is in UDP, and the group's is not", Assert.Single(Warnings(GroupFiles.Member("mtu: 1400").Replace("{ name: gw, ", "{ name: gw, udp: always, ", StringComparison.Ordinal))), StringComparison.Ordinal);
        Assert.Empty(Warnings(GroupFiles.Serve("cipher: aes-128-cbc/hmac-sha256\n    replay_window: 0")));
    }

    [Fact]
    public void AnEspAddressThatNoUnprotectedPortHas()
    {
        var loaded = files.Good(GroupFiles.Gateway + GroupFiles.Rest);
        string[] Strange(params (string Device, string Address)[] there) => [.. DeviceCheck.Strange(loaded, there.ToLookup(a => a.Device, a => IpAddress.From(System.Net.IPAddress.Parse(a.Address)))).Select(w => w.Format("f"))];
        Assert.Empty(Strange(("wan0", "192.0.2.1"), ("wan0", "2001:db8:1::1"), ("lan0", "10.1.0.1")));
        Assert.Equal("f:2:11: group 'mesh': 2001:db8:1::1 is no address of wan0 (members send to it: give it to the device, or correct 'local')", Assert.Single(Strange(("wan0", "192.0.2.1"), ("lan0", "2001:db8:1::1"))));
    }
}
