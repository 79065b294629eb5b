using System.Net;
using Appliance.Bgp;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

public sealed class GroupTests : IDisposable
{
    private readonly PeerFiles files = new();

    public void Dispose() => files.Dispose();

    private static IpAddress Ip(string text) => IpPrefix.TryParseAddress(text, out var address) ? address : throw new FormatException(text);

    [Fact]
    public void EveryKeyOfAGateway()
    {
        var loaded = files.Good("workers: [2, 3]\n" + GroupFiles.Gateway + GroupFiles.Rest);
        Assert.Empty(loaded.Warnings);
        var ike = Assert.Single(loaded.Ike!.Groups);
        var server = ike.Server!;
        Assert.Equal(("mesh", 4, 128, 0), (ike.Name, ike.Senders, ike.ReplayWindow, ike.Gateways.Count));
        Assert.Equal(["sites"], server.Members);
        string[] identities = ["old.example.org", "a.gone.example.org", "new.example.org"];
        Assert.Equal([true, true, false], identities.Select(n => server.Excluded.Any(e => e.Matches(Identity.Fqdn(n)))));
        Assert.Equal((new EncryptionChoice(EncryptionTransform.ChaCha20Poly1305, 0), default(IntegrityTransform), PrfAlgorithm.HmacSha384), (server.Encryption, server.Integrity, server.Prf));
        Assert.Equal((7200, 40, 100, 3, 9), (server.LifetimeSeconds, server.Rollover1Seconds, server.Rollover2Seconds, server.LeaveRollover1Seconds, server.LeaveRollover2Seconds));
        Assert.Equal((GroupLeave.Departure, true, 24, 100u, 2000u), (server.RekeyOnLeave, server.RekeyOnJoin, server.SenderIdBits, server.FirstSenderId, server.LastSenderId));
        var group = Assert.Single(loaded.Gateway.Groups);
        Assert.Equal(("mesh", "192.0.2.1 2001:db8:1::1", "10.1.0.0/16 fd00:1::/48", "239.1.1.0/24 ff05::1:0/112", 128),
            (group.Name, string.Join(' ', group.Local), string.Join(' ', group.Announce), string.Join(' ', group.Multicast), group.ReplayWindow));
        Assert.Equal(["10.9.0.0/16 198.51.100.9", "fd00:9::/48 2001:db8:9::1"], group.Members.Select(m => $"{m.Prefix} {m.Address}"));
        string[] neighbors = ["spokes", "spokes-10.255.0.7", "rr"];
        Assert.Equal([false, true, false], neighbors.Select(group.TakesNeighbor));
        Assert.False(new GroupConfiguration { Name = "" }.TakesNeighbor("rr"));
    }

    [Fact]
    public void OneTunnelForEachOuterFamily()
    {
        var tunnels = files.Good("tunnels:\n  - { name: first, peer: gw, routes: [10.2.0.0/16] }\n" + GroupFiles.Gateway + GroupFiles.Rest).Gateway.Tunnels;
        Assert.Equal(["first", "mesh.v4", "mesh.v6"], tunnels.Select(t => t.Name));
        Assert.Equal([null, "mesh", "mesh"], tunnels.Select(t => t.Group));
        foreach (var tunnel in tunnels.Skip(1))
        {
            Assert.True(tunnel is { Kind: TunnelKind.Tunnel, Peer: null, Manual: null, Encapsulation: EspEncapsulation.None, CheckSource: true, Routes.Count: 0 } && tunnel.Remote.IsAny);
            Assert.True(tunnel is { PathMtu: 1400, Mtu: 1300, MssClamp: 1200, Dscp: 10, SetDf: true, TfcMultiple: 64, Hold: false });
        }

        Assert.Equal([Ip("192.0.2.1"), Ip("2001:db8:1::1")], tunnels.Skip(1).Select(t => t.Local));
    }

    [Fact]
    public void AMemberWithTwoGatewaysAndTheDefaults()
    {
        var loaded = files.Good("groups: [{ name: mesh, local: \"2001:db8::1\", gateways: [gw2, gw] }]\n" + GroupFiles.Rest);
        var ike = Assert.Single(loaded.Ike!.Groups);
        Assert.Equal((null, 1, 4096), (ike.Server, ike.Senders, ike.ReplayWindow));
        Assert.Equal(["gw2", "gw"], ike.Gateways);
        Assert.Equal(["mesh.v6"], loaded.Gateway.Tunnels.Select(t => t.Name));
        Assert.Empty(loaded.Warnings);
    }

    [Fact]
    public void AServerThatSaysItsMembersAloneHasTheDefaults()
    {
        var server = Assert.Single(files.Good("groups: [{ name: mesh, local: 192.0.2.1, serve: { members: sites } }]\n" + GroupFiles.Rest).Ike!.Groups).Server!;
        Assert.Equal(new GroupServer { Members = server.Members, Excluded = server.Excluded }, server);
    }

    [Theory]
    [InlineData("aes-256-gcm", EncryptionTransform.AesGcm16, 256, IntegrityTransform.None)]
    [InlineData("aes-128-gcm", EncryptionTransform.AesGcm16, 128, IntegrityTransform.None)]
    [InlineData("aes-128-cbc/hmac-sha256", EncryptionTransform.AesCbc, 128, IntegrityTransform.HmacSha256Bits128)]
    [InlineData("aes-256-cbc/hmac-sha512", EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha512Bits256)]
    public void Ciphers(string text, EncryptionTransform transform, int bits, IntegrityTransform integrity)
    {
        var server = Assert.Single(files.Good(GroupFiles.Serve("cipher: " + text)).Ike!.Groups).Server!;
        Assert.Equal((new EncryptionChoice(transform, bits), integrity), (server.Encryption, server.Integrity));
    }

