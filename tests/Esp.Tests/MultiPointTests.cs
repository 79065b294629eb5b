using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

/// <summary>One SA of many senders (draft-yamaya-ipsecme-mpsa; RFC 6054): where a packet goes, which IV it has, and whose replay it is.</summary>
public sealed class MultiPointTests
{
    private const uint Mine = 0x2a, Theirs = 0x2b;
    private const string MemberV4 = "203.0.113.9", MemberV6 = "2001:db8:9::9";

    private static SaSpec Sender(uint id, Cipher cipher = Cipher.AesGcm, bool outerIsV6 = false) =>
        new() { Cipher = cipher, Flags = SaFlags.MultiPoint, SenderIdBits = 20, SenderId = id, HardLimit = (1ul << 44) - 1, OuterIsV6 = outerIsV6 };

    private static EspRig Rig(Cipher cipher = Cipher.AesGcm, bool outerIsV6 = false)
    {
        var rig = new EspRig();
        rig.AddPair(Sender(Mine, cipher, outerIsV6));
        rig.AddOutbound(Sender(Theirs, cipher, outerIsV6), 1);
        rig.AddMember(1, MemberV4);
        rig.AddMember(2, MemberV6);
        rig.AddMember(3, "198.51.100.77");
        return rig;
    }

    private static ulong Iv(byte[] outer) => BinaryPrimitives.ReadUInt64BigEndian(outer.AsSpan((outer[0] >> 4 == 4 ? 20 : 40) + 8));

    private static uint Only(EspRig rig) => Assert.Single(rig.Region.LiveSenders());

    [SkippableTheory]
    [InlineData(Cipher.AesGcm)]
    [InlineData(Cipher.AesGmac)]
    [InlineData(Cipher.ChaCha20Poly1305)]
    [InlineData(Cipher.AesCbcHmacSha256)]
    public void EveryPacketGoesToItsMember_AndTheChecksumIsRight(Cipher cipher)
    {
        using var rig = new EspRig();
        var counter = !CipherFacts.IsCbc(cipher);
        var spec = counter ? Sender(Mine, cipher) : new SaSpec { Cipher = cipher, Flags = SaFlags.MultiPoint, Window = 0 };
        rig.AddPair(spec);
        rig.AddMember(1, MemberV4);
        rig.AddMember(3, "198.51.100.77");
        foreach (var (hop, address) in new[] { (1u, MemberV4), (3u, "198.51.100.77"), (1u, MemberV4) })
        {
            var inner = Ip.V4(100, trafficClass: 0xb8);
            var outer = rig.Encapsulated(inner, 0, hop);
            Assert.True(PacketFields.TryRead(outer, out var fields));
            Assert.Equal((EspRig.Address("192.0.2.1"), EspRig.Address(address), (byte)IpProtocol.Esp, (byte)0xb8), (Source(outer), Destination(outer), fields.Protocol, fields.TrafficClass));
            Assert.True(InternetChecksum.IsHeaderRight(outer.AsSpan(0, 20)));
            Assert.Equal(inner, Plain(rig.Decapsulated(outer)));
        }
    }

    [SkippableFact]
    public void OuterIPv6GoesToItsMemberToo()
    {
        using var rig = Rig(outerIsV6: true);
        var outer = rig.Encapsulated(Ip.V4(100), 0, 2);
        Assert.True(PacketFields.TryRead(outer, out var fields));
        Assert.Equal((EspRig.Address("2001:db8::1"), EspRig.Address(MemberV6), outer.Length), (Source(outer), Destination(outer), fields.TotalLength));
        Assert.Equal(Ip.V4(100), Plain(rig.Decapsulated(outer)));
    }

    /// <summary>No member, or one of the other family: nothing leaves, no number is used.</summary>
    [SkippableTheory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(100_000)]
    public void WithoutAMemberOfItsFamilyNothingLeaves(uint hop)
    {
        using var rig = Rig();
        var packet = rig.Put(Ip.V4(100));
        Assert.Equal(DropReason.NoTunnelForPolicy, rig.Encapsulate(ref packet, hop));
        Assert.Equal(Ip.V4(100), rig.Take(packet));
        Assert.Equal(0ul, rig.Region.OutboundState(0).Sequence);
    }

