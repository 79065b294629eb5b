using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

[Trait("RFC", "4303")]
public class SequenceTests
{
    [SkippableFact]
    public void Rfc4303_3_3_3_TheFirstNumberIsOneAndEachPacketTakesTheNext()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec());
        for (uint expected = 1; expected < 5; expected++) Assert.Equal(expected, SequenceOf(rig.Encapsulated(Ip.V4(64))));
    }

    [SkippableFact]
    public void NumbersAreReservedInTheRegionBeforeTheyAreUsed()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec());
        for (var i = 1; i <= 9000; i++)
        {
            var sequence = SequenceOf(rig.Encapsulated(Ip.V4(64)));
            Assert.True(rig.Region.OutboundState(0).ReservedUntil >= sequence);
        }

        Assert.Equal(3ul * 4096, rig.Region.OutboundState(0).ReservedUntil);
    }

    [SkippableFact]
    public void AWorkerThatStartsGoesOnBehindWhatWasReserved()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec());
        rig.Encapsulated(Ip.V4(64));
        SequenceBlock.Adopt(ref rig.Region.OutboundState(0));
        Assert.Equal(4097u, SequenceOf(rig.Encapsulated(Ip.V4(64))));
    }

    [SkippableTheory]
    [InlineData(SaFlags.None, uint.MaxValue)]
    [InlineData(SaFlags.None, ulong.MaxValue)]
    [InlineData(SaFlags.Esn, ulong.MaxValue)]
    [InlineData(SaFlags.Esn, 1000ul)]
    public void Rfc4303_3_3_3_TheCounterNeverCycles(SaFlags flags, ulong limit)
    {
        using var rig = new EspRig();
        var last = (flags & SaFlags.Esn) == 0 ? Math.Min(limit, uint.MaxValue) : limit;
        rig.AddOutbound(new SaSpec { Flags = flags, HardLimit = limit, Start = last - 2 });
        Assert.Equal((uint)(last - 1), SequenceOf(rig.Encapsulated(Ip.V4(64))));
        Assert.Equal((uint)last, SequenceOf(rig.Encapsulated(Ip.V4(64))));
        for (var i = 0; i < 3; i++)
        {
            var inner = Ip.V4(64);
            var packet = rig.Put(inner);
            Assert.Equal(DropReason.SequenceExhausted, rig.Encapsulate(ref packet));
            Assert.Equal(i == 0 ? [new SaExpiry(0, true, last)] : [], rig.Outbound.Expiries.ToArray());
            Assert.Equal(inner, rig.Take(packet));
        }

        Assert.Equal(last, rig.Region.OutboundState(0).Sequence);
        Assert.Equal(last, rig.Region.OutboundState(0).ReservedUntil);
        Assert.Equal(3ul, rig.Region.OutboundState(0).Drops);
    }

    [SkippableFact]
    public void ARecordWithoutLimitSendsNothing()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { HardLimit = 0 });
        var packet = rig.Put(Ip.V4(64));
        Assert.Equal(DropReason.SequenceExhausted, rig.Encapsulate(ref packet));
    }

    [SkippableFact]
    public void TheSoftEventComesOnce()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { SoftLimit = 3 });
        var events = new List<int>();
        for (var i = 1; i <= 6; i++)
        {
            rig.Encapsulated(Ip.V4(64));
            if (rig.Outbound.Expiries.Length != 0) events.Add(i);
        }

        Assert.Equal([3], events);
    }

    [SkippableFact]
    public void OctetLimitsWarnAndThenStop()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec());
        rig.Region.OutboundSa(0).BytesSoftLimit = 150;
        rig.Region.OutboundSa(0).BytesHardLimit = 250;
        rig.Encapsulated(Ip.V4(100));
        Assert.Empty(rig.Outbound.Expiries.ToArray());
        rig.Encapsulated(Ip.V4(100));
        Assert.Equal([new SaExpiry(0, false, 2)], rig.Outbound.Expiries.ToArray());
        rig.Encapsulated(Ip.V4(100));
        var packet = rig.Put(Ip.V4(100));
        Assert.Equal(DropReason.SaExpired, rig.Encapsulate(ref packet));
        Assert.Equal([new SaExpiry(0, true, 3)], rig.Outbound.Expiries.ToArray());
    }

    [SkippableFact]
    [Trait("RFC", "4106")]
    public void Rfc4106_3_1_TheInitialisationVectorNeverLeavesTheSpaceAboveItsBase()
    {
        using var rig = new EspRig();
        const ulong last = (1ul << 20) - 1;
        rig.AddOutbound(new SaSpec { IvBase = 0x5a5ul << 20, Flags = SaFlags.Esn, Start = last - 1 });
        var outer = rig.Encapsulated(Ip.V4(64));
        Assert.Equal(0x5a5ul << 20 | last, BigEndian.U64(ref outer[0], 28));
        var packet = rig.Put(Ip.V4(64));
        Assert.Equal(DropReason.SequenceExhausted, rig.Encapsulate(ref packet));
    }

    [SkippableTheory]
    [InlineData(Cipher.AesGcm)]
    [InlineData(Cipher.AesCbcHmacSha512)]
    [InlineData(Cipher.ChaCha20Poly1305)]
    public void Rfc4303_A_ExtendedNumbersCrossTwoToThe32(Cipher cipher)
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Cipher = cipher, Flags = SaFlags.Esn, Start = uint.MaxValue - 40ul, Window = 128 });
        var sent = Enumerable.Range(0, 100).Select(_ => rig.Encapsulated(Ip.V4(64))).ToArray();
        var random = new Random(4303);
        foreach (var block in sent.Chunk(20))
        {
            random.Shuffle(block);
            foreach (var outer in block) Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
            foreach (var outer in block) Assert.Equal(DropReason.Replayed, rig.Decapsulated(outer).Result.Reason);
        }

        Assert.Equal(uint.MaxValue - 40ul + 100, rig.Region.InboundState(0).Highest);
        Assert.Equal(100ul, rig.Region.InboundState(0).Replayed);
    }

    [SkippableFact]
    public void Rfc4303_2_2_1_TheHighHalfIsAuthenticated()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { Flags = SaFlags.Esn, Start = 5ul << 32 });
        rig.AddInbound(new SaSpec { Flags = SaFlags.Esn, Start = 4ul << 32 });
        Assert.Equal(DropReason.IntegrityFailed, rig.Decapsulated(rig.Encapsulated(Ip.V4(64))).Result.Reason);
    }

    private static uint SequenceOf(byte[] outer) => BigEndian.U32(ref outer[0], 24);
}
