using System.Buffers.Binary;

namespace Appliance.LineRate.Bgp;

/// <summary>An IPv4 prefix of the generator's.</summary>
public readonly record struct GeneratedPrefix(uint Address, byte Length);

/// <summary>Routes that share their attributes.</summary>
/// <param name="AsPath">AS numbers behind the neighbour's own.</param>
/// <param name="Communities">Communities (RFC 1997).</param>
/// <param name="Med">MULTI_EXIT_DISC, or null.</param>
/// <param name="Prefixes">The prefixes.</param>
public sealed record GeneratedRoutes(uint[] AsPath, uint[] Communities, uint? Med, GeneratedPrefix[] Prefixes);

/// <summary>
/// IPv4 routes as a full table has them, from a seed: distinct prefixes, most of them /24, attribute sets of very different sizes (a few carry thousands of prefixes, most a few), AS paths of
/// two to six, up to six communities. The same seed makes the same routes.
/// </summary>
public sealed class RouteGenerator(int seed)
{
    /// <summary>Attribute sets for a million routes.</summary>
    public const int SetsPerMillion = 50_000;

    /// <summary>Of a hundred thousand prefixes so many are of each length, as public route collectors see it.</summary>
    private static readonly (byte Length, int Share)[] Lengths =
        [(24, 60_000), (23, 10_000), (22, 11_000), (21, 5_200), (20, 4_600), (19, 2_600), (18, 1_500), (17, 900), (16, 1_400), (15, 250), (14, 150), (13, 80), (12, 50), (25, 700), (26, 500), (28, 470), (32, 600)];

    private readonly Random random = new(seed);

    /// <summary>So many routes; the sets are in no order.</summary>
    public IReadOnlyList<GeneratedRoutes> Make(int routes)
    {
        var prefixes = Prefixes(routes);
        var sets = Math.Max(1, (int)((long)routes * SetsPerMillion / 1_000_000));
        var made = new List<GeneratedRoutes>(sets);
        var used = 0;
        for (var n = 0; n < sets && used < routes; n++)
        {
            // What is left is shared out by a long tail: the mean stays what it must be.
            var mean = (double)(routes - used) / (sets - n);
            var count = n == sets - 1 ? routes - used : Math.Clamp((int)Math.Ceiling(mean * Tail()), 1, routes - used - (sets - n - 1));
            made.Add(new GeneratedRoutes(AsPath(), Communities(), random.Next(10) == 0 ? (uint)random.Next(1000) : null, prefixes[used..(used + count)]));
            used += count;
        }

        return made;
    }

    private GeneratedPrefix[] Prefixes(int count)
    {
        var seen = new HashSet<ulong>(count);
        var made = new GeneratedPrefix[count];
        for (var at = 0; at < count;)
        {
            var length = Length();
            // 1.0.0.0 to 223.255.255.255, without 10/8, 127/8 and what a speaker may take for martians.
            var first = (uint)random.Next(1, 224);
            if (first is 10 or 127 or 169 or 172 or 192 or 198 or 203) continue;
            var address = (first << 24 | (uint)random.Next(1 << 24)) & (uint.MaxValue << (32 - length));
            if (seen.Add((ulong)address << 8 | length)) made[at++] = new GeneratedPrefix(address, length);
        }

        return made;
    }

    private byte Length()
    {
        var pick = random.Next(Lengths.Sum(l => l.Share));
        foreach (var (length, share) in Lengths)
            if ((pick -= share) < 0)
                return length;
        return 24;
    }

    /// <summary>Mean 1, most below a half, a few far above.</summary>
    private double Tail() => random.Next(20) switch
    {
        0 => 6 + random.NextDouble() * 8,
        < 6 => 0.8 + random.NextDouble() * 0.8,
        _ => 0.05 + random.NextDouble() * 0.3,
    };

    private uint[] AsPath()
    {
        var path = new uint[random.Next(1, 6)];
        for (var i = 0; i < path.Length; i++) path[i] = random.Next(8) == 0 ? 131_072 + (uint)random.Next(270_000) : 1 + (uint)random.Next(62_000);
        return path;
    }

