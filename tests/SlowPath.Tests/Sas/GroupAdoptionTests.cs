using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Multi-point SAs over restarts, reloads and equal SPIs.</summary>
public sealed class GroupAdoptionTests : IDisposable
{
    private readonly Bench bench = MeshGroup.Bench();

    public void Dispose() => bench.Dispose();

    [Fact]
    public void ASuccessorGoesOnWithWhatWasThere()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.With(g => g.Activate("mesh", 0x9001));
        bench.Install(MeshGroup.Of(0x9002, 1, 2, 3, 4), key: 2);
        var (entries, number) = (bench.Entries(0x9001), Number("mesh.v4"));
        bench.Restart();
        Assert.Equal(entries, bench.Entries(0x9001));
        Assert.Equal([1u, 2u, 3u, 4u], bench.Sending());
        Assert.Equal((number, number), (Number("mesh.v4"), Number("mesh.v6")));
        bench.With(g =>
        {
            Assert.True(g.Exists("mesh", 0x9001));
            Assert.True(g.Exists("mesh", 0x9002));
            Assert.False(g.Exists("mesh", 0x9003));
            Assert.False(g.Exists("other", 0x9001));
        });
        bench.With(g => g.Activate("mesh", 0x9001));
        Assert.Equal([1u, 2u, 3u, 4u], bench.Sending());
        bench.With(g => g.Activate("mesh", 0x9002));
        bench.With(g => g.Remove("mesh", 0x9001, "rolled over"));
        Assert.Equal((SaLookup.None, SaLookup.None), (bench.Found(0x9001, MeshGroup.V4), bench.Found(0x9001, MeshGroup.V6)));
        Assert.Empty(bench.Ike.Events);
    }

    [Fact]
    public void WhatNobodyClaimsEnds()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.Install(MeshGroup.Of(0x9002, 1, 2, 3, 4), key: 2);
        bench.Restart();
        var groups = (GroupSas)bench.Gateway.Groups;
        bench.With(g => Assert.True(g.Exists("mesh", 0x9002)));
        var now = Environment.TickCount64;
        bench.With(_ => groups.Sweep(now));
        bench.With(_ => groups.Sweep(now + ChildSas.ClaimMilliseconds - 1));
        Assert.NotEmpty(bench.Entries(0x9001));
        bench.With(_ => groups.Sweep(now + ChildSas.ClaimMilliseconds));
        Assert.Empty(bench.Entries(0x9001));
        Assert.NotEmpty(bench.Entries(0x9002));
    }

    /// <summary>A process died between installing and keeping that it had: the gateway tells the successor again.</summary>
    [Theory]
    [InlineData(1u)]
    [InlineData(11u)]
    public void WhatIsInstalledAgainIsClaimed(uint first)
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.Restart();
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, first, first + 1, first + 2, first + 3)));
        var groups = (GroupSas)bench.Gateway.Groups;
        var now = Environment.TickCount64;
        bench.With(_ => groups.Sweep(now));
        bench.With(_ => groups.Sweep(now + 2 * ChildSas.ClaimMilliseconds));
        Assert.Equal(5, bench.Entries(0x9001).Length);
    }

    /// <summary>A slow path that was killed between two records: what is left is no SA.</summary>
    [Fact]
    public void APartOfAnSaEnds()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        bench.Region.OutboundSa(bench.Entries(0x9001)[2].Slot).State = SlotState.Retired;
        bench.Restart();
        Assert.Empty(bench.Entries(0x9001));
        bench.With(g => Assert.False(g.Exists("mesh", 0x9001)));
        Assert.Equal(SaLookup.None, bench.Found(0x9001, MeshGroup.V6));
    }

    [Fact]
    public void AGroupThatTheFileDoesNotNameAnyMoreTakesItsSasAlong()
    {
        var isThere = true;
        using var other = MeshGroup.Bench(c => isThere ? c : c with { Groups = [], Tunnels = [.. c.Tunnels.Where(t => t.Group is null)] });
        Assert.Null(other.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4)));
        isThere = false;
        other.Restart();
        Assert.Empty(other.Entries(0x9001));
        Assert.Equal(SaLookup.None, other.Found(0x9001, MeshGroup.V4));
        Assert.Empty(other.Region.LiveInboundSas());
        Assert.Empty(other.Region.LiveOutboundSas());
    }

    [Fact]
    public void TunnelsOfAGroupShareItsNumber()
    {
        Assert.NotEqual(0u, Number("mesh.v4"));
        Assert.Equal(Number("mesh.v4"), Number("mesh.v6"));
        Assert.Equal(0u, Number("to-b"));
        ref var record = ref bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots["mesh.v6"]));
        Assert.Equal((MeshGroup.V6, true), (record.Local, record.Remote.IsAny));
    }

    /// <summary>The gateway's SPI is one that this node gave to a peer: the peer's packets are told by both addresses, and IKE is asked for another SPI.</summary>
    [Fact]
    [Trait("RFC", "4301")]
    public void Rfc4301_4_1_AnEqualSpiIsKeptApartAndTheChildIsRekeyed()
    {
        Assert.Null(bench.Install(Children.Of("to-b", 0x9001, 0x2001)));
        var child = bench.Found(0x9001, MeshGroup.V4, "198.51.100.1");
        Assert.Null(bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4)));
        var group = bench.Found(0x9001, MeshGroup.V4);
        Assert.NotEqual(child, group);
        Assert.Equal(child, bench.Found(0x9001, MeshGroup.V4, "198.51.100.1"));
        Assert.Equal(group, bench.Found(0x9001, MeshGroup.V6));
        Assert.Equal((group + 1, child + 1), (bench.Region.InboundSa(child).Alternate, bench.Region.InboundSa(group).Alternate));
        bench.Sweep();
        Assert.Equal(new ChildExpires(0x2001, false), Assert.Single(bench.Ike.Events));
        bench.Restart();
        Assert.Equal(child, bench.Found(0x9001, MeshGroup.V4, "198.51.100.1"));
        Assert.Equal((group + 1, child + 1), (bench.Region.InboundSa(child).Alternate, bench.Region.InboundSa(group).Alternate));
        bench.Do(c => c.Remove(0x9001, 0x2001, 0, "rekeyed"));
        Assert.Equal(group, bench.Found(0x9001, MeshGroup.V4, "198.51.100.1"));
        Assert.Equal(0u, bench.Region.InboundSa(group).Alternate);
    }

    [Fact]
    public void AChildThatTakesAGroupsSpiIsKeptApartToo()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        var group = bench.Found(0x9001, MeshGroup.V4);
        Assert.Null(bench.Install(Children.Of("to-b", 0x9001, 0x2001)));
        var child = bench.Found(0x9001, MeshGroup.V4, "198.51.100.1");
        Assert.NotEqual(group, child);
        Assert.Equal(group, bench.Found(0x9001, MeshGroup.V4));
        bench.With(g => g.Remove("mesh", 0x9001, "gone"));
        Assert.Equal(child, bench.Found(0x9001, MeshGroup.V4));
        Assert.Equal(0u, bench.Region.InboundSa(child).Alternate);
        Assert.DoesNotContain(new SaLookupTable(bench.Region, new Quiescence(bench.Region)).Entries(), e => e.Spi == 0x9001 && !e.Source.IsAny);
    }

    [Fact]
    public async Task AnSpiByHandIsNotAGroupsAsWell()
    {
        bench.Install(MeshGroup.Of(0x9001, 1, 2, 3, 4));
        SaRequest Inbound(string tunnel, uint spi) => new() { Tunnel = tunnel, IsOutbound = false, Spi = spi, Cipher = Appliance.Crypto.Cipher.AesGcm, KeyLength = 16, KeyMaterial = System.Security.Cryptography.RandomNumberGenerator.GetBytes(20) };
        Task<uint[]> Install(SaRequest request) => bench.Loop.RunAsync(() => bench.Gateway.InstallAsync([request]));
        Assert.Contains("group 'mesh'", (await Assert.ThrowsAsync<RefusedException>(() => Install(Inbound("by-hand", 0x9001)))).Message, StringComparison.Ordinal);
        Assert.Contains("gateway of group 'mesh'", (await Assert.ThrowsAsync<RefusedException>(() => Install(Inbound("mesh.v4", 0x9009)))).Message, StringComparison.Ordinal);
        await Install(Inbound("by-hand", 0x9002));
        Assert.Contains("by hand", bench.Install(MeshGroup.Of(0x9002, 1, 2, 3, 4), key: 5), StringComparison.Ordinal);
    }

    [Fact]
    public void TheSmallestLinkOutsideSaysWhatFits()
    {
        Assert.Equal((1500, 1446), Sizes("mesh.v4"));
        Assert.Equal((1400, 1326), Resized(1400, "mesh.v6"));
        (int, int) Resized(int mtu, string tunnel)
        {
            bench.Kernel.Link(3, "wan0", mtu);
            bench.Kernel.Unicast(new IpPrefix(FakeKernel.Ip("::"), 0), 3, FakeKernel.Ip("2001:db8::254"));
            bench.KernelChanged();
            return Sizes(tunnel);
        }
    }

    private (int PathMtu, int InnerMtu) Sizes(string tunnel) => bench.On(() => ((int)bench.Gateway.Contents.Tunnels[tunnel].PathMtu, (int)bench.Gateway.Contents.Tunnels[tunnel].InnerMtu));

    private uint Number(string tunnel) => bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots[tunnel])).Group;
}
