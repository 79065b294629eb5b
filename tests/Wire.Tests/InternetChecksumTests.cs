using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Wire.Tests;

[Trait("RFC", "1071")]
public class InternetChecksumTests
{
    [Fact]
    public void Rfc1071_3_TheExampleOfTheRfc()
    {
        byte[] example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        Assert.Equal(0xddf2u, InternetChecksum.Sum(example));
        Assert.Equal(0x220d, InternetChecksum.Of(example));
    }

    [Fact]
    public void EveryLengthAgreesWithTheDefinition()
    {
        var random = new Random(1071);
        var octets = new byte[9000];
        random.NextBytes(octets);
        for (var length = 0; length < 700; length++)
            for (var at = 0; at < 3; at++)
                Assert.Equal(Naive(octets.AsSpan(at, length)), InternetChecksum.Sum(octets.AsSpan(at, length)));
        Assert.Equal(Naive(octets), InternetChecksum.Sum(octets));
        octets.AsSpan().Fill(0xff);
        Assert.Equal(Naive(octets), InternetChecksum.Sum(octets));
        Assert.Equal(0xffffu, InternetChecksum.Sum(new byte[1 << 21].Select(_ => (byte)0xff).ToArray()));
    }

    [Fact]
    [Trait("RFC", "1624")]
    public void Rfc1624_4_TheExampleOfTheRfc() => Assert.Equal(0x0000, InternetChecksum.Update(0xdd2f, 0x5555, 0x3285));

    [Fact]
    [Trait("RFC", "1624")]
    public void Rfc1624_3_AnUpdatedChecksumIsAFreshOne()
    {
        var cases = from header in Gen.Choose(0, 255).Select(o => (byte)o).ArrayOf(20) from at in Gen.Elements(0, 2, 4, 6, 8, 12, 14, 16, 18) from value in Gen.Choose(0, 65535)
                    select (header, at, (ushort)value);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var header = c.header;
            header[0] = 0x45;
            Ipv4Header.WriteChecksum(header);
            Ipv4Header.Change16(ref header[0], c.at, c.Item3);
            return InternetChecksum.IsHeaderRight(header) && BigEndian.U16(ref header[0], c.at) == c.Item3;
        }));
    }

    [Fact]
    public void HeadersAndDatagramsOfScapyAreRight()
    {
        foreach (var packet in (byte[][])[Sample.Udp4, Sample.Udp6])
        {
            Assert.True(PacketFields.TryRead(packet, out var fields));
            Assert.True(TransportChecksum.IsRight(packet, fields));
            var again = packet.ToArray();
            again[fields.HeaderLength + 6] ^= 0x55;
            Assert.False(TransportChecksum.IsRight(again, fields));
            Assert.True(TransportChecksum.Complete(again, fields));
            Assert.Equal(packet, again);
        }

        Assert.True(InternetChecksum.IsHeaderRight(Sample.Udp4.AsSpan(0, 20)));
        for (var bit = 0; bit < 160; bit++)
        {
            var wrong = Sample.Udp4;
            wrong[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(InternetChecksum.IsHeaderRight(wrong.AsSpan(0, 20)));
        }
    }

    [Fact]
    [Trait("RFC", "768")]
    public void Rfc768_AUdpChecksumOfZeroIsSentAsAllOnes()
    {
        var packet = Sample.Ipv4(10);
        UdpHeader.TryWrite(packet.AsSpan(20), 1, 2, 10);
        Assert.True(PacketFields.TryRead(packet, out var fields));
        packet[28] = packet[29] = 0;
        TransportChecksum.Complete(packet, fields);
        // What the checksum was becomes the payload: then all sums up to nothing.
        packet[28] = packet[26];
        packet[29] = packet[27];
        TransportChecksum.Complete(packet, fields);
        Assert.Equal(0xffff, BigEndian.U16(ref packet[0], 26));
        Assert.True(TransportChecksum.IsRight(packet, fields));
    }

    private static uint Naive(ReadOnlySpan<byte> octets)
    {
        uint sum = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            sum += (uint)octets[i] << (i % 2 == 0 ? 8 : 0);
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return sum;
    }
}