    [SkippableFact]
    [Trait("RFC", "6054")]
    public void Rfc6054_TheSenderIdIsAboveTheCounter()
    {
        using var rig = Rig();
        for (ulong i = 1; i <= 3; i++) Assert.Equal((ulong)Mine << 44 | i, Iv(rig.Encapsulated(Ip.V4(64), 0, 1)));
        for (ulong i = 1; i <= 3; i++) Assert.Equal((ulong)Theirs << 44 | i, Iv(rig.Encapsulated(Ip.V4(64), 1, 1)));
    }

    /// <summary>Also where the Sender-ID's own bits would leave more room (it is even), and the record names no limit.</summary>
    [SkippableFact]
    public void TheIvSpaceUnderASenderIdEndsWithAHardEvent()
    {
        using var rig = Rig();
        rig.AddOutbound(Sender(Mine) with { Start = (1ul << 44) - 3, HardLimit = ulong.MaxValue }, 2);
        rig.Encapsulated(Ip.V4(64), 2, 1);
        Assert.Equal((ulong)Mine << 44 | ((1ul << 44) - 1), Iv(rig.Encapsulated(Ip.V4(64), 2, 1)));
        for (var i = 0; i < 2; i++)
        {
            var packet = rig.Put(Ip.V4(64), 2);
            Assert.Equal(DropReason.SequenceExhausted, rig.Encapsulate(ref packet, 1));
            if (i == 0) Assert.Equal([new SaExpiry(2, true, (1ul << 44) - 1)], rig.Outbound.Expiries.ToArray());
        }
    }

    [SkippableFact]
    public void ACounterModeWithoutSenderIdSendsNothing()
    {
        using var rig = new EspRig();
        rig.AddMember(1, MemberV4);
        foreach (var spec in new[] { new SaSpec { Flags = SaFlags.MultiPoint }, Sender(0), new SaSpec { Flags = SaFlags.MultiPoint, IvBase = 1ul << 60 } })
        {
            rig.AddOutbound(spec with { HardLimit = 1000 });
            var packet = rig.Put(Ip.V4(64));
            Assert.Equal(DropReason.SequenceExhausted, rig.Encapsulate(ref packet, 1));
        }
    }

    /// <summary>Its 32-bit sequence number wraps and means nothing; the IV's counter goes on.</summary>
    [SkippableFact]
    public void TheSequenceNumberMayWrap()
    {
        using var rig = Rig();
        rig.AddOutbound(Sender(Mine) with { Start = uint.MaxValue - 2 });
        var sent = Enumerable.Range(0, 6).Select(_ => rig.Encapsulated(Ip.V4(64), 0, 1)).ToList();
        Assert.Equal([uint.MaxValue - 1, uint.MaxValue, 0, 1, 2, 3], sent.Select(o => BinaryPrimitives.ReadUInt32BigEndian(o.AsSpan(24))));
        Assert.Equal(6, sent.Select(Iv).Distinct().Count());
        foreach (var outer in sent) Assert.Equal(Ip.V4(64), Plain(rig.Decapsulated(outer)));
        foreach (var outer in sent) Assert.Equal(DropReason.Replayed, rig.Decapsulated(outer).Result.Reason);
        Assert.Equal(uint.MaxValue + 4ul, rig.Region.Sender(Only(rig)).Highest);
    }

    [SkippableTheory]
    [InlineData(Cipher.AesGcm)]
    [InlineData(Cipher.AesGmac)]
    [InlineData(Cipher.ChaCha20Poly1305)]
    public void TwoSendersWithEqualCountersAreBothAccepted_AndEachReplayIsRefused(Cipher cipher)
    {
        using var rig = Rig(cipher);
        var sent = new List<byte[]>();
        for (var i = 0; i < 10; i++) sent.AddRange([rig.Encapsulated(Ip.V4(64), 0, 1), rig.Encapsulated(Ip.V4(64), 1, 3)]);
        foreach (var outer in sent) Assert.Equal(Ip.V4(64), Plain(rig.Decapsulated(outer)));
        foreach (var outer in sent)
        {
            // Whoever repeats it, from wherever: the outer header is not authenticated.
            BinaryPrimitives.WriteUInt32BigEndian(outer.AsSpan(12), 0x08080808);
            Ipv4Header.WriteChecksum(outer.AsSpan(0, 20));
            Assert.Equal(DropReason.Replayed, rig.Decapsulated(outer).Result.Reason);
        }

        Assert.Equal(2, rig.Region.LiveSenders().Count);
        foreach (var record in rig.Region.LiveSenders())
        {
            ref var sender = ref rig.Region.Sender(record);
            Assert.Contains(sender.SenderId, new[] { Mine, Theirs });
            Assert.Equal((10ul, 640ul, 10ul, 0ul, 10ul, EspRig.Tick), (sender.Packets, sender.Bytes, sender.Replayed, sender.TooOld, sender.Highest, sender.LastUsed));
            Assert.Equal(EspRig.Address("192.0.2.1"), sender.LastSource);
        }

        Assert.Equal(new InboundTotals(20, 1280, 0, 20, 0, 0, EspRig.Tick, 2), rig.Region.InboundTotals(0));
        Assert.Equal(0ul, rig.Region.InboundState(0).Packets);
    }

