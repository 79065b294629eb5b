using System.Buffers.Binary;
using System.Net;

namespace Appliance.Bgp;

/// <summary>Tunnel types (RFC 5512 §4, RFC 5566, RFC 9012; IANA).</summary>
public static class TunnelType
{
    /// <summary>IPsec in Tunnel-mode (RFC 5566 §3).</summary>
    public const ushort IpsecTunnel = 4;

    /// <summary>IP in IP with IPsec Transport Mode (RFC 5566 §3).</summary>
    public const ushort IpInIpWithIpsecTransport = 5;

    /// <summary>IP in IP, without protection.</summary>
    public const ushort IpInIp = 7;
}

/// <summary>A sub-TLV of a tunnel (RFC 9012 §2).</summary>
/// <param name="Type">Its type: from 128 on its length has two octets.</param>
/// <param name="Value">Its value.</param>
public sealed record TunnelSubTlv(byte Type, byte[] Value)
{
    /// <summary>Tunnel Egress Endpoint (RFC 9012 §3.1).</summary>
    public const byte EgressEndpoint = 6;

    /// <summary>A Tunnel Egress Endpoint of an address; null: the next hop is the endpoint.</summary>
    public static TunnelSubTlv Endpoint(IPAddress? address)
    {
        var octets = address?.GetAddressBytes() ?? [];
        return new TunnelSubTlv(EgressEndpoint, [0, 0, 0, 0, 0, (byte)(octets.Length == 4 ? 1 : octets.Length == 16 ? 2 : 0), .. octets]);
    }
}

/// <summary>A tunnel TLV.</summary>
/// <param name="Type">Tunnel type.</param>
/// <param name="SubTlvs">What it says of the tunnel, in the order in which it came.</param>
public sealed record Tunnel(ushort Type, IReadOnlyList<TunnelSubTlv> SubTlvs)
{
    /// <summary>The egress endpoint; null where the next hop is it, or none is said (RFC 5512).</summary>
    public IPAddress? Endpoint => SubTlvs.FirstOrDefault(s => s.Type == TunnelSubTlv.EgressEndpoint)?.Value is { Length: 10 or 22 } value ? new IPAddress(value.AsSpan(6)) : null;
}

/// <summary>The Tunnel Encapsulation attribute (RFC 9012 §2, §13; RFC 5512 §4).</summary>
public static class TunnelEncapsulation
{
    /// <summary>Egress endpoints of a path that count.</summary>
    public const int MostEndpoints = 16;

    /// <summary>Reads the value of the attribute. False: it is no sequence of whole TLVs.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out IReadOnlyList<Tunnel> tunnels)
    {
        tunnels = [];
        if (!IsWhole(value)) return false;
        var read = new List<Tunnel>();
        for (; !value.IsEmpty; value = value[SizeOf(value)..])
        {
            var inside = value[4..SizeOf(value)];
            var subs = new List<TunnelSubTlv>();
            for (; !inside.IsEmpty; inside = inside[SizeOfSub(inside)..]) subs.Add(new TunnelSubTlv(inside[0], ValueOfSub(inside).ToArray()));
            read.Add(new Tunnel(BinaryPrimitives.ReadUInt16BigEndian(value), subs));
        }

        tunnels = read;
        return true;
    }

    /// <summary>
    /// Egress endpoints of the IPsec tunnels (RFC 5566 §3, type 4) of a path, each once and in its order, the next hop where one names none; null when there is no such tunnel. Other types count for
    /// nothing: a plain one would take protection off. At most <see cref="MostEndpoints"/>.
    /// </summary>
    public static IReadOnlyList<IPAddress>? IpsecEndpoints(PathAttributes attributes)
    {
        if (attributes.TunnelEncapsulation is not { } value || !IsWhole(value)) return null;
        List<IPAddress>? endpoints = null;
        for (var rest = value.AsSpan(); !rest.IsEmpty; rest = rest[SizeOf(rest)..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(rest) != TunnelType.IpsecTunnel) continue;
            var endpoint = EndpointOf(rest[4..SizeOf(rest)]) ?? attributes.NextHop;
            if (endpoint.IsIPv4MappedToIPv6) endpoint = endpoint.MapToIPv4();
            endpoints ??= [];
            if (endpoints.Count < MostEndpoints && !endpoints.Contains(endpoint)) endpoints.Add(endpoint);
        }

        return endpoints;
    }

