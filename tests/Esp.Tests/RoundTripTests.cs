using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp.Tests;

/// <summary>Every cipher, mode, pair of families, encapsulation and kind of sequence number, there and back.</summary>
[Trait("RFC", "4303")]
public class RoundTripTests
{
    private static readonly int[] Lengths = [28, 48, 49, 50, 51, 64, 65, 100, 576, 1399, 1420, 1500];

    public static TheoryData<Cipher, int, AesGcmTier> Ciphers()
    {
        var ciphers = new TheoryData<Cipher, int, AesGcmTier>();
        foreach (var cipher in Enum.GetValues<Cipher>().Where(CipherFacts.IsKnown))
        {
            foreach (var keyLength in CipherFacts.KeyLengths(cipher).ToArray())
            {
                ciphers.Add(cipher, keyLength, AesGcmTier.Managed);
                if (CipherFacts.HasKernel(cipher)) ciphers.Add(cipher, keyLength, AesGcmTier.Bcl);
            }
        }

        return ciphers;
    }

    [SkippableTheory]
    [MemberData(nameof(Ciphers))]
    public void TunnelMode(Cipher cipher, int keyLength, AesGcmTier tier) => AllCases(cipher, keyLength, tier, EspMode.Tunnel, 0, bothFamilies: true);

    [SkippableTheory]
    [Trait("RFC", "3884")]
    [MemberData(nameof(Ciphers))]
    public void IipTran(Cipher cipher, int keyLength, AesGcmTier tier) => AllCases(cipher, keyLength, tier, EspMode.Transport, SaFlags.IipTran, bothFamilies: true);

    [SkippableTheory]
    [MemberData(nameof(Ciphers))]
    public void TransportMode(Cipher cipher, int keyLength, AesGcmTier tier) => AllCases(cipher, keyLength, tier, EspMode.Transport, 0, bothFamilies: false);

    [SkippableFact]
    [Trait("RFC", "3884")]
    public void Rfc3884_3_IipTranLooksLikeTunnelModeOnTheWire()
    {
        using var rig = new EspRig();
        rig.AddOutbound(new SaSpec(), 0);
        rig.AddOutbound(new SaSpec { Mode = EspMode.Transport, Flags = SaFlags.IipTran }, 1);
        var tunnel = rig.Encapsulated(Ip.V4(100), 0);
        var iipTran = rig.Encapsulated(Ip.V4(100), 1);
        Assert.Equal(tunnel[20..], iipTran[20..]);
        Assert.Equal(tunnel[..4], iipTran[..4]);
        Assert.Equal(tunnel[12..20], iipTran[12..20]);
    }

    [SkippableFact]
    public void JumboPacketsGoThroughARun()
    {
        using var rig = new EspRig();
        rig.AddPair(new SaSpec());
        var inner = Ip.V4(8900);
        var (result, octets) = rig.Decapsulated(rig.Encapsulated(inner));
        Assert.Equal(DropReason.None, result.Reason);
        Assert.Equal(inner, octets);
    }

