using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Wire.Tests;

public class PacketFieldsTests
{
    [Fact]
    [Trait("RFC", "791")]
    public void ReadsIpv4()
    {
        Assert.True(PacketFields.TryRead(Sample.Udp4, out var f));
        Assert.Equal((4, IpProtocol.Udp, 61, 20), (f.Family, f.Protocol, f.TotalLength, f.HeaderLength));
        Assert.Equal((0x0a010001u, 0x0a020002u, 0xffff_0a01_0001ul, 0ul), (f.SourceV4, f.DestinationV4, f.SourceLow, f.SourceHigh));
        Assert.Equal((1111, 2222, true), (f.SourcePort, f.DestinationPort, f.HasPorts));
        Assert.Equal((46, 1, 63, 7u), (f.Dscp, f.Ecn, f.TimeToLive, f.Identification));
        Assert.False(f.DontFragment | f.IsFragment);
    }

    [Fact]
    [Trait("RFC", "8200")]
    public void ReadsIpv6()
    {
        Assert.True(PacketFields.TryRead(Sample.Udp6, out var f));
        Assert.Equal((6, IpProtocol.Udp, 66, 40), (f.Family, f.Protocol, f.TotalLength, f.HeaderLength));
        Assert.Equal((0xfd00_0001_0000_0000ul, 1ul, 0xfd00_0002_0000_0000ul, 2ul), (f.SourceHigh, f.SourceLow, f.DestinationHigh, f.DestinationLow));
        Assert.Equal((1111, 2222, true), (f.SourcePort, f.DestinationPort, f.HasPorts));
        Assert.True(f.DontFragment);
    }

    [Fact]
    public void IcmpTypeAndCodeStandAsSourcePort()
    {
        var packet = Sample.Ipv4(8, IpProtocol.Icmp);
        packet[20] = 3;
        packet[21] = 4;
        Assert.True(PacketFields.TryRead(packet, out var f));
        Assert.Equal((0x304, 0, true), (f.SourcePort, f.DestinationPort, f.HasPorts));
    }

    [Theory]
    [Trait("RFC", "4301")]
    [InlineData((ushort)0x2000, true, true)]
    [InlineData((ushort)0x2001, false, true)]
    [InlineData((ushort)0x0001, false, true)]
    [InlineData((ushort)0x4000, true, false)]
    public void Rfc4301_4_4_1_1_LaterFragmentsHaveNoPorts(ushort flags, bool hasPorts, bool isFragment)
    {
        Assert.True(PacketFields.TryRead(Sample.Ipv4(16, flags: flags), out var f));
        Assert.Equal((hasPorts, isFragment, flags == 0x4000), (f.HasPorts, f.IsFragment, f.DontFragment));
        Assert.Equal((flags & 0x1fff) * 8, f.FragmentOffset);
    }

    [Fact]
    public void PortsThatAreNotThereAreOpaque()
    {
        Assert.True(PacketFields.TryRead(Sample.Ipv4(3), out var f));
        Assert.False(f.HasPorts);
        Assert.True(PacketFields.TryRead(Sample.Ipv4(8, IpProtocol.Esp), out f));
        Assert.False(f.HasPorts);
    }

    [Fact]
    [Trait("RFC", "8200")]
    public void Rfc8200_4_ExtensionHeadersAreWalked()
    {
        byte[] extensions = [IpProtocol.Routing, 0, 0, 0, 0, 0, 0, 0, IpProtocol.DestinationOptions, 0, 0, 0, 0, 0, 0, 0, IpProtocol.Udp, 1, .. new byte[14]];
        var packet = Sample.Ipv6(extensions, IpProtocol.HopByHop, 12);
        Assert.True(PacketFields.TryRead(packet, out var f));
        Assert.Equal((IpProtocol.Udp, 72, false), (f.Protocol, f.HeaderLength, f.IsFragment));
        Assert.True(Ipv6Extensions.TryWalk(packet, out var e));
        Assert.Equal((56, 48, 72, 56), (e.PerFragmentLength, e.PerFragmentNamedAt, e.UpperOffset, e.UpperNamedAt));
    }

    [Fact]
    [Trait("RFC", "8200")]
    public void Rfc8200_4_5_FragmentHeaders()
    {
        byte[] first = [IpProtocol.Udp, 0, 0, 1, 1, 2, 3, 4];
        Assert.True(PacketFields.TryRead(Sample.Ipv6(first, IpProtocol.Fragment, 16), out var f));
        Assert.Equal((true, true, 0x01020304u, true), (f.IsFragment, f.MoreFragments, f.Identification, f.HasPorts));
        byte[] later = [IpProtocol.DestinationOptions, 0, 0x01, 0x08, 1, 2, 3, 4];
        Assert.True(PacketFields.TryRead(Sample.Ipv6(later, IpProtocol.Fragment, 16), out f));
        Assert.Equal((264, false, IpProtocol.DestinationOptions, 48), (f.FragmentOffset, f.HasPorts, f.Protocol, f.HeaderLength));
        byte[] atomic = [IpProtocol.Udp, 0, 0, 0, 1, 2, 3, 4];
        Assert.True(PacketFields.TryRead(Sample.Ipv6(atomic, IpProtocol.Fragment, 16), out f));
        Assert.Equal((false, true), (f.IsFragment, f.HasPorts));
    }

