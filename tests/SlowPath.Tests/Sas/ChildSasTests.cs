using System.Net;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Negotiated children as SAs of the region.</summary>
public sealed class ChildSasTests : IDisposable
{
    private readonly Bench bench = Children.Bench();

    public void Dispose() => bench.Dispose();

    private ref OutboundSa Out(uint spi) => ref bench.Region.OutboundSa(bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound && s.Spi == spi).Slot));

    private uint OutSlot(uint spi) => bench.On(() => bench.Gateway.Sas.Single(s => s.IsOutbound && s.Spi == spi).Slot);

    private uint InSlot(uint spi) => bench.Region.SaLookup.Find(spi, FakeKernel.Ip("192.0.2.1"), FakeKernel.Ip("198.51.100.1"));

    private NextHopRecord Route(string address) => bench.Region.NextHop(bench.Region.Ipv4Routes.Find(FakeKernel.Ip(address).V4));

    private uint Named(string tunnel, int worker = 0) => bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots[tunnel])).OutboundSas[worker];

    [Fact]
    public void AChildBecomesTwoSas()
    {
        Assert.Null(bench.Install(Children.Of("to-b", 0x1001, 0x2001) with { SoftBytes = 1000, HardBytes = 2000, SoftPackets = 77 }));
        ref var sa = ref Out(0x2001);
        Assert.Equal(SlotState.Live, sa.State);
        Assert.Equal(FakeKernel.Ip("198.51.100.1"), sa.Destination);
        Assert.Equal((1000ul, 2000ul, 77ul, ulong.MaxValue), (sa.BytesSoftLimit, sa.BytesHardLimit, sa.SequenceSoftLimit, sa.SequenceHardLimit));
        Assert.True(sa.ExpiresAt > Environment.TickCount64);
        Assert.Equal(OutSlot(0x2001), Named("to-b"));
        Assert.NotEqual(0u, sa.Adjacency);
        ref var inbound = ref bench.Region.InboundSa(InSlot(0x1001));
        Assert.Equal(1u, inbound.SelectorCount);
        Assert.Equal(FakeKernel.Ip("10.2.0.0"), bench.Region.SpdRule(inbound.SelectorStart).RemoteLow);
        Assert.Equal(SaFlags.Esn | SaFlags.CheckSourceRoute | SaFlags.DecapsulateEcn | SaFlags.AnyEncapsulation, inbound.Flags);
        Assert.Equal(SaFlags.None, sa.Flags & SaFlags.CheckSelectors);
    }

    /// <summary>The tunnel pads; a child whose peer said ESP_TFC_PADDING_NOT_SUPPORTED does not (RFC 7296 §1.3.1).</summary>
    [Fact]
    public void Rfc7296_1_3_1_PaddingIsEachChildsOwn()
    {
        using var padding = Children.Bench(Children.File.Replace("name: to-b,", "name: to-b, tfc: 128,", StringComparison.Ordinal));
        Assert.Null(padding.Install(Children.Of("to-b", 0x1001, 0x2001) with { Tfc = true }));
        Assert.Null(padding.Install(Children.Of("to-b", 0x1002, 0x2002) with { Tfc = false }));
        ushort Multiple(uint spi) => padding.Region.OutboundSa(padding.On(() => padding.Gateway.Sas.Single(s => s.IsOutbound && s.Spi == spi).Slot)).TfcMultiple;
        Assert.Equal((128, 0), (Multiple(0x2001), Multiple(0x2002)));
    }

    [Fact]
    public async Task KeysAreCopiedAndNotTheRequestsForLong()
    {
        using var key = Children.Key();
        var copy = key.Octets.ToArray();
        Assert.Null(await bench.Loop.RunAsync(() => bench.Gateway.Children.InstallAsync(Children.Of("to-b", 0x1001, 0x2001), key, Children.Key(), true)));
        Assert.Equal(copy, key.Octets.ToArray());
        Assert.Equal(copy[..16], ((ReadOnlySpan<byte>)bench.Region.InboundSa(InSlot(0x1001)).Key)[..16].ToArray());
    }

    [Fact]
    public void Rfc7296_2_8_TheNewOutboundWaitsForItsActivation()
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        Assert.Null(bench.Install(Children.Of("to-b", 0x1002, 0x2002), activate: false));
        Assert.Equal(OutSlot(0x2001), Named("to-b"));
        Assert.NotEqual(SaLookup.None, InSlot(0x1002));
        bench.Do(c => c.Activate(0x2002));
        Assert.Equal(OutSlot(0x2002), Named("to-b"));
        bench.Do(c => c.Remove(0x1001, 0x2001, 5000, "rekeyed"));
        Assert.Equal(OutSlot(0x2002), Named("to-b"));
        Assert.NotEqual(SaLookup.None, InSlot(0x1001));
        Assert.InRange(bench.Region.InboundSa(InSlot(0x1001)).ExpiresAt, 1, Environment.TickCount64 + 5000);
        Assert.Empty(bench.Ike.Events);
    }

    [Fact]
    public void WithoutASaATunnelHoldsAndIsNeverOpen()
    {
        Assert.Equal(NextHopKind.Tunnel, Route("10.2.0.1").Kind);
        Assert.Equal(TunnelRecord.NoSa, Named("to-b"));
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        bench.Do(c => c.Remove(0x1001, 0x2001, 0, "deleted"));
        Assert.Equal(NextHopKind.Tunnel, Route("10.2.0.1").Kind);
        Assert.Equal(TunnelRecord.NoSa, Named("to-b"));
        Assert.Equal(SaLookup.None, InSlot(0x1001));
        bench.Restart();
        Assert.Equal(NextHopKind.Tunnel, Route("10.2.0.1").Kind);
        Assert.Equal(TunnelRecord.NoSa, Named("to-b"));
    }
}
