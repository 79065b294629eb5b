namespace Appliance.Bfd.Tests.Messages;

[Trait("RFC", "5880")]
public sealed class ControlPacketTests
{
    // As tcpdump shows a packet of FRR: version 1, diagnostic 0, Up, Final, multiplier 3.
    private static readonly byte[] Known = Convert.FromHexString("20D00318" + "11223344" + "A1B2C3D4" + "000493E0" + "0000C350" + "00000000");

    [Fact]
    public void Rfc5880_4_1_APacketIsReadAndWrittenAsTheFigureSays()
    {
        Assert.Equal(PacketProblem.None, ControlPacket.TryRead(Known, out var packet));
        var expected = new ControlPacket
        {
            State = BfdState.Up, IsFinal = true, DetectMult = 3, MyDiscriminator = 0x11223344, YourDiscriminator = 0xA1B2C3D4, DesiredMinTxInterval = 300_000, RequiredMinRxInterval = 50_000,
        };
        Assert.Equal(expected, packet);
        var written = new byte[ControlPacket.Octets];
        packet.Write(written);
        Assert.Equal(Known, written);
    }

    [Fact]
    public void EveryTruncatedLengthIsRefused()
    {
        for (var length = 0; length < Known.Length; length++) Assert.Equal(PacketProblem.Length, ControlPacket.TryRead(Known.AsSpan(0, length), out _));
    }

    [Fact]
    public void WhatFollowsThePacketIsNotLookedAt() => Assert.Equal(PacketProblem.None, ControlPacket.TryRead([.. Known, 1, 2, 3], out _));

    [Theory]
    [InlineData(0, 0x40, PacketProblem.Version)]
    [InlineData(0, 0x00, PacketProblem.Version)]
    [InlineData(3, 23, PacketProblem.Length)]
    [InlineData(3, 25, PacketProblem.Length)]
    [InlineData(1, 0xD4, PacketProblem.Length)]
    [InlineData(2, 0, PacketProblem.DetectMult)]
    [InlineData(1, 0xD1, PacketProblem.Multipoint)]
    public void Rfc5880_6_8_6_ADamagedFieldIsRefusedByName(int at, byte value, PacketProblem problem)
    {
        var octets = Known.ToArray();
        octets[at] = value;
        Assert.Equal(problem, ControlPacket.TryRead(octets, out _));
    }

    [Fact]
    public void Rfc5880_6_8_6_MyDiscriminatorIsNotZero()
    {
        var octets = Known.ToArray();
        octets.AsSpan(4, 4).Clear();
        Assert.Equal(PacketProblem.MyDiscriminator, ControlPacket.TryRead(octets, out _));
    }

    [Theory]
    [InlineData(28, 4, PacketProblem.None)]
    [InlineData(28, 1, PacketProblem.Length)]
    [InlineData(28, 5, PacketProblem.Length)]
    [InlineData(25, 2, PacketProblem.Length)]
    public void Rfc5880_4_1_AnAuthenticationSectionLiesInsideThePacket(byte length, byte section, PacketProblem problem)
    {
        byte[] octets = [.. Known, 1, section, 7, 0];
        octets[1] |= 0x04;
        octets[3] = length;
        Assert.Equal(problem, ControlPacket.TryRead(octets, out var packet));
        Assert.Equal(problem == PacketProblem.None, packet.IsAuthenticated);
    }
}