    [Fact]
    public void BadExtensionHeadersAreNamed()
    {
        byte[] hopByHopLate = [IpProtocol.HopByHop, 0, 0, 0, 0, 0, 0, 0, IpProtocol.Udp, 0, 0, 0, 0, 0, 0, 0];
        byte[] tooLong = [IpProtocol.Udp, 3, 0, 0, 0, 0, 0, 0];
        byte[] two = [IpProtocol.Fragment, 0, 0, 0, 0, 0, 0, 0, IpProtocol.Udp, 0, 0, 0, 0, 0, 0, 0];
        byte[] many = [.. Enumerable.Range(0, 10).SelectMany(_ => (byte[])[IpProtocol.DestinationOptions, 0, 0, 0, 0, 0, 0, 0])];
        foreach (var (extensions, first) in ((byte[], byte)[])[(hopByHopLate, 60), (tooLong, 60), (two, 44), (many, 60)])
        {
            Assert.False(PacketFields.TryRead(Sample.Ipv6(extensions, first, 8), out var f));
            Assert.Equal(PacketError.BadExtensionHeader, f.Error);
        }
    }

    [Fact]
    public void EveryTruncatedLengthIsRefused()
    {
        foreach (var packet in (byte[][])[Sample.Udp4, Sample.Udp6])
        {
            for (var length = 0; length < packet.Length; length++)
            {
                Assert.False(PacketFields.TryRead(packet.AsSpan(0, length), out var f));
                Assert.Equal(PacketError.Truncated, f.Error);
            }

            Assert.True(PacketFields.TryRead((byte[])[.. packet, 1, 2, 3], out var padded));
            Assert.Equal(packet.Length, padded.TotalLength);
            Assert.True(PacketFields.TryReadQuoted(packet.AsSpan(0, 48), out var quoted));
            Assert.Equal(packet.Length, quoted.TotalLength);
            Assert.Equal((1111, true), (quoted.SourcePort, quoted.HasPorts));
        }
    }

    [Fact]
    public void BadHeadersAreNamed()
    {
        foreach (var start in (byte[][])[[0x44, 0, 0, 30], [0x35, 0, 0, 30], [0x45, 0, 0, 19], [0x4f, 0, 0, 30]])
        {
            Assert.False(PacketFields.TryRead((byte[])[.. start, .. new byte[30]], out var f));
            Assert.Equal(PacketError.BadIpHeader, f.Error);
        }
    }

    [Fact]
    public void NoOctetsMakeAParserThrow()
    {
        var start = Gen.Elements<byte[]>([], Sample.Udp4[..20], Sample.Udp6[..40], [0x4f], [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6], [0x60, 0, 0, 0, 0, 20, 0], [0x60, 0, 0, 0, 0, 30, 44]);
        var octets = from first in start from rest in Gen.Choose(0, 255).Select(o => (byte)o).ArrayOf() from cut in Gen.Choose(0, 80) select first.Concat(rest).Take(cut).ToArray();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000), Prop.ForAll(octets.ToArbitrary(), input =>
        {
            var read = PacketFields.TryRead(input, out var fields);
            PacketFields.TryReadQuoted(input, out _);
            if (Ipv4View.TryParse(input, out var v4)) _ = v4.Options.Length + v4.Payload.Length + (v4.IsChecksumRight ? 1 : 0);
            if (Ipv6View.TryParse(input, out var v6)) _ = v6.Payload.Length;
            Ipv6Extensions.TryWalk(input, out _);
            if (TcpView.TryParse(input, out var tcp)) _ = tcp.FindOption(2, out _) + tcp.Payload.Length + tcp.Options.Length;
            if (UdpView.TryParse(input, out var udp)) _ = udp.Payload.Length;
            if (IcmpView.TryParse(input, out var icmp)) _ = icmp.Quoted.Length;
            if (EspView.TryParse(input, out var esp)) _ = esp.Payload.Length;
            if (EthernetView.TryParse(input, out var ethernet)) _ = ethernet.Payload.Length;
            var room = new byte[1500];
            IcmpError.WriteV4(room, input, 1, 3, 4, 0);
            IcmpError.WriteV6(room, input, 1, 1, 2, 0, 0);
            if (Ipv4Fragments.TryStart(input, 36, out var f4)) while (f4.Write(room) > 0) { }
            if (Ipv6Fragments.TryStart(input, 64, 1, out var f6)) while (f6.Write(room) > 0) { }
            if (read) TcpMss.Clamp(input, fields, 100);
            if (read) TransportChecksum.Complete(input, fields);
            return !read || fields.TotalLength <= input.Length;
        }));
    }
}
