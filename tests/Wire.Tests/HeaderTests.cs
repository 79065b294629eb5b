namespace Appliance.Wire.Tests;

public class HeaderTests
{
    [Fact]
    [Trait("RFC", "1812")]
    public void Rfc1812_5_3_1_TheTtlFallsByOneAndTheChecksumStaysRight()
    {
        var packet = Sample.Udp4;
        for (var ttl = 62; ttl > 0; ttl--)
        {
            Ipv4Header.DecrementTimeToLive(ref packet[0]);
            Assert.True(Ipv4View.TryParse(packet, out var view));
            Assert.Equal((ttl, IpProtocol.Udp, true), (view.TimeToLive, view.Protocol, view.IsChecksumRight));
        }

        var v6 = Sample.Udp6;
        Ipv6Header.DecrementHopLimit(ref v6[0]);
        Assert.Equal(62, v6[7]);
    }

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        var packet = new byte[60];
        Assert.True(Ipv4Header.TryWrite(packet, 60, 17, 1, 2, 0xff, 5, 6, Ipv4Header.DontFragment));
        Assert.True(Ipv4View.TryParse(packet, out var v4));
        Assert.Equal((60, 17, 1u, 2u, 0xff, 5, 6, true), (v4.TotalLength, v4.Protocol, v4.Source, v4.Destination, v4.TrafficClass, v4.TimeToLive, v4.Identification, v4.DontFragment));
        Assert.True(Ipv6Header.TryWrite(packet, 20, 58, 1, 2, 3, 4, 0xab, 9));
        Assert.True(Ipv6View.TryParse(packet, out var v6));
        Assert.Equal((60, 58, 0xab, 9, 0u), (v6.TotalLength, v6.NextHeader, v6.TrafficClass, v6.HopLimit, v6.FlowLabel));
        Assert.Equal((1ul, 2ul, 3ul, 4ul), (v6.SourceHigh, v6.SourceLow, v6.DestinationHigh, v6.DestinationLow));
        Assert.False(Ipv4Header.TryWrite(packet, 65536, 17, 1, 2));
        Assert.False(Ipv4Header.TryWrite(packet.AsSpan(0, 19), 60, 17, 1, 2));
        Assert.False(Ipv6Header.TryWrite(packet.AsSpan(0, 39), 20, 58, 1, 2, 3, 4));
    }

    [Fact]
    public void EthernetIsWrittenInWholeWordsAndTheRestIsKept()
    {
        var frame = Enumerable.Range(0, 20).Select(i => (byte)(0xe0 + i)).ToArray();
        EthernetHeader.Write(ref frame[0], 0x0807060504030201, 0x0c0b0a09, EtherType.Ipv6);
        Assert.Equal(Convert.FromHexString("0102030405060708090a0b0c86ddeeeff0f1f2f3"), frame);
        Assert.True(EthernetView.TryParse(frame, out var view));
        Assert.Equal((EtherType.Ipv6, true, 6), (view.EtherType, view.IsGroup, view.Payload.Length));
        Assert.False(EthernetView.TryParse(frame.AsSpan(0, 13), out _));
    }

    [Fact]
    [Trait("RFC", "4303")]
    public void Rfc4303_2_4_PaddingCountsUp()
    {
        for (var payload = 0; payload < 40; payload++)
        {
            foreach (var alignment in (int[])[4, 16])
            {
                var pad = EspTrailer.PadLength(payload, alignment);
                Assert.True(pad < alignment);
                Assert.Equal(0, (payload + pad + 2) % alignment);
                var octets = new byte[pad + 2];
                EspTrailer.Write(ref octets[0], pad, 41);
                Assert.Equal([.. Enumerable.Range(1, pad).Select(i => (byte)i), (byte)pad, (byte)41], octets);
                Assert.True(EspTrailer.IsPaddingRight(octets.AsSpan(0, pad)));
                if (pad == 0) continue;
                octets[pad - 1]++;
                Assert.False(EspTrailer.IsPaddingRight(octets.AsSpan(0, pad)));
            }
        }
    }
}
