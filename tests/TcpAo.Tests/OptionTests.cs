using Appliance.Wire;

namespace Appliance.TcpAo.Tests;

/// <summary>RFC 5925 §2.2: which segments have the option, and which are to be discarded whatever the keys.</summary>
public class OptionTests
{
    private const string Ao = "1d103d54000102030405060708090a0b";

    private static TcpAoPresence Find(string options, out TcpAoOption option)
    {
        var octets = Convert.FromHexString(options);
        var segment = new byte[20 + (octets.Length + 3) / 4 * 4];
        segment[12] = (byte)(segment.Length / 4 << 4);
        octets.CopyTo(segment, 20);
        Assert.True(TcpView.TryParse(segment, out var view));
        return TcpAoOption.Find(view, out option);
    }

    [Theory]
    [InlineData("", TcpAoPresence.Absent)]
    [InlineData("0101080a0000000000000000", TcpAoPresence.Absent)]
    [InlineData("0101" + Ao, TcpAoPresence.Present)]
    [InlineData("020405b4" + Ao, TcpAoPresence.Present)]
    [InlineData("00" + Ao, TcpAoPresence.Absent)]
    [InlineData(Ao + Ao, TcpAoPresence.Malformed)]
    [InlineData("1312000102030405060708090a0b0c0d0e0f" + "0101" + Ao, TcpAoPresence.Malformed)]
    [InlineData(Ao + "0101" + "1312000102030405060708090a0b0c0d0e0f", TcpAoPresence.Malformed)]
    [InlineData("1312000102030405060708090a0b0c0d0e0f", TcpAoPresence.Absent)]
    [InlineData("1d043d54", TcpAoPresence.Malformed)]
    [InlineData("1d033d01", TcpAoPresence.Malformed)]
    [InlineData("1d103d54", TcpAoPresence.Malformed)]
    [InlineData("0101011d", TcpAoPresence.Malformed)]
    [InlineData(Ao + "0800", TcpAoPresence.Malformed)]
    [InlineData(Ao + "08ff0000", TcpAoPresence.Malformed)]
    public void Rfc5925_2_2_WhatStandsInTheOptions(string options, TcpAoPresence presence) => Assert.Equal(presence, Find(options, out _));

    [Fact]
    public void FieldsAndPlacesAreFound()
    {
        Assert.Equal(TcpAoPresence.Present, Find("0101" + Ao, out var option));
        Assert.Equal(new TcpAoOption(22, 12, 0x3d, 0x54), option);
        Assert.Equal((26, 16), (option.MacOffset, option.Length));
    }

    [Fact]
    public void AMacOfAnotherLengthIsNeverRight()
    {
        using var mac = new SegmentMac(TcpAoAlgorithm.HmacSha256, new byte[32]);
        var segment = new byte[28];
        segment[12] = 7 << 4;
        Assert.False(mac.IsRight(new byte[4], new byte[4], 0, segment, new TcpAoOption(20, 4, 0, 0), coversOptions: true));
    }
}