    private uint[] Communities()
    {
        var communities = new uint[random.Next(0, 7)];
        for (var i = 0; i < communities.Length; i++) communities[i] = (uint)random.Next(1, 62_000) << 16 | (uint)random.Next(1000);
        return [.. communities.Distinct().Order()];
    }
}

/// <summary>The UPDATEs of a neighbour, whole, as they go over TCP.</summary>
public static class UpdateStream
{
    private const int HeaderLength = 19, MaximumLength = 4096;

    /// <summary>Announces all routes, each set in as few messages as fit.</summary>
    public static byte[] Announce(IEnumerable<GeneratedRoutes> routes, uint nextHop, uint neighborAs)
    {
        var stream = new MemoryStream(64 << 20);
        Span<byte> message = stackalloc byte[MaximumLength];
        foreach (var set in routes)
        {
            var at = 0;
            while (at < set.Prefixes.Length)
            {
                var attributes = WriteAttributes(message[(HeaderLength + 4)..], set, nextHop, neighborAs);
                var length = HeaderLength + 4 + attributes;
                BinaryPrimitives.WriteUInt16BigEndian(message[HeaderLength..], 0);
                BinaryPrimitives.WriteUInt16BigEndian(message[(HeaderLength + 2)..], (ushort)attributes);
                while (at < set.Prefixes.Length && length + 5 <= MaximumLength) length += WritePrefix(message[length..], set.Prefixes[at++]);
                Finish(stream, message[..length]);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Withdraws prefixes.</summary>
    public static byte[] Withdraw(IReadOnlyList<GeneratedPrefix> prefixes)
    {
        var stream = new MemoryStream();
        Span<byte> message = stackalloc byte[MaximumLength];
        for (var at = 0; at < prefixes.Count;)
        {
            var length = HeaderLength + 2;
            while (at < prefixes.Count && length + 7 <= MaximumLength) length += WritePrefix(message[length..], prefixes[at++]);
            BinaryPrimitives.WriteUInt16BigEndian(message[HeaderLength..], (ushort)(length - HeaderLength - 2));
            BinaryPrimitives.WriteUInt16BigEndian(message[length..], 0);
            Finish(stream, message[..(length + 2)]);
        }

        return stream.ToArray();
    }

    private static void Finish(MemoryStream stream, Span<byte> message)
    {
        message[..16].Fill(0xff);
        BinaryPrimitives.WriteUInt16BigEndian(message[16..], (ushort)message.Length);
        message[18] = 2;
        stream.Write(message);
    }

    private static int WriteAttributes(Span<byte> to, GeneratedRoutes set, uint nextHop, uint neighborAs)
    {
        var at = Header(to, 0x40, 1, 1);
        to[at++] = 0;
        at += Header(to[at..], 0x40, 2, 2 + 4 * (set.AsPath.Length + 1));
        (to[at], to[at + 1]) = (2, (byte)(set.AsPath.Length + 1));
        at += 2;
        foreach (var asn in (uint[])[neighborAs, .. set.AsPath]) at += Write(to[at..], asn);
        at += Header(to[at..], 0x40, 3, 4);
        at += Write(to[at..], nextHop);
        if (set.Med is { } med)
        {
            at += Header(to[at..], 0x80, 4, 4);
            at += Write(to[at..], med);
        }

        if (set.Communities.Length == 0) return at;
        at += Header(to[at..], 0xc0, 8, 4 * set.Communities.Length);
        foreach (var community in set.Communities) at += Write(to[at..], community);
        return at;
    }

    private static int Header(Span<byte> to, byte flags, byte type, int length)
    {
        (to[0], to[1], to[2]) = (flags, type, (byte)length);
        return 3;
    }

    private static int Write(Span<byte> to, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, value);
        return 4;
    }

    private static int WritePrefix(Span<byte> to, GeneratedPrefix prefix)
    {
        Span<byte> address = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(address, prefix.Address);
        var octets = (prefix.Length + 7) / 8;
        to[0] = prefix.Length;
        address[..octets].CopyTo(to[1..]);
        return 1 + octets;
    }
}
