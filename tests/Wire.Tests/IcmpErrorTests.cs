namespace Appliance.Wire.Tests;

public class IcmpErrorTests
{
    [Theory]
    [Trait("RFC", "1812")]
    [InlineData(100, 148)]
    [InlineData(1480, 576)]
    public void Rfc1812_4_3_2_3_QuotesAsMuchAs576OctetsHold(int payload, int length)
    {
        var offending = Sample.Ipv4(payload);
        var error = new byte[1500];
        Assert.Equal(length, IcmpError.WriteV4(error, offending, 0xc0000201, IcmpType.DestinationUnreachable, IcmpType.CodeFragmentationNeeded, 1400));
        Assert.True(PacketFields.TryRead(error.AsSpan(0, length), out var fields));
        Assert.True(TransportChecksum.IsRight(error, fields));
        Assert.True(InternetChecksum.IsHeaderRight(error.AsSpan(0, 20)));
        Assert.Equal((0xc0000201u, 0x0a010001u, 0x304), (fields.SourceV4, fields.DestinationV4, fields.SourcePort));
        Assert.True(IcmpView.TryParse(error.AsSpan(20, length - 20), out var icmp));
        Assert.Equal(1400, icmp.NextHopMtu);
        Assert.True(icmp.Quoted.SequenceEqual(offending.AsSpan(0, length - 28)));
        Assert.True(PacketFields.TryReadQuoted(icmp.Quoted, out var quoted));
        Assert.Equal((payload + 20, IpProtocol.Udp), (quoted.TotalLength, quoted.Protocol));
    }

    [Theory]
    [Trait("RFC", "4443")]
    [InlineData(100, 188)]
    [InlineData(1440, 1280)]
    public void Rfc4443_2_4_QuotesAsMuchAsTheMinimumMtuHolds(int payload, int length)
    {
        var offending = Sample.Ipv6([], IpProtocol.Udp, payload);
        var error = new byte[1500];
        Assert.Equal(length, IcmpError.WriteV6(error, offending, 0x2001_0db8_0000_0000, 9, IcmpV6Type.PacketTooBig, 0, 1400));
        Assert.True(PacketFields.TryRead(error.AsSpan(0, length), out var fields));
        Assert.True(TransportChecksum.IsRight(error, fields));
        Assert.Equal((0xfd00_0001_0000_0000ul, 1ul, 0x200), (fields.DestinationHigh, fields.DestinationLow, fields.SourcePort));
        Assert.True(IcmpView.TryParse(error.AsSpan(40, length - 40), out var icmp));
        Assert.Equal(1400u, icmp.Rest);
        Assert.True(icmp.Quoted.SequenceEqual(offending.AsSpan(0, length - 48)));
    }

    [Fact]
    [Trait("RFC", "1812")]
    public void Rfc1812_4_3_2_7_WhatGetsNoAnswer()
    {
        Assert.True(MayAnswer(Sample.Ipv4(20)));
        Assert.True(MayAnswer(Icmp(IcmpType.Echo)));
        foreach (var type in (byte[])[3, 4, 5, 11, 12]) Assert.False(MayAnswer(Icmp(type)));
        Assert.False(MayAnswer(Sample.Ipv4(20, flags: 5)));
        foreach (var address in (uint[])[0xe0000001, 0xffffffff, 0, 0x7f000001])
        {
            var packet = Sample.Ipv4(20);
            BigEndian.Set32(ref packet[0], 12, address);
            Assert.False(MayAnswer(packet));
        }

        static byte[] Icmp(byte type)
        {
            var packet = Sample.Ipv4(20, IpProtocol.Icmp);
            packet[20] = type;
            return packet;
        }
    }

    [Fact]
    [Trait("RFC", "4443")]
    public void Rfc4443_2_4_e_WhatGetsNoAnswer()
    {
        Assert.True(MayAnswer(Sample.Udp6));
        foreach (var (type, answer) in ((byte, bool)[])[(1, false), (2, false), (127, false), (137, false), (128, true)])
        {
            var packet = Sample.Ipv6([], IpProtocol.IcmpV6, 20);
            packet[40] = type;
            Assert.Equal(answer, MayAnswer(packet));
        }

        var multicast = Sample.Udp6;
        multicast[24] = 0xff;
        Assert.False(MayAnswer(multicast));
        Assert.True(MayAnswer(multicast, tooBig: true));
        var nobody = Sample.Udp6;
        nobody.AsSpan(8, 16).Clear();
        Assert.False(MayAnswer(nobody));
    }

    private static bool MayAnswer(byte[] packet, bool tooBig = false)
    {
        Assert.True(PacketFields.TryRead(packet, out var fields));
        return IcmpError.MayAnswer(fields, tooBig);
    }
}
