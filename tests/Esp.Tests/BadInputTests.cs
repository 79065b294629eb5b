using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Esp.Tests;

/// <summary>Whatever is wrong with a packet: dropped for its own reason, counted, nothing visible, nothing thrown.</summary>
[Trait("RFC", "4303")]
public class BadInputTests
{
    public static TheoryData<Cipher> Ciphers() => [Cipher.AesGcm, Cipher.AesGmac, Cipher.ChaCha20Poly1305, Cipher.AesCbcHmacSha1, Cipher.AesCbcHmacSha384];

    [SkippableTheory]
    [MemberData(nameof(Ciphers))]
    public void EveryTruncatedLengthIsDropped(Cipher cipher)
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Cipher = cipher });
        var outer = rig.Encapsulated(Ip.V4(64));
        for (var length = 0; length < outer.Length; length++)
        {
            Assert.Equal(DropReason.Truncated, rig.Decapsulated(outer.AsSpan(0, length)).Result.Reason);
            if (length < 20) continue;
            // The same with a total length that agrees: no header in sight is wrong, ESP is short.
            var shorter = outer[..length];
            Ipv4Header.Change16(ref shorter[0], 2, (ushort)length);
            var reason = rig.Decapsulated(shorter).Result.Reason;
            Assert.True(reason is DropReason.EspMalformed or DropReason.IntegrityFailed, $"{length} octets: {reason}");
        }

        Assert.Equal(0ul, rig.Region.InboundState(0).Packets);
        Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
    }

    [SkippableTheory]
    [MemberData(nameof(Ciphers))]
    public void EveryFlippedBitOfEspIsDropped(Cipher cipher)
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { Cipher = cipher, Start = 2 });
        rig.AddInbound(new SaSpec { Cipher = cipher });
        var inner = Ip.V4(60);
        var outer = rig.Encapsulated(inner);
        for (var bit = 20 * 8; bit < outer.Length * 8; bit++)
        {
            var flipped = outer.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var packet = rig.Put(flipped);
            var result = rig.Decapsulate(ref packet);
            Assert.Equal(bit < 24 * 8 ? DropReason.UnknownSpi : DropReason.IntegrityFailed, result.Reason);
            var left = rig.Take(packet);
            if (cipher != Cipher.AesGmac) Assert.True(left.AsSpan().IndexOf(inner.AsSpan(20, 16)) < 0, "plaintext of a forged packet is visible");
        }

        Assert.Equal(0ul, rig.Region.InboundState(0).Packets);
        Assert.Equal(0ul, rig.Region.InboundState(0).Highest);
        Assert.Equal((ulong)(outer.Length - 24) * 8, rig.Region.InboundState(0).IntegrityFailed);
        Assert.Equal(DropReason.None, rig.Decapsulated(outer).Result.Reason);
    }

    [SkippableFact]
    public void Rfc4303_3_4_3_AReplayedPacketIsDroppedAndSoIsItsCopyInTheSameBatch()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec());
        var outer = rig.Encapsulated(Ip.V4(64));
        Packet[] packets = [rig.Put(outer), rig.Put(outer)];
        var results = new EspResult[2];
        rig.Inbound.Decapsulate(packets, results, EspRig.Tick);
        Assert.Equal([DropReason.None, DropReason.Replayed], results.Select(r => r.Reason));
        Assert.Equal(DropReason.Replayed, rig.Decapsulated(outer).Result.Reason);
        Assert.Equal(2ul, rig.Region.InboundState(0).Replayed);
        Assert.Equal(1ul, rig.Region.InboundState(0).Packets);
    }

    [SkippableFact]
    public void Rfc4303_3_4_3_LeftOfTheWindowIsTooOld()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec());
        var sent = Enumerable.Range(0, 70).Select(_ => rig.Encapsulated(Ip.V4(64))).ToArray();
        Assert.Equal(DropReason.None, rig.Decapsulated(sent[69]).Result.Reason);
        Assert.Equal(DropReason.TooOld, rig.Decapsulated(sent[5]).Result.Reason);
        Assert.Equal(DropReason.None, rig.Decapsulated(sent[6]).Result.Reason);
        Assert.Equal(1ul, rig.Region.InboundState(0).TooOld);
    }

    [SkippableFact]
    public void Rfc4303_3_3_3_SequenceNumberZeroIsNeverSent()
    {
        using var rig = new EspRig();
        rig.AddInbound(new SaSpec(), 0);
        rig.AddInbound(new SaSpec { Window = 0 }, 1);
        var zero = CraftedPacket.Of(new SaSpec(), 0, CraftedPacket.Aligned(Ip.V4(64), 4));
        Assert.Equal(DropReason.SequenceZero, rig.Decapsulated(zero).Result.Reason);
        Assert.Equal(DropReason.None, rig.Decapsulated(zero, 1).Result.Reason);
        Assert.Equal(DropReason.None, rig.Decapsulated(zero, 1).Result.Reason);
    }

    [SkippableFact]
    public void Rfc4303_2_4_PaddingIsCheckedOnReceipt()
    {
        using var rig = new EspRig();
        rig.AddInbound(new SaSpec());
        var inner = Ip.V4(64);
        uint sequence = 1;
        foreach (var padLength in (int[])[2, 6, 10, 30, 254])
        {
            var right = CraftedPacket.WithTrailer(inner, padLength, 4);
            Assert.Equal(DropReason.None, rig.Decapsulated(CraftedPacket.Of(new SaSpec(), sequence++, right)).Result.Reason);
            for (var at = 64; at < 64 + padLength; at++)
            {
                var wrong = right.ToArray();
                wrong[at] ^= 0x40;
                Assert.Equal(DropReason.BadPadding, rig.Decapsulated(CraftedPacket.Of(new SaSpec(), sequence++, wrong)).Result.Reason);
            }
        }

        byte[] longer = [.. new byte[58], 59, 4];
        Assert.Equal(DropReason.BadPadding, rig.Decapsulated(CraftedPacket.Of(new SaSpec(), sequence, longer)).Result.Reason);
    }

    [SkippableFact]
    public void Rfc4303_2_6_TheNextHeaderFitsTheMode()
    {
        using var rig = new EspRig();
        rig.AddInbound(new SaSpec());
        rig.AddInbound(new SaSpec { Mode = EspMode.Transport, Flags = SaFlags.IipTran }, 1);
        for (var next = 0; next < 256; next++)
        {
            var packet = CraftedPacket.Of(new SaSpec(), (uint)next + 1, CraftedPacket.Aligned(Ip.V4(64), (byte)next));
            var expected = next switch { 4 => DropReason.None, 41 => DropReason.BadIpHeader, 59 => DropReason.None, _ => DropReason.BadNextHeader };
            Assert.Equal(expected, rig.Decapsulated(packet).Result.Reason);
            Assert.Equal(expected, rig.Decapsulated(packet, 1).Result.Reason);
        }
    }

    [SkippableFact]
    public void AnInnerPacketThatIsNotWholeIsDropped()
    {
        using var rig = new EspRig();
        rig.AddInbound(new SaSpec());
        uint sequence = 1;
        void Expect(DropReason reason, byte[] payload, byte next) =>
            Assert.Equal(reason, rig.Decapsulated(CraftedPacket.Of(new SaSpec(), sequence++, CraftedPacket.Aligned(payload, next))).Result.Reason);
        Expect(DropReason.Truncated, Ip.V4(64)[..63], 4);
        Expect(DropReason.Truncated, Ip.V4(64)[..19], 4);
        Expect(DropReason.Truncated, Ip.V6(64)[..63], 41);
        Expect(DropReason.Truncated, Ip.V6(64)[..39], 41);
        Expect(DropReason.Truncated, [], 4);
        Expect(DropReason.BadIpHeader, Ip.V6(64), 4);
        byte[] lies = Ip.V4(64);
        lies[2] = 0;
        lies[3] = 19;
        Expect(DropReason.BadIpHeader, lies, 4);
    }

    [SkippableFact]
    [Trait("RFC", "3948")]
    public void TheEncapsulationMustBeTheSas()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec(), 0);
        rig.AddPair(new SaSpec { Encapsulation = EspEncapsulation.Udp }, 1);
        Assert.Equal(DropReason.WrongEncapsulation, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 1), 0).Result.Reason);
        Assert.Equal(DropReason.WrongEncapsulation, rig.Decapsulated(rig.Encapsulated(Ip.V4(64), 0), 1).Result.Reason);
        Assert.Equal(DropReason.EspMalformed, rig.Decapsulated(Ip.V4(64, protocol: 6), 0).Result.Reason);
        var outer = rig.Encapsulated(Ip.V4(64), 1);
        outer[24] = 0xff;
        Assert.Equal(DropReason.EspMalformed, rig.Decapsulated(outer, 1).Result.Reason);
    }

    [SkippableFact]
    public void AFragmentIsNotOpened()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec());
        var outer = rig.Encapsulated(Ip.V4(64));
        Ipv4Header.Change16(ref outer[0], 6, Ipv4Header.MoreFragments);
        Assert.Equal(DropReason.BadFragment, rig.Decapsulated(outer).Result.Reason);
        Ipv4Header.Change16(ref outer[0], 6, 3);
        Assert.Equal(DropReason.BadFragment, rig.Decapsulated(outer).Result.Reason);
    }

    [SkippableFact]
    public void Rfc4303_3_3_4_TransportModeTakesNoFragments()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { Mode = EspMode.Transport });
        var inner = Ip.V4(64);
        Ipv4Header.Change16(ref inner[0], 6, Ipv4Header.MoreFragments);
        var packet = rig.Put(inner);
        Assert.Equal(DropReason.BadFragment, rig.Encapsulate(ref packet));
    }

    [SkippableFact]
    public void WhatIsNoIpPacketIsNotEncapsulated()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec(), 0);
        rig.AddOutbound(new SaSpec { Mode = EspMode.Transport }, 1);
        foreach (var slot in (uint[])[0, 1])
        {
            foreach (var (bad, reason) in ((byte[], DropReason)[])[([], DropReason.Truncated), (new byte[19], DropReason.Truncated), ([0x60, .. new byte[38]], DropReason.Truncated),
                ([0x50, .. new byte[60]], DropReason.BadIpHeader)])
            {
                var packet = rig.Put(bad, slot);
                Assert.Equal(reason, rig.Encapsulate(ref packet));
                Assert.Equal(bad, rig.Take(packet));
            }
        }

        Assert.Equal(0ul, rig.Region.OutboundState(0).Sequence);
    }

    [SkippableFact]
    public void APacketWithoutRoomAroundItStaysAsItIs()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { OuterIsV6 = true, Encapsulation = EspEncapsulation.Udp });
        var inner = Ip.V4(64);
        // IPv6, UDP, ESP header and IV: 64 octets in front; padding, trailer and ICV: 18 behind.
        var packet = rig.Put(inner, 0, headroom: 63);
        Assert.Equal(DropReason.NoRoom, rig.Encapsulate(ref packet));
        Assert.Equal(inner, rig.Take(packet));
        packet = rig.Put(inner, 0, headroom: 64);
        Assert.Equal(DropReason.None, rig.Encapsulate(ref packet));
        rig.GiveAll();
        packet = rig.Put(inner, 0, FrameMemory.FrameSize - 64 - 19);
        Assert.Equal(DropReason.NoRoom, rig.Encapsulate(ref packet));
        Assert.Equal(inner, rig.Take(packet));
        packet = rig.Put(inner, 0, FrameMemory.FrameSize - 64 - 20);
        Assert.Equal(DropReason.None, rig.Encapsulate(ref packet));
        Assert.Equal(1ul + 1, rig.Region.OutboundState(0).Sequence);
    }

    [SkippableFact]
    public void ACipherThatWasNotPreparedForThisLifeOfTheSlotIsUnavailable()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Cipher = Cipher.ChaCha20Poly1305 });
        var outer = rig.Encapsulated(Ip.V4(64));
        rig.Region.OutboundSa(0).Generation++;
        rig.Region.InboundSa(0).Generation++;
        var packet = rig.Put(Ip.V4(64));
        Assert.Equal(DropReason.CipherUnavailable, rig.Encapsulate(ref packet));
        Assert.Equal(DropReason.CipherUnavailable, rig.Decapsulated(outer).Result.Reason);
        rig.Region.InboundSa(0).Generation--;
        rig.Objects.ForgetInbound(0);
        rig.Objects.DisposeForgotten();
        Assert.Equal(DropReason.CipherUnavailable, rig.Decapsulated(outer).Result.Reason);
    }

    [SkippableFact]
    public void NoOctetsMakeItThrow()
    {
        using var rig = new EspRig();
        SaSpec[] specs =
        [
            new() { Window = 0 }, new() { Mode = EspMode.Transport, Window = 0 }, new() { Cipher = Cipher.AesCbcHmacSha256, Encapsulation = EspEncapsulation.Udp },
            new() { Cipher = Cipher.AesGmac, Flags = SaFlags.Esn, OuterIsV6 = true }, new() { Cipher = Cipher.ChaCha20Poly1305, Mode = EspMode.Transport, Flags = SaFlags.IipTran },
        ];
        for (uint slot = 0; slot < specs.Length; slot++) rig.AddPair(specs[slot], slot);
        var octet = Gen.Choose(0, 255).Select(o => (byte)o);
        var start = Gen.Elements<byte[]>([], [0x45], [0x46, 0], [0x60, 0, 0, 0, 0], [0x45, 0, 0, 60, 0, 0, 0, 0, 64, 50], [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17], [0x60, 0, 0, 0, 0, 20, 50], [0x60, 0, 0, 0, 0, 20, 0]);
        var octets = from first in start from rest in octet.ArrayOf() from slot in Gen.Choose(0, specs.Length - 1) select (Octets: first.Concat(rest).ToArray(), Slot: (uint)slot);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(4000), Prop.ForAll(octets.ToArbitrary(), input =>
        {
            var packet = rig.Put(input.Octets, input.Slot);
            var result = rig.Decapsulate(ref packet);
            rig.GiveAll();
            packet = rig.Put(input.Octets, input.Slot);
            rig.Encapsulate(ref packet);
            rig.GiveAll();
            return result.Reason != DropReason.None;
        }));
    }
}