    /// <summary>Writes the value of the attribute; values that their length fields cannot say are cut.</summary>
    public static byte[] Write(IReadOnlyList<Tunnel> tunnels)
    {
        var octets = new List<byte>();
        foreach (var tunnel in tunnels)
        {
            var start = octets.Count;
            octets.AddRange([(byte)(tunnel.Type >> 8), (byte)tunnel.Type, 0, 0]);
            foreach (var (type, value) in tunnel.SubTlvs)
            {
                var length = Math.Min(value.Length, type < 128 ? byte.MaxValue : ushort.MaxValue);
                octets.Add(type);
                if (type >= 128) octets.Add((byte)(length >> 8));
                octets.Add((byte)length);
                octets.AddRange(value.AsSpan(0, length));
            }

            var inside = octets.Count - start - 4;
            octets[start + 2] = (byte)(inside >> 8);
            octets[start + 3] = (byte)inside;
        }

        return [.. octets];
    }

    /// <summary>Whether a value is at least one TLV, each ending where its last sub-TLV ends (RFC 9012 §13).</summary>
    internal static bool IsWhole(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return false;
        for (; !value.IsEmpty; value = value[SizeOf(value)..])
        {
            if (value.Length < 4 || value.Length < SizeOf(value)) return false;
            for (var inside = value[4..SizeOf(value)]; !inside.IsEmpty; inside = inside[SizeOfSub(inside)..])
            {
                if (inside.Length < (inside[0] < 128 ? 2 : 3) || inside.Length < SizeOfSub(inside)) return false;
            }
        }

        return true;
    }

    /// <summary>Octets of the TLVs of a whole value that remain: those with exactly one right egress endpoint (RFC 9012 §3.1, §13).</summary>
    internal static int CountRemaining(ReadOnlySpan<byte> value)
    {
        var count = 0;
        for (; !value.IsEmpty; value = value[SizeOf(value)..])
        {
            if (HasEndpoint(value[4..SizeOf(value)])) count += SizeOf(value);
        }

        return count;
    }

    /// <summary>The TLVs of a whole value that remain.</summary>
    internal static byte[] Remaining(ReadOnlySpan<byte> value)
    {
        var remaining = new byte[CountRemaining(value)];
        var to = remaining.AsSpan();
        for (; !value.IsEmpty; value = value[SizeOf(value)..])
        {
            if (!HasEndpoint(value[4..SizeOf(value)])) continue;
            value[..SizeOf(value)].CopyTo(to);
            to = to[SizeOf(value)..];
        }

        return remaining;
    }

    private static int SizeOf(ReadOnlySpan<byte> tunnel) => 4 + BinaryPrimitives.ReadUInt16BigEndian(tunnel[2..]);

    private static int SizeOfSub(ReadOnlySpan<byte> sub) => sub[0] < 128 ? 2 + sub[1] : 3 + BinaryPrimitives.ReadUInt16BigEndian(sub[1..]);

    private static ReadOnlySpan<byte> ValueOfSub(ReadOnlySpan<byte> sub) => sub[(sub[0] < 128 ? 2 : 3)..SizeOfSub(sub)];

    private static IPAddress? EndpointOf(ReadOnlySpan<byte> inside)
    {
        for (; !inside.IsEmpty; inside = inside[SizeOfSub(inside)..])
            if (inside[0] == TunnelSubTlv.EgressEndpoint) return ValueOfSub(inside) is { Length: 10 or 22 } value ? new IPAddress(value[6..]) : null;
        return null;
    }

    private static bool HasEndpoint(ReadOnlySpan<byte> inside)
    {
        var count = 0;
        for (; !inside.IsEmpty; inside = inside[SizeOfSub(inside)..])
        {
            if (inside[0] != TunnelSubTlv.EgressEndpoint) continue;
            count++;
            if (!IsEndpoint(ValueOfSub(inside))) return false;
        }

        return count == 1;
    }

    // RFC 9012 §3.1. Addresses for documentation pass: laboratories are built with them.
    private static bool IsEndpoint(ReadOnlySpan<byte> value)
    {
        if (value.Length < 6) return false;
        var address = value[6..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(value[4..]))
        {
            case 0:
                return address.IsEmpty;
            case 1:
                return address.Length == 4 && NextHops.IsHost4(address) && (address[0] != 169 || address[1] != 254);
            case 2:
                return address.Length == 16 && NlriReader.IsExpected(Family.Ipv6Unicast, new Prefix(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), 128))
                    && BinaryPrimitives.ReadUInt128BigEndian(address) >> 32 != 0xffff;
            default:
                // Another family: the sub-TLV is not recognized, and a TLV without an endpoint is left.
                return false;
        }
    }
}
