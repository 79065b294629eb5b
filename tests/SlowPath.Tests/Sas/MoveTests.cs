using System.Buffers.Binary;
using System.Net;
using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>Children that move while a worker sends by them (RFC 4555, RFC 7296 §2.23).</summary>
public sealed class MoveTests : IDisposable
{
    private readonly Bench bench = Children.Bench(Children.File.Replace("sas: 64", "sas: 512", StringComparison.Ordinal));

    public void Dispose() => bench.Dispose();

    private uint Named() => Volatile.Read(ref bench.Region.Tunnel(bench.Gateway.TunnelSlots["to-b"]).OutboundSas[0]);

    private void Move(string remote, int port = 0) => bench.Do(c => c.Move(
        [(0x1001, 0x2001)], new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4500), new IPEndPoint(IPAddress.Parse(remote), port == 0 ? 4500 : port), port != 0));

    [Fact]
    public void Rfc4555_3_5_AMoveKeepsKeyAndSpiAndChangesTheOuterHeader()
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001) with { SoftBytes = 9000 });
        var before = Named();
        bench.Region.OutboundState(before) = bench.Region.OutboundState(before) with { Sequence = 700, ReservedUntil = 4096, Packets = 700, Bytes = 7000 };
        var key = Convert.ToHexString(bench.Region.OutboundSa(before).Key);
        Move("203.0.113.5", 61000);
        var slot = Named();
        Assert.NotEqual(before, slot);
        ref var sa = ref bench.Region.OutboundSa(slot);
        Assert.Equal((SlotState.Live, 0x2001u, FakeKernel.Ip("203.0.113.5"), (ushort)4500, (ushort)61000, (byte)28, 9000ul), (sa.State, sa.Spi, sa.Destination, sa.SourcePort, sa.DestinationPort, sa.OuterHeaderLength, sa.BytesSoftLimit));
        Assert.Equal(key, Convert.ToHexString(sa.Key));
        Assert.Equal(20, sa.KeepaliveSeconds);
        ref var state = ref bench.Region.OutboundState(slot);
        Assert.Equal((700ul, 7000ul, sa.Generation), (state.Packets, state.Bytes, state.Generation));
        Assert.True(state.Sequence > 4096 && state.Sequence == state.ReservedUntil);
        Assert.Equal(bench.Region.OutboundSa(before).SequenceHardLimit, state.Sequence);
        ref var inbound = ref bench.Region.InboundSa(bench.On(() => bench.Gateway.Sas.Single(s => !s.IsOutbound).Slot));
        Assert.Equal((FakeKernel.Ip("203.0.113.5"), (ushort)61000), (inbound.Peer, inbound.PeerPort));
        Assert.Equal(FakeKernel.Ip("203.0.113.5"), bench.Region.Tunnel(sa.Tunnel).Remote);
        Assert.Empty(bench.Ike.Events);
    }

    [Fact]
    public void ASuccessorCompletesAMoveThatWasCutShort()
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        var before = Named();
        Move("203.0.113.5", 61000);
        var after = Named();
        Volatile.Write(ref bench.Region.Tunnel(bench.Gateway.TunnelSlots["to-b"]).OutboundSas[0], before);
        bench.Restart();
        Assert.Equal(after, Named());
        Assert.Single(bench.On(() => bench.Gateway.Sas.Where(s => s.IsOutbound).ToList()));
    }

    /// <summary>Workers must not meet a record whose cipher the data plane has not made: until it has, the old one serves.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACipherWithoutAKernelIsMadeBeforeTheSaMoves(bool andBack)
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001) with { Encryption = new EncryptionChoice(EncryptionTransform.ChaCha20Poly1305, 0) });
        var before = Named();
        ref var header = ref bench.Region.Header;
        (header.DataPlaneProcess, header.DataPlaneReady, header.DataPlaneHeartbeat) = (Environment.ProcessId, 1, Environment.TickCount64 + 60_000);
        Assert.Equal(before, bench.On(() =>
        {
            bench.Gateway.Children.Move([(0x1001, 0x2001)], new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4500), new IPEndPoint(IPAddress.Parse("203.0.113.5"), 61000), true);
            if (andBack) bench.Gateway.Children.Move([(0x1001, 0x2001)], new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4500), new IPEndPoint(IPAddress.Parse("198.51.100.1"), 4500), false);
            return Named();
        }));
        var asked = SpinWait.SpinUntil(() => bench.Region.Header.SaVersion != bench.Region.Header.SaPrepared, 5000);
        Assert.True(asked, "the data plane was not asked");
        Volatile.Write(ref header.SaPrepared, Volatile.Read(ref header.SaVersion));
        Assert.True(SpinWait.SpinUntil(() => bench.On(() => Enumerable.Range(0, bench.Region.Counts.OutboundSas).All(i => bench.Region.OutboundSa((uint)i).State != SlotState.Writing)), 5000), "the move did not end");
        Assert.Equal(andBack ? "198.51.100.1" : "203.0.113.5", bench.Region.OutboundSa(Named()).Destination.ToString());
        Assert.Equal(andBack, before == Named());
        Assert.Single(bench.On(() => bench.Gateway.Sas.Where(s => s.IsOutbound).ToList()));
    }

    [Fact]
    public void Rfc4106_2_NoIvIsUsedTwiceAndNoHeaderIsTornWhileAWorkerSends()
    {
        bench.Install(Children.Of("to-b", 0x1001, 0x2001));
        var ivs = new List<ulong>();
        var broken = new List<string>();
        var stop = false;
        var sender = new Thread(() => Send(ivs, broken, ref stop));
        sender.Start();
        // On a busy machine the sender comes to its turn late.
        for (var i = 0; i < 200 || (i < 20_000 && ivs.Count <= 200); i++)
        {
            if (i % 3 == 0) Move("198.51.100.1");
            else Move($"203.0.113.{i % 3}", 60000 + i % 3);
            if (i % 8 == 0) Thread.Sleep(1);
        }

        Volatile.Write(ref stop, true);
        sender.Join();
        Assert.Empty(broken);
        Assert.True(ivs.Count > 200, $"{ivs.Count} packets");
        Assert.Equal(ivs.Count, ivs.Distinct().Count());
    }

    /// <summary>What a worker does: takes the tunnel's SA, encapsulates.</summary>
    private void Send(List<ulong> ivs, List<string> broken, ref bool stop)
    {
        using var objects = new CipherObjects(512, 512);
        var memory = new FrameMemory(64, 4);
        var pool = new FrameExchange(memory, 1).Pools[0];
        using var esp = new EspOutbound<ManagedKernel>(bench.Region, memory, objects, AesGcmTier.Managed);
        var reasons = new DropReason[1];
        Assert.True(pool.TryTake(out var frame));
        while (!Volatile.Read(ref stop))
        {
            var packet = new Packet { Address = frame + FrameMemory.Headroom, Length = 28, Tag = Named() };
            var inner = memory.Span(packet);
            inner.Clear();
            (inner[0], inner[3], inner[8], inner[9]) = (0x45, 28, 64, 17);
            esp.Encapsulate(new Span<Packet>(ref packet), reasons, 1);
            if (reasons[0] != DropReason.None)
            {
                broken.Add(reasons[0].ToString());
                continue;
            }

            var outer = memory.Span(packet);
            var udp = outer[9] == 17;
            var (last, port) = (outer[19], udp ? BinaryPrimitives.ReadUInt16BigEndian(outer[22..]) : 0);
            var whole = udp ? outer[16] == 203 && port == 60000 + last : outer[9] == 50 && outer[16] == 198 && last == 1;
            uint sum = 0;
            for (var at = 0; at < 20; at += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(outer[at..]);
            while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
            if (!whole || sum != 0xffff) broken.Add(Convert.ToHexString(outer[..32]));
            ivs.Add(BinaryPrimitives.ReadUInt64BigEndian(outer[((udp ? 28 : 20) + 8)..]));
        }
    }
}