    [Fact]
    public void RoomForSenders() =>
        Assert.Equal((4096, 16384), (files.Good("region: { senders: 4096 }\n" + GroupFiles.Gateway + GroupFiles.Rest).Gateway.Region.Senders, files.Good(GroupFiles.Gateway + GroupFiles.Rest).Gateway.Region.Senders));

    [Fact]
    public void AMulticastPrefixHasSeveralMembers() => Assert.Equal(
        ["239.1.1.0/24 198.51.100.9", "239.1.1.0/24 198.51.100.8"],
        Assert.Single(files.Good(GroupFiles.Member("members: { 239.1.1.0/24: [198.51.100.9, 198.51.100.8] }")).Gateway.Groups).Members.Select(m => $"{m.Prefix} {m.Address}"));

    [Fact]
    public void SeveralGroupsOfOneGatewayAndOneThatThisNodeServes()
    {
        var loaded = files.Good("""
            groups:
              - { name: a, local: 192.0.2.1, gateways: [gw], neighbors: [rr] }
              - { name: b, local: 192.0.2.1, gateways: [gw] }
              - { name: c, local: 192.0.2.1, serve: { members: [sites] }, neighbors: [spokes] }
              - { name: d, local: 192.0.2.1, serve: { members: [sites] } }

            """ + GroupFiles.Rest);
        Assert.Equal(["a", "b", "c", "d"], loaded.Ike!.Groups.Select(g => g.Name));
        Assert.Equal(["a.v4", "b.v4", "c.v4", "d.v4"], loaded.Gateway.Tunnels.Select(t => t.Name));
    }

    [Fact]
    public void ALongerPrefixOfAPairwiseTunnelOrOfAnotherMemberMayLieInAMembers() => files.Good(
        "tunnels:\n  - { name: pair, peer: gw, routes: [10.9.7.0/24] }\n" + GroupFiles.Member("members: { 10.9.0.0/16: 198.51.100.9, 10.9.8.0/24: 198.51.100.8 }"));

    [Theory]
    [InlineData("[rr]", "rr")]
    [InlineData("[spokes]", "spokes-*")]
    [InlineData("[spokes-*]", "spokes-*")]
    [InlineData("[spo*, r*]", "rr spokes-*")]
    public void NeighboursByNameAndByRange(string neighbors, string names)
    {
        var loaded = files.Good(GroupFiles.Member($"neighbors: {neighbors}"));
        Assert.Equal(names, string.Join(' ', Assert.Single(loaded.Gateway.Groups).Neighbors));
        var expected = new EgressGroup("mesh", [IPAddress.Parse("192.0.2.1")]);
        foreach (var neighbor in loaded.Bgp!.Neighbors.Concat(loaded.Bgp.Dynamic.Select(d => d.Template)))
            Assert.Equal(names.Contains(neighbor.Name, StringComparison.Ordinal) ? expected : null, neighbor.Group);
    }

    /// <summary>A member of the other family, or a second one that wants a multicast prefix, needs no change at any other site.</summary>
    [Fact]
    public void SessionsOfAGroupOfferWhatItsMembersMayNeed()
    {
        var loaded = files.Good("groups:\n  - { name: mesh, local: 192.0.2.1, gateways: [gw], neighbors: [rr, client, said] }\n" + GroupFiles.Rest.Replace("  neighbors:\n", """
              neighbors:
                - { name: client, address: 10.255.0.2, as: 65001, reflector_client: true }
                - { name: said, address: 10.255.0.3, as: 65001, families: { ipv4: { add_path: { send: 4, receive: false }, extended_next_hop: false }, vpnv4: } }

            """, StringComparison.Ordinal));
        string Families(string name) => string.Join(' ', loaded.Bgp!.Neighbors.First(n => n.Name == name).Families.Select(f => $"{f.Family}:{f.AddPathSend}{(f.AddPathReceive ? "r" : "")}{(f.ExtendedNextHop ? "x" : "")}"));
        Assert.Equal("ipv4:0rx ipv6:0r", Families("rr"));
        Assert.Equal("ipv4:1rx ipv6:1r", Families("client"));
        Assert.Equal("ipv4:4 vpnv4:0", Families("said"));
        Assert.Equal("ipv4:0", Families("ebgp"));
    }

    /// <summary>draft-yamaya-ipsecme-mpsa-04 §4: who is not of the group is not told what it announces, unless it is a network for everybody.</summary>
    [Fact]
    public void WhatAGroupAnnouncesItsNeighboursAloneAreTold()
    {
        var loaded = files.Good("""
            groups:
              - { name: a, local: [192.0.2.1, "2001:db8::1"], gateways: [gw], neighbors: [rr], announce: [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16] }
              - { name: b, local: 192.0.2.1, gateways: [gw2], neighbors: [spokes], announce: [10.2.0.0/16], multicast: [239.1.1.0/24] }

            """ + GroupFiles.Rest.Replace("router_id: 192.0.2.1\n", "router_id: 192.0.2.1\n  networks: [10.3.0.0/16, 10.4.0.0/16]\n", StringComparison.Ordinal));
        Assert.Equal(["10.3.0.0/16 all", "10.4.0.0/16 all", "10.1.0.0/16 a", "10.2.0.0/16 a,b", "239.1.1.0/24 b"],
            loaded.Bgp!.Networks.Select(n => $"{n.Prefix.ToText(n.Family)} {(n.Groups is null ? "all" : string.Join(',', n.Groups))}"));
        Assert.Equal("192.0.2.1 2001:db8::1", string.Join(' ', loaded.Bgp.Neighbors[0].Group!.Addresses));
    }
}