    [SkippableFact]
    public void OneBatchMayBringASendersFirstPacketsAndTheirCopies()
    {
        using var rig = Rig();
        var sent = Enumerable.Range(0, 3).Select(_ => rig.Encapsulated(Ip.V4(64), 0, 1)).ToList();
        var packets = sent.Concat(sent).Select(o => rig.Put(o)).ToArray();
        var results = new EspResult[6];
        rig.Inbound.Decapsulate(packets, results, EspRig.Tick);
        Assert.Equal([DropReason.None, DropReason.None, DropReason.None, DropReason.Replayed, DropReason.Replayed, DropReason.Replayed], results.Select(r => r.Reason));
        Assert.Equal(3ul, rig.Region.Sender(Only(rig)).Replayed);
        rig.GiveAll();
    }

    [SkippableFact]
    public void LeftOfTheWindowIsTooOld()
    {
        using var rig = Rig();
        var first = rig.Encapsulated(Ip.V4(64), 0, 1);
        rig.AddOutbound(Sender(Mine) with { Start = 64 });
        Assert.Equal(DropReason.None, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0, 1)).Result.Reason);
        Assert.Equal(DropReason.TooOld, rig.Decapsulated(first).Result.Reason);
        Assert.Equal(1ul, rig.Region.Sender(Only(rig)).TooOld);
    }

    /// <summary>Whoever has not the key claims nothing, whatever Sender-ID he writes.</summary>
    [SkippableTheory]
    [InlineData(Cipher.AesGcm)]
    [InlineData(Cipher.AesGmac)]
    [InlineData(Cipher.ChaCha20Poly1305)]
    public void AForgedSenderIdClaimsNothing_AndMovesNoWindow(Cipher cipher)
    {
        using var rig = Rig(cipher);
        Assert.Equal(DropReason.None, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0, 1)).Result.Reason);
        var mine = Only(rig);
        for (var i = 0; i < 100; i++)
        {
            var outer = rig.Encapsulated(Ip.V4(64), 1, 1);
            BinaryPrimitives.WriteUInt64BigEndian(outer.AsSpan(28), i < 50 ? (ulong)Mine << 44 | (1ul << 43) | (uint)i : (ulong)RandomNumberGenerator.GetInt32(1, 1 << 20) << 44 | (uint)i);
            Assert.Equal(DropReason.IntegrityFailed, rig.Decapsulated(outer).Result.Reason);
        }

        Assert.Equal(mine, Only(rig));
        Assert.Equal(1ul, rig.Region.Sender(mine).Highest);
        Assert.Equal(100ul, rig.Region.InboundTotals(0).IntegrityFailed);
    }

    [SkippableFact]
    public void AFullTableDropsWhatItCannotCheck()
    {
        using var rig = new EspRig(senders: 1);
        rig.AddPair(Sender(Mine));
        rig.AddOutbound(Sender(Theirs), 1);
        rig.AddMember(1, MemberV4);
        Assert.Equal(DropReason.None, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0, 1)).Result.Reason);
        Assert.Equal(DropReason.SenderTableFull, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 1, 1)).Result.Reason);
        Assert.Equal(DropReason.None, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0, 1)).Result.Reason);
        Assert.Equal(1ul, rig.Region.InboundTotals(0).OtherDrops);
    }

    [SkippableFact]
    public void AnotherWorkersSenderIsNotTouched()
    {
        using var rig = Rig();
        var second = new EspInbound<ManagedKernel>(rig.Region, rig.Memory, rig.Objects, AesGcmTier.Managed, worker: 1);
        Assert.Equal(DropReason.None, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0, 1)).Result.Reason);
        Assert.Equal(DropReason.SenderClaimLost, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0, 1), by: second).Result.Reason);
        Assert.Equal(DropReason.None, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 1, 1), by: second).Result.Reason);
        Assert.Equal([(Mine, 0u, 1ul), (Theirs, 1u, 1ul)], rig.Region.LiveSenders().Select(r => (rig.Region.Sender(r).SenderId, rig.Region.Sender(r).Worker, rig.Region.Sender(r).Highest)).Order());
        Assert.Equal(1ul, rig.Region.InboundTotals(0).OtherDrops);
    }

    /// <summary>A slot's next life knows nobody of the one before.</summary>
    [SkippableFact]
    public void AnotherGenerationHasOtherSenders()
    {
        using var rig = Rig();
        var outer = rig.Encapsulated(Ip.V4(64), 0, 1);
        Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
        rig.AddInbound(Sender(Mine) with { Generation = 2 });
        Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
        Assert.Equal(2, rig.Region.LiveSenders().Count);
        Assert.Equal(1, rig.Region.InboundTotals(0).Senders);
    }

    /// <summary>A replay window of 0: senders are known and counted, nothing is refused.</summary>
    [SkippableFact]
    public void WithoutAReplayWindowSendersAreCountedStill()
    {
        using var rig = Rig();
        rig.AddInbound(Sender(Mine) with { Window = 0 });
        var outer = rig.Encapsulated(Ip.V4(64), 0, 1);
        for (var i = 0; i < 2; i++) Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
        Assert.Equal((2ul, 1ul), (rig.Region.Sender(Only(rig)).Packets, rig.Region.Sender(Only(rig)).Highest));
    }

    /// <summary>Without Sender-IDs nothing can be checked: the window is off, and no sender is known.</summary>
    [SkippableFact]
    public void CbcHasNoSendersAndNoWindow()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Cipher = Cipher.AesCbcHmacSha256, Flags = SaFlags.MultiPoint, Window = 0, Start = uint.MaxValue - 1ul, HardLimit = ulong.MaxValue });
        rig.AddMember(1, MemberV4);
        var sent = Enumerable.Range(0, 4).Select(_ => rig.Encapsulated(Ip.V4(64), 0, 1)).ToList();
        foreach (var outer in sent.Concat(sent)) Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
        Assert.Empty(rig.Region.LiveSenders());
        Assert.Equal(8ul, rig.Region.InboundTotals(0).Packets);
    }

    [SkippableFact]
    public void TfcPaddingAndDummiesWorkUnderIt()
    {
        using var rig = Rig();
        rig.AddOutbound(Sender(Mine) with { TfcMultiple = 512 });
        var padded = rig.Encapsulated(Ip.V4(100), 0, 1);
        Assert.True(padded.Length > 512);
        Assert.Equal(Ip.V4(100), Plain(rig.Decapsulated(padded)));
        var dummy = rig.Put(new byte[200]);
        Assert.Equal(DropReason.None, rig.Outbound.EncapsulateDummy(ref dummy, EspRig.Tick, 1));
        var (result, _) = rig.Decapsulated(rig.Take(dummy));
        Assert.True(result.IsAbsorbed);
        Assert.Equal(2ul, rig.Region.Sender(Only(rig)).Packets);
    }

    /// <summary>Every truncated length, every Sender-ID width: no exception, nothing claimed.</summary>
    [SkippableFact]
    public void WhatIsCutShortOrOfAnotherWidthIsRefused()
    {
        using var rig = Rig();
        var outer = rig.Encapsulated(Ip.V4(64), 0, 1);
        for (var length = 1; length < outer.Length; length++) Assert.NotEqual(DropReason.None, rig.Decapsulated(outer.AsSpan(0, length)).Result.Reason);
        Assert.Empty(rig.Region.LiveSenders());
        for (var bits = 1; bits <= 32; bits++)
        {
            rig.AddInbound(Sender(Mine) with { Generation = 100u + (uint)bits, SenderIdBits = (byte)bits });
            Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
            Assert.Equal(DropReason.Replayed, rig.Decapsulated(outer).Result.Reason);
        }
    }

    private static IpAddress Source(byte[] ip) => ip[0] >> 4 == 4 ? IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(ip.AsSpan(12))) : IpAddress.FromV6(ip.AsSpan(8));

    private static IpAddress Destination(byte[] ip) => ip[0] >> 4 == 4 ? IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(ip.AsSpan(16))) : IpAddress.FromV6(ip.AsSpan(24));

    private static byte[] Plain((EspResult Result, byte[] Octets) opened)
    {
        Assert.Equal(DropReason.None, opened.Result.Reason);
        return opened.Octets;
    }
}