    [SkippableFact]
    public void BatchesMixSasCiphersAndFailures()
    {
        using var rig = new EspRig();
        Cipher[] ciphers = [Cipher.AesGcm, Cipher.AesGmac, Cipher.ChaCha20Poly1305, Cipher.AesCbcHmacSha256];
        for (uint slot = 0; slot < 8; slot++) rig.AddPair(new SaSpec { Cipher = ciphers[slot % 4], Spi = 0x100 + slot }, slot);
        var inners = Enumerable.Range(0, 64).Select(i => Ip.Of(i % 3 == 0, 60 + i)).ToArray();
        inners[5] = [0x55, .. new byte[40]];
        var packets = inners.Select((inner, i) => rig.Put(inner, (uint)i % 8)).ToArray();
        var reasons = new DropReason[64];
        rig.Outbound.Encapsulate(packets, reasons, EspRig.Tick);
        Assert.Equal(DropReason.BadIpHeader, reasons[5]);
        Assert.Single(reasons, r => r != DropReason.None);
        var sent = packets.Where((_, i) => i != 5).ToArray();
        rig.Memory.At(sent[20].Address + 40) ^= 1;
        var results = new EspResult[63];
        rig.Inbound.Decapsulate(sent, results, EspRig.Tick);
        Assert.Equal(DropReason.IntegrityFailed, results[20].Reason);
        var expected = inners.Where((_, i) => i != 5).ToArray();
        for (var i = 0; i < 63; i++)
        {
            if (i == 20) continue;
            Assert.Equal(DropReason.None, results[i].Reason);
            Assert.Equal(expected[i], rig.Memory.Span(sent[i]).ToArray());
        }

        Assert.Equal(63ul, Enumerable.Range(0, 8).Aggregate(0ul, (sum, slot) => sum + rig.Region.OutboundState((uint)slot).Packets));
        Assert.Equal(62ul, Enumerable.Range(0, 8).Aggregate(0ul, (sum, slot) => sum + rig.Region.InboundState((uint)slot).Packets));
        Assert.Equal(1ul, rig.Region.OutboundState(5).Drops);
    }

    private static void AllCases(Cipher cipher, int keyLength, AesGcmTier tier, EspMode mode, SaFlags flags, bool bothFamilies)
    {
        using var rig = new EspRig(tier);
        var generation = 0u;
        foreach (var outerIsV6 in (bool[])[false, true])
        foreach (var innerIsV6 in (bool[])[false, true])
        foreach (var encapsulation in (EspEncapsulation[])[EspEncapsulation.None, EspEncapsulation.Udp])
        foreach (var esn in (SaFlags[])[0, SaFlags.Esn])
        {
            if (!bothFamilies && innerIsV6 != outerIsV6) continue;
            var spec = new SaSpec
            {
                Cipher = cipher,
                KeyLength = keyLength,
                Mode = mode,
                Encapsulation = encapsulation,
                OuterIsV6 = outerIsV6,
                Flags = flags | esn,
                Start = esn == 0 ? 0 : 0x7_0000_0003ul,
                Generation = ++generation,
            };
            rig.AddPair(spec);
            foreach (var length in Lengths) Check(rig, spec, Ip.Of(innerIsV6, length));
        }
    }

    private static void Check(EspRig rig, SaSpec spec, byte[] inner)
    {
        var outer = rig.Encapsulated(inner);
        Assert.Equal(EspSize.OuterLength(rig.Region.OutboundSa(0), inner.Length), outer.Length);
        Assert.True(PacketFields.TryRead(outer, out var fields));
        Assert.Equal(outer.Length, fields.TotalLength);
        Assert.Equal(spec.OuterIsV6 ? 6 : 4, fields.Family);
        Assert.Equal(spec.Encapsulation == EspEncapsulation.Udp ? IpProtocol.Udp : IpProtocol.Esp, fields.Protocol);
        if (fields.Family == 4) Assert.True(InternetChecksum.IsHeaderRight(outer.AsSpan(0, 20)));
        if (fields.Protocol == IpProtocol.Udp) CheckUdp(outer, fields);
        var (result, octets) = rig.Decapsulated(outer);
        Assert.Equal(DropReason.None, result.Reason);
        Assert.Equal(inner, octets);
        Assert.True(PacketFields.TryRead(octets, out var read));
        Assert.True(TransportChecksum.IsRight(octets, read));
    }

    // RFC 3948 2.1: zero over IPv4; over IPv6 it must be there (RFC 8200 8.1).
    private static void CheckUdp(byte[] outer, in PacketFields fields)
    {
        Assert.True(UdpView.TryParse(outer.AsSpan(fields.HeaderLength), out var udp));
        Assert.Equal((4500, 4500, outer.Length - fields.HeaderLength), (udp.SourcePort, udp.DestinationPort, udp.Length));
        Assert.Equal(fields.Family == 4, udp.Checksum == 0);
        Assert.True(TransportChecksum.IsRight(outer, fields));
    }
}
