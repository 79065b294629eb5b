using System.Runtime.InteropServices;
using System.Text;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>A new slow path over an old region, and reloads: what did not change is not touched.</summary>
public sealed class AdoptionTests : IDisposable
{
    private static readonly bool[] BothDirections = [false, true];
    private readonly Bench bench = new();

    public void Dispose() => bench.Dispose();

    private void Keys(string tunnel, uint spi, byte seed)
    {
        var requests = BothDirections.Select(outbound => new SaRequest
        {
            Tunnel = tunnel, IsOutbound = outbound, Spi = spi, Cipher = Crypto.Cipher.AesGcm, KeyLength = 16, Esn = true, ReplayWindow = 64,
            KeyMaterial = Enumerable.Range(seed + (outbound ? 100 : 0), 20).Select(b => (byte)b).ToArray(),
        }).ToArray();
        bench.Loop.RunAsync(() => bench.Gateway.InstallAsync(requests)).GetAwaiter().GetResult();
        Assert.All(requests, r => Assert.All(r.KeyMaterial, b => Assert.Equal(0, b)));
    }

    private string Fingerprint()
    {
        var text = new StringBuilder();
        for (uint i = 0; i < 16; i++) text.Append(Hex(bench.Region.Tunnel(i)));
        for (uint i = 0; i < 128; i++) text.Append(Hex(bench.Region.NextHop(i)));
        for (uint i = 0; i < 64; i++) text.Append(Hex(bench.Region.Adjacency(i))).Append(Hex(bench.Region.OutboundSa(i))).Append(Hex(bench.Region.InboundSa(i))).Append(Hex(bench.Region.SpdRule(i)));
        text.Append(bench.Region.Header.Spd);
        foreach (var address in new[] { "10.2.0.1", "10.3.0.1", "10.9.9.9", "10.1.0.7", "192.0.2.254", "8.8.8.8", "10.1.0.1" }) text.Append(bench.Region.Ipv4Routes.Find(FakeKernel.Ip(address).V4)).Append(',');
        return text.ToString();
    }

