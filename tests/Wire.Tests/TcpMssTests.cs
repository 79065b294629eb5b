namespace Appliance.Wire.Tests;

[Trait("RFC", "9293")]
public class TcpMssTests
{
    [Theory]
    [InlineData(new byte[] { 2, 4, 5, 180 }, 42)]
    [InlineData(new byte[] { 1, 2, 4, 5, 180, 1, 1, 0 }, 43)]
    [InlineData(new byte[] { 3, 3, 7, 2, 4, 5, 180, 0 }, 45)]
    [InlineData(new byte[] { 1, 1, 4, 2, 2, 4, 5, 180 }, 46)]
    public void Rfc9293_3_7_1_ASynAnnouncesNoMoreThanFits(byte[] options, int valueAt)
    {
        foreach (var maximum in (ushort[])[1, 536, 1360, 1459])
        {
            var packet = Sample.Syn(options);
            Assert.True(PacketFields.TryRead(packet, out var fields));
            Assert.True(TcpMss.Clamp(packet, fields, maximum));
            Assert.Equal(maximum, BigEndian.U16(ref packet[0], valueAt));
            Assert.True(TransportChecksum.IsRight(packet, fields));
            Assert.False(TcpMss.Clamp(packet, fields, maximum));
        }
    }

    [Theory]
    [InlineData(new byte[] { 2, 4, 5, 180 }, (byte)16, (ushort)1000)]
    [InlineData(new byte[] { 2, 4, 5, 180 }, (byte)2, (ushort)1460)]
    [InlineData(new byte[] { 2, 4, 5, 180 }, (byte)2, (ushort)0)]
    [InlineData(new byte[] { 2, 3, 5, 0 }, (byte)2, (ushort)1)]
    [InlineData(new byte[] { 2, 0, 5, 180 }, (byte)2, (ushort)1)]
    [InlineData(new byte[] { 0, 2, 4, 5 }, (byte)2, (ushort)1)]
    [InlineData(new byte[] { 1, 1, 2, 4 }, (byte)2, (ushort)1)]
    public void WhatHasNothingToClampStaysAsItIs(byte[] options, byte flags, ushort maximum)
    {
        var packet = Sample.Syn(options, flags);
        var before = packet.ToArray();
        Assert.True(PacketFields.TryRead(packet, out var fields));
        Assert.False(TcpMss.Clamp(packet, fields, maximum));
        Assert.Equal(before, packet);
    }

    [Fact]
    public void OtherProtocolsAndLaterFragmentsStayAsTheyAre()
    {
        var packet = Sample.Udp4;
        Assert.True(PacketFields.TryRead(packet, out var fields));
        Assert.False(TcpMss.Clamp(packet, fields, 1));
        packet = Sample.Syn([2, 4, 5, 180]);
        Ipv4Header.Change16(ref packet[0], 6, 5);
        Assert.True(PacketFields.TryRead(packet, out fields));
        Assert.False(TcpMss.Clamp(packet, fields, 1));
    }
}
