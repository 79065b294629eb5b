using System.Text;
using Appliance.Wire;

namespace Appliance.TcpAo.Tests;

/// <summary>All segments of RFC 9235: IPv4 and IPv6, HMAC-SHA-1-96 and AES-128-CMAC-96, with and without TCP options, both directions.</summary>
public class Rfc9235Tests
{
    private const int Syn = 2, Ack = 16;

    /// <summary>Section, client's and server's ISN, traffic key, packet, MAC: a line each.</summary>
    public static TheoryData<string> Sections
    {
        get
        {
            using var reader = new StreamReader(typeof(Rfc9235Tests).Assembly.GetManifestResourceStream("Rfc9235.txt")!);
            return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        }
    }

    [Fact]
    public void ThereAre32() => Assert.Equal(32, Sections.Count);

    [Theory]
    [MemberData(nameof(Sections))]
    public void TrafficKeyAndMacAreThoseOfTheRfc(string line)
    {
        var words = line.Split(' ');
        var algorithm = words[0][0] is '4' or '6' ? TcpAoAlgorithm.HmacSha1 : TcpAoAlgorithm.AesCmac;
        var coversOptions = words[0][2] == '1';
        var (client, server) = (Convert.ToUInt32(words[1], 16), Convert.ToUInt32(words[2], 16));
        var packet = Convert.FromHexString(words[4]);
        var isV4 = packet[0] >> 4 == 4;
        var (source, destination, segment) = isV4 ? (packet[12..16], packet[16..20], packet[20..]) : (packet[8..24], packet[24..40], packet[40..]);
        Assert.True(TcpView.TryParse(segment, out var view));
        var isClients = view.DestinationPort == 179;
        var (ours, theirs) = isClients ? (client, server) : (server, client);
        if ((segment[13] & (Syn | Ack)) == Syn) theirs = 0;

        Span<byte> key = stackalloc byte[TcpAoLengths.TrafficKey(algorithm)];
        TrafficKeys.Derive(algorithm, Encoding.ASCII.GetBytes("testvector"), new ConnectionContext(source, destination, view.SourcePort, view.DestinationPort, ours, theirs), key);
        Assert.Equal(words[3], Convert.ToHexStringLower(key));

        Assert.Equal(TcpAoPresence.Present, TcpAoOption.Find(view, out var option));
        Assert.Equal(isClients ? (61, 84) : (84, 61), (option.KeyId, option.RNextKeyId));
        Assert.Equal(words[5], Convert.ToHexStringLower(segment.AsSpan(option.MacOffset, option.MacLength)));
        using var mac = new SegmentMac(algorithm, key);
        for (var again = 0; again < 2; again++) Assert.True(mac.IsRight(source, destination, 0, segment, option, coversOptions));
        Assert.False(mac.IsRight(source, destination, 1, segment, option, coversOptions));
        Assert.False(mac.IsRight(source, destination, 0, segment, option, !coversOptions));
        Assert.False(mac.IsRight(destination, source, 0, Changed(segment, 4), option, coversOptions));
        for (var at = 0; at < segment.Length; at++)
        {
            var isOption = at >= TcpView.MinimumHeaderLength && at < view.HeaderLength && (at < option.Offset || at >= option.Offset + option.Length);
            var counts = at is < 12 or 13 or 14 or 15 or 18 or 19 || (at >= TcpView.MinimumHeaderLength && (!isOption || coversOptions));
            if (at != 12) Assert.Equal(!counts, mac.IsRight(source, destination, 0, Changed(segment, at), option, coversOptions));
        }
    }

    private static byte[] Changed(byte[] segment, int at)
    {
        var copy = (byte[])segment.Clone();
        copy[at] ^= 1;
        return copy;
    }
}