    private static string Hex<T>(in T record) where T : unmanaged => Convert.ToHexString(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in record)));

    private NextHopRecord Route(string address) => bench.Region.NextHop(bench.Region.Ipv4Routes.Find(FakeKernel.Ip(address).V4));

    [Fact]
    public void ASuccessorChangesNothing()
    {
        Keys("to-b", 1000, 1);
        Keys("to-c", 2000, 50);
        bench.Region.OutboundState(0).Sequence = 77;
        var before = Fingerprint();
        bench.Restart();
        Assert.Equal(before, Fingerprint());
        Assert.Equal(77ul, bench.Region.OutboundState(0).Sequence);
        Assert.Equal(4, bench.On(() => bench.Gateway.Sas.Count));
        bench.Restart();
        Assert.Equal(before, Fingerprint());
    }

    [Fact]
    public void ASuccessorCorrectsOnlyWhatDiffers()
    {
        Keys("to-b", 1000, 1);
        Keys("to-c", 2000, 50);
        var kept = Hex(bench.Region.OutboundSa(bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound && s.Spi == 1000).Slot)));
        bench.Restart(Bench.Configuration.Replace("  - { name: to-c, local: 192.0.2.1, remote: 198.51.100.9, routes: [10.3.0.0/16], encapsulation: udp }\n", "", StringComparison.Ordinal));
        Assert.Equal(NextHopKind.Discard, Route("10.3.0.1").Kind);
        Assert.Equal(NextHopKind.Tunnel, Route("10.2.0.1").Kind);
        Assert.Equal([1000u, 1000u], bench.On(() => bench.Gateway.Sas.Select(s => s.Spi).ToArray()));
        Assert.Equal(kept, Hex(bench.Region.OutboundSa(bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound).Slot))));
        Assert.Equal(SaLookup.None, bench.Region.SaLookup.Find(2000, FakeKernel.Ip("192.0.2.1"), default));
    }

    [Fact]
    public void AHalfWrittenSaIsWiped()
    {
        ref var torn = ref bench.Region.OutboundSa(5);
        ((Span<byte>)torn.Key).Fill(0x5a);
        torn.Spi = 4242;
        torn.State = SlotState.Writing;
        bench.Restart();
        bench.Sweep();
        Assert.Equal(SlotState.Free, bench.Region.OutboundSa(5).State);
        Assert.False(((ReadOnlySpan<byte>)bench.Region.OutboundSa(5).Key).ContainsAnyExcept((byte)0));
        Assert.Empty(bench.On(() => bench.Gateway.Sas.ToList()));
    }

    [Fact]
    public void ReloadKeepsSas()
    {
        Keys("to-b", 1000, 1);
        var slot = bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound).Slot);
        var before = Hex(bench.Region.OutboundSa(slot));
        File.WriteAllText(bench.File, Bench.Configuration.Replace("10.3.0.0/16", "10.4.0.0/16", StringComparison.Ordinal).Replace("policies:\n", "policies:\n  - { name: first, action: discard, remote: 10.2.9.0/24 }\n", StringComparison.Ordinal));
        bench.Reload();
        Assert.Equal(before, Hex(bench.Region.OutboundSa(slot)));
        Assert.Equal(NextHopKind.Tunnel, Route("10.4.0.1").Kind);
        Assert.Equal(NextHopKind.Discard, Route("10.3.0.1").Kind);
        Assert.Equal(2u, (uint)bench.Region.Header.Spd);
        Assert.Equal("first", bench.Region.SpdRule((uint)(bench.Region.Header.Spd >> 32)).Name.Get());
    }

    [Fact]
    public void AReloadThatIsWrongChangesNothing()
    {
        Keys("to-b", 1000, 1);
        var before = Fingerprint();
        foreach (var wrong in new[] { "ports: [", Bench.Configuration.Replace("workers", "workes", StringComparison.Ordinal) + "spin: 5\n", Bench.Configuration.Replace("device: wan0", "device: wan1", StringComparison.Ordinal) })
        {
            File.WriteAllText(bench.File, wrong);
            var refused = Assert.Throws<RefusedException>(bench.Reload);
            Assert.Contains("nothing was changed", refused.Hint, StringComparison.Ordinal);
            Assert.Equal(before, Fingerprint());
        }
    }

    [Fact]
    public void ATunnelThatGotOtherEndsLosesItsSas()
    {
        Keys("to-b", 1000, 1);
        File.WriteAllText(bench.File, Bench.Configuration.Replace("198.51.100.1,", "198.51.100.2,", StringComparison.Ordinal));
        bench.Reload();
        Assert.Empty(bench.On(() => bench.Gateway.Sas.ToList()));
        Assert.Equal(NextHopKind.Tunnel, Route("10.2.0.1").Kind);
        Assert.Equal(FakeKernel.Ip("198.51.100.2"), bench.Region.Tunnel(Route("10.2.0.1").Tunnel).Remote);
    }

    [Fact]
    public void ANeighbourThatMovedMovesTheSa()
    {
        Keys("to-b", 1000, 1);
        var slot = bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound).Slot);
        var old = bench.Region.OutboundSa(slot).Adjacency;
        bench.Kernel.Neighbour(3, "192.0.2.254", 0xaa00_0000_0002);
        bench.KernelChanged();
        var adjacency = bench.Region.OutboundSa(slot).Adjacency;
        Assert.NotEqual(old, adjacency);
        Assert.Equal(SlotState.Live, bench.Region.Adjacency(adjacency).State);
        Assert.Equal(0xaa, (byte)(bench.Region.Adjacency(adjacency).MacFirst >> 40));
        Assert.Equal(adjacency, Route("8.8.8.8").Adjacency);
    }

    [Fact]
    public void ANeighbourThatWentIsAskedFor()
    {
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Neighbour);
        bench.KernelChanged();
        Assert.Contains((3u, FakeKernel.Ip("192.0.2.254")), bench.Kernel.Asked);
        Assert.Equal(NextHopKind.Glean, Route("8.8.8.8").Kind);
    }

    [Fact]
    public void APathMtuLowersSaAndTunnelNotBelowItsFloor()
    {
        Keys("to-b", 1000, 1);
        var slot = bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound).Slot);
        void Told(ulong mtu)
        {
            ref var sa = ref bench.Region.OutboundSa(slot);
            Assert.True(bench.Region.Events(0).TryRaise(new EventRecord { Kind = EventKind.PathMtu, Sa = slot, Generation = sa.Generation, Spi = sa.Spi, Value = mtu }));
            bench.On(() =>
            {
                bench.Gateway.DrainEvents();
                bench.Gateway.Settle();
                return true;
            });
        }

        Told(1400);
        Assert.Equal(1400, bench.Region.OutboundSa(slot).PathMtu);
        Assert.Equal(1346, bench.Region.Tunnel(bench.Region.OutboundSa(slot).Tunnel).InnerMtu);
        Told(1450);
        Assert.Equal(1400, bench.Region.OutboundSa(slot).PathMtu);
        Told(68);
        Assert.Equal(TunnelMtu.LowestV4, bench.Region.OutboundSa(slot).PathMtu);
    }

    [Fact]
    public void KernelGetsBlackholesOnceAndLosesThemWithTheTunnel()
    {
        Assert.Equal(3, bench.Kernel.Routes.Count);
        Assert.All(bench.Kernel.Routes, r => Assert.True(r.Kind == KernelRouteKind.Discard && r.Metric == KernelRoutes.BlackholeMetric && r.Protocol == KernelRoutes.OwnProtocol));
        File.WriteAllText(bench.File, Bench.Configuration.Replace("[10.3.0.0/16]", "[]", StringComparison.Ordinal));
        bench.Reload();
        bench.KernelChanged();
        Assert.DoesNotContain(bench.Kernel.Routes, r => r.Prefix.ToString() == "10.3.0.0/16");
        Assert.Empty(bench.Gateway.Problems);
    }
}
