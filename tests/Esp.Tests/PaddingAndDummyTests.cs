using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

[Trait("RFC", "4303")]
public class PaddingAndDummyTests
{
    [SkippableFact]
    public void Rfc4303_2_7_InnerPacketsArePaddedToTheMultiple()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { TfcMultiple = 256 });
        foreach (var length in (int[])[28, 100, 255, 256, 257, 1000, 1280])
        {
            var inner = Ip.V4(length);
            var outer = rig.Encapsulated(inner);
            Assert.Equal(EspSize.OuterLength(rig.Region.OutboundSa(0), (length + 255) / 256 * 256), outer.Length);
            Assert.Equal(inner, rig.Decapsulated(outer).Octets);
        }
    }

    [SkippableFact]
    public void Rfc4303_2_7_PaddingDoesNotTakeAPacketPastThePathMtu()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { TfcMultiple = 1000, PathMtu = 1500 });
        ref var sa = ref rig.Region.OutboundSa(0);
        var largest = EspSize.InnerMtu(sa, 1500);
        foreach (var length in (int[])[1001, largest, largest + 1])
        {
            var inner = Ip.V4(length);
            var outer = rig.Encapsulated(inner);
            Assert.Equal(EspSize.OuterLength(sa, Math.Max(length, largest)), outer.Length);
            Assert.Equal(inner, rig.Decapsulated(outer).Octets);
        }
    }

    [SkippableTheory]
    [InlineData(EspMode.Tunnel, Cipher.AesGcm)]
    [InlineData(EspMode.Transport, Cipher.AesGcm)]
    [InlineData(EspMode.Tunnel, Cipher.AesCbcHmacSha256)]
    public void Rfc4303_2_6_DummiesAreAbsorbed(EspMode mode, Cipher cipher)
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec { Mode = mode, Cipher = cipher });
        foreach (var length in (int[])[0, 1, 40, 1300])
        {
            var packet = rig.Put(Enumerable.Repeat((byte)0xaa, length).ToArray());
            Assert.Equal(DropReason.None, rig.Outbound.EncapsulateDummy(ref packet, EspRig.Tick));
            var (result, _) = rig.Decapsulated(rig.Take(packet));
            Assert.Equal(DropReason.None, result.Reason);
            Assert.True(result.IsAbsorbed);
            Assert.Equal(IpProtocol.NoNextHeader, result.NextHeader);
        }

        Assert.False(rig.Decapsulated(rig.Encapsulated(Ip.V4(64))).Result.IsAbsorbed);
        Assert.Equal(5ul, rig.Region.InboundState(0).Packets);
    }

    [SkippableTheory]
    [InlineData(Cipher.AesGcm)]
    [InlineData(Cipher.AesGmac)]
    [InlineData(Cipher.AesCbcHmacSha1)]
    [InlineData(Cipher.AesCbcHmacSha512)]
    public void TheMtuIsTheLargestThatFits(Cipher cipher)
    {
        using var rig = new EspRig();
        foreach (var mode in (EspMode[])[EspMode.Tunnel, EspMode.Transport])
        foreach (var isV6 in (bool[])[false, true])
        foreach (var encapsulation in (EspEncapsulation[])[EspEncapsulation.None, EspEncapsulation.Udp])
        {
            rig.AddOutbound(new SaSpec { Cipher = cipher, Mode = mode, OuterIsV6 = isV6, Encapsulation = encapsulation });
            ref var sa = ref rig.Region.OutboundSa(0);
            for (var pathMtu = 1280; pathMtu < 1320; pathMtu++)
            {
                var inner = EspSize.InnerMtu(sa, pathMtu);
                Assert.True(EspSize.OuterLength(sa, inner) <= pathMtu);
                Assert.True(EspSize.OuterLength(sa, inner + 1) > pathMtu);
                Assert.Equal(EspSize.OuterLength(sa, inner), rig.Encapsulated(Ip.Of(isV6, inner)).Length);
            }

            Assert.Equal(0, EspSize.InnerMtu(sa, 40));
        }
    }

    [SkippableTheory]
    [Trait("RFC", "3948")]
    [InlineData(false, 29)]
    [InlineData(true, 49)]
    public void Rfc3948_2_3_AKeepaliveIsOneOctet(bool isV6, int length)
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec { OuterIsV6 = isV6, Encapsulation = EspEncapsulation.Udp }, 0);
        rig.AddOutbound(new SaSpec { OuterIsV6 = isV6 }, 1);
        var packet = new byte[64];
        Assert.Equal(length, NatKeepalive.Write(ref rig.Region.OutboundSa(0), packet));
        Assert.True(PacketFields.TryRead(packet, out var fields));
        Assert.Equal((length, 4500, 4500), (fields.TotalLength, fields.SourcePort, fields.DestinationPort));
        Assert.True(TransportChecksum.IsRight(packet, fields));
        if (!isV6) Assert.True(InternetChecksum.IsHeaderRight(packet.AsSpan(0, 20)));
        Assert.True(UdpView.TryParse(packet.AsSpan(fields.HeaderLength), out var udp));
        Assert.True(NatKeepalive.Is(udp.Payload));
        Assert.False(NatKeepalive.Is([0xff, 0xff]));
        Assert.Equal(0, NatKeepalive.Write(ref rig.Region.OutboundSa(1), packet));
        Assert.Equal(0, NatKeepalive.Write(ref rig.Region.OutboundSa(0), packet.AsSpan(0, length - 1)));
    }

    [SkippableFact]
    public void NothingIsAllocatedPerPacket()
    {
        using var rig = new EspRig();
        for (uint slot = 0; slot < 16; slot++) rig.AddPair(new SaSpec { Cipher = slot % 4 == 3 ? Cipher.AesGmac : slot % 4 == 2 ? Cipher.ChaCha20Poly1305 : Cipher.AesGcm, Flags = slot % 2 == 0 ? SaFlags.Esn : 0 }, slot);
        var inner = Ip.V4(64);
        var packets = Enumerable.Range(0, 64).Select(i => rig.Put(inner, (uint)i % 16)).ToArray();
        var work = new Packet[64];
        var reasons = new DropReason[64];
        var results = new EspResult[64];
        long allocated = 0;
        for (var round = -100; round < 1600; round++)
        {
            if (round == 0) allocated = GC.GetAllocatedBytesForCurrentThread();
            packets.CopyTo(work, 0);
            rig.Outbound.Encapsulate(work, reasons, EspRig.Tick);
            if (reasons.AsSpan().ContainsAnyExcept(DropReason.None)) Assert.Fail("dropped");
            rig.Inbound.Decapsulate(work, results, EspRig.Tick);
            for (var i = 0; i < 64; i++)
                if (results[i].Reason != DropReason.None)
                    Assert.Fail(results[i].Reason.ToString());
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }
}
