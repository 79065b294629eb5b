using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>
/// Goes over NLRI on the wire (RFC 4271 §4.3, RFC 4760 §5, RFC 4364 §4.3.4, RFC 4684 §4, RFC 5512 §3, RFC 7911 §3) without allocation: <c>foreach (var nlri in new NlriReader(…))</c>.
/// It ends at the first that is not whole, with <see cref="Failed"/>; a view of <see cref="UpdateReader"/> has only whole ones.
/// </summary>
/// <param name="octets">The NLRI.</param>
/// <param name="family">Their family: one of <see cref="Family.All"/>.</param>
/// <param name="addPath">Path identifiers stand in front (RFC 7911).</param>
/// <param name="skipUnexpected">Prefixes that nobody can reach are left out (RFC 4271 §6.3: a semantically incorrect prefix is ignored). Multicast that may be forwarded is not among them.</param>
public ref struct NlriReader(ReadOnlySpan<byte> octets, Family family, bool addPath, bool skipUnexpected = false)
{
    private readonly Family family = family;
    private readonly int least = LeastBits(family);
    private readonly int most = family.IsVpn ? 88 + family.AddressBits : family.AddressBits;
    private readonly bool addPath = addPath;
    private readonly bool skipUnexpected = skipUnexpected;
    private ReadOnlySpan<byte> rest = octets;
    private Nlri current;

    /// <summary>What was read last.</summary>
    public readonly Nlri Current => current;

    /// <summary>What stands there is no NLRI of the family.</summary>
    public bool Failed { get; private set; }

    /// <summary>For foreach.</summary>
    public readonly NlriReader GetEnumerator() => this;

    /// <summary>Reads the next.</summary>
    public bool MoveNext()
    {
        while (ReadOne())
        {
            if (!skipUnexpected || IsExpected(family, current.Prefix) || MulticastPrefixes.IsRoutable(family, current.Prefix)) return true;
        }

        return false;
    }

    /// <summary>Whether unicast traffic can go to a prefix: not multicast, not "this network", not a loopback, not link-local IPv6 (RFC 4271 §6.3, RFC 6890).</summary>
    public static bool IsExpected(Family family, in Prefix prefix)
    {
        var first = (int)(prefix.High >> 56);
        if (family.Afi == 1) return family.Safi == 132 || !(prefix.Length >= 8 && first is 0 or 127 || prefix.Length >= 4 && first is >= 224 and < 240);
        if (prefix.Length >= 10 && prefix.High >> 54 == 0xfe80 >> 6 || prefix.Length >= 8 && first == 0xff) return false;
        return !(prefix.Length == 128 && prefix.High == 0 && prefix.Low <= 1);
    }

    private bool ReadOne()
    {
        if (rest.IsEmpty) return false;
        var at = rest;
        uint path = 0;
        if (addPath)
        {
            if (at.Length < 5) return Fail();
            path = BinaryPrimitives.ReadUInt32BigEndian(at);
            at = at[4..];
        }

        int bits = at[0];
        var size = (bits + 7) >> 3;
        if (bits > most || bits < least && !(bits == 0 && family.Safi == 132) || at.Length <= size) return Fail();
        rest = at[(1 + size)..];
        if (most == 32 && least == 0)
        {
            current = new Nlri(new Prefix((ulong)ReadShort(at[1..], size, bits) << 32, 0, (byte)bits), 0, 0, path);
            return true;
        }

        ulong distinguisher = 0;
        uint label = 0;
        at = at.Slice(1, size);
        if (family.IsVpn)
        {
            label = (uint)(at[0] << 12 | at[1] << 4 | at[2] >> 4);
            distinguisher = BinaryPrimitives.ReadUInt64BigEndian(at[3..]);
            at = at[11..];
            bits -= 88;
        }

        Span<byte> address = stackalloc byte[16];
        address.Clear();
        at.CopyTo(address);
        var prefix = new Prefix(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), (byte)bits);
        current = new Nlri(prefix.Masked(), distinguisher, label, path);
        return true;
    }

    /// <summary>Whether octets are NLRI of a family from beginning to end (RFC 7606 §5.3); how many they are.</summary>
    internal static bool AreWhole(ReadOnlySpan<byte> octets, Family family, bool addPath, out int count)
    {
        var least = LeastBits(family);
        var most = family.IsVpn ? 88 + family.AddressBits : family.AddressBits;
        var ahead = addPath ? 4 : 0;
        count = 0;
        for (var at = 0; at < octets.Length; count++)
        {
            at += ahead;
            if (at >= octets.Length) return false;
            int bits = octets[at];
            if (bits > most || bits < least && !(bits == 0 && family.Safi == 132)) return false;
            at += 1 + ((bits + 7) >> 3);
            if (at > octets.Length) return false;
        }

        return true;
    }

    private static uint ReadShort(ReadOnlySpan<byte> at, int size, int bits)
    {
        if (bits == 0) return 0;
        uint value;
        if (at.Length >= 4)
        {
            value = BinaryPrimitives.ReadUInt32BigEndian(at);
        }
        else
        {
            value = 0;
            for (var i = 0; i < size; i++) value |= (uint)at[i] << (24 - 8 * i);
        }

        return value & (uint.MaxValue << (32 - bits));
    }

    // A label and a route distinguisher; the origin AS (but for the default route target); an address.
    private static int LeastBits(Family family) => family.Safi switch
    {
        128 => 88,
        132 => 32,
        7 => family.AddressBits,
        _ => 0,
    };

    private bool Fail()
    {
        rest = default;
        Failed = true;
        return false;
    }
}
