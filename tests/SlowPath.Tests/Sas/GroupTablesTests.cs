using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Tunnels of groups from the file to the tables, and what workers say of their SAs.</summary>
public sealed class GroupTablesTests : IDisposable
{
    private const string WithGroup = Bench.Configuration + """
        peers:
          - { name: gw, local: 192.0.2.1, remote: 198.51.100.7, psk: 0123456789abcdef0123456789abcdef, childless: true }
        groups:
          - { name: mesh, local: [192.0.2.1, "2001:db8::1"], gateways: [gw] }

        """;

    private readonly Bench bench = new(WithGroup);

    public void Dispose() => bench.Dispose();

    [Fact]
    public void AGroupThatGoesByReloadTakesItsSasAlongAndIkeHearsOfIt()
    {
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2)));
        bench.With(g => g.Activate("mesh", 0x9001));
        File.WriteAllText(bench.File, Bench.Configuration);
        bench.Reload();
        Assert.Empty(bench.Entries(0x9001));
        Assert.Equal(new GroupExpires("mesh", 0x9001, true), Assert.Single(bench.Ike.Events));
        Assert.Equal((SaLookup.None, SaLookup.None), (bench.Found(0x9001, MeshGroup.V4), bench.Found(0x9001, MeshGroup.V6)));
        File.WriteAllText(bench.File, WithGroup);
        bench.Reload();
        Assert.Contains("used before", bench.Install(MeshGroup.Of(0x9001, 1, 2)), StringComparison.Ordinal);
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 3, 4)));
    }

    [Fact]
    public void AReloadThatDoesNotTouchItLeavesEverythingAsItIs()
    {
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2)));
        bench.With(g => g.Activate("mesh", 0x9001));
        var before = bench.Entries(0x9001);
        File.WriteAllText(bench.File, WithGroup.Replace("gateways: [gw]", "gateways: [gw], mtu: 1300", StringComparison.Ordinal));
        bench.Reload();
        Assert.Equal(before, bench.Entries(0x9001));
        Assert.Equal(before[1].Slot, Tunnel("mesh.v4").OutboundSas[0]);
        Assert.Equal(1300, Tunnel("mesh.v6").InnerMtu);
        Assert.Empty(bench.Ike.Events);
    }

    /// <summary>Which tunnel's cipher has the larger overhead says what fits: CBC pads to 16 octets.</summary>
    [Fact]
    public void WhatFitsFollowsTheCipher()
    {
        var gcm = Tunnel("mesh.v4").InnerMtu;
        var cbc = MeshGroup.Of(0x9001) with { Encryption = new EncryptionChoice(EncryptionTransform.AesCbc, 128), Integrity = IntegrityTransform.HmacSha512Bits256, SenderIdBits = 0 };
        Assert.Null(bench.Install(cbc, length: 80));
        bench.With(_ => { });
        Assert.True(Tunnel("mesh.v4").InnerMtu < gcm);
        Assert.True(Tunnel("mesh.v6").InnerMtu < Tunnel("mesh.v4").InnerMtu);
    }

    [Fact]
    public void APathMtuTowardsAMemberCountsForItsFamily()
    {
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2)));
        var v6 = bench.Entries(0x9001).Single(e => e.IsOutbound && e.Tunnel == "mesh.v6").Slot;
        var before = Tunnel("mesh.v4").InnerMtu;
        Raise(new EventRecord { Kind = EventKind.PathMtu, Sa = v6, Generation = bench.Region.OutboundSa(v6).Generation, Value = 1300, Destination = FakeKernel.Ip("2001:db8:2::1") });
        Assert.Equal(1300, bench.Region.OutboundSa(v6).PathMtu);
        Assert.Equal(before, Tunnel("mesh.v4").InnerMtu);
        Assert.InRange(Tunnel("mesh.v6").InnerMtu, 1200, 1300);
    }

    [Fact]
    public void AMembersNeighbourIsAskedForWhereTheUnderlayHasIt()
    {
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2)));
        bench.Kernel.Unicast(new IpPrefix(FakeKernel.Ip("203.0.113.0"), 24), 3, FakeKernel.Ip("192.0.2.253"));
        bench.KernelChanged();
        bench.Kernel.Asked.Clear();
        Raise(new EventRecord { Kind = EventKind.NeighbourNeeded, Tunnel = bench.On(() => bench.Gateway.TunnelSlots["mesh.v4"]), Port = 0, Destination = FakeKernel.Ip("203.0.113.5") });
        Assert.Equal([(3u, FakeKernel.Ip("192.0.2.253"))], bench.Kernel.Asked);
    }

    private ref TunnelRecord Tunnel(string name) => ref bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots[name]));

    private void Raise(EventRecord e)
    {
        bench.Region.Header.Workers = 1;
        Assert.True(bench.Region.Events(0).TryRaise(e));
        bench.On(() =>
        {
            bench.Gateway.DrainEvents();
            bench.Gateway.Settle();
            return true;
        });
    }
}
