using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Wire;

/// <summary>What is wrong with a packet that could not be read.</summary>
public enum PacketError : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Shorter than its headers say.</summary>
    Truncated = 1,

    /// <summary>IP version, header length or total length is wrong.</summary>
    BadIpHeader = 2,

    /// <summary>IPv6 extension headers are cut short, too many or out of order.</summary>
    BadExtensionHeader = 3,
}

/// <summary>
/// What policy, routing and ESP need of an IP packet, read in one pass. Addresses are two numbers each, an IPv4 address as ::ffff:a.b.c.d, so both
/// families compare alike. The header checksum is not looked at (<see cref="InternetChecksum.IsHeaderRight"/>).
/// </summary>
public struct PacketFields
{
    /// <summary>First eight octets of the source; 0 for IPv4.</summary>
    public ulong SourceHigh;

    /// <summary>Last eight octets of the source; 0xffff·2^32 + address for IPv4.</summary>
    public ulong SourceLow;

    /// <summary>First eight octets of the destination; 0 for IPv4.</summary>
    public ulong DestinationHigh;

    /// <summary>Last eight octets of the destination; 0xffff·2^32 + address for IPv4.</summary>
    public ulong DestinationLow;

    /// <summary>Octets of the packet as its header says; a frame may be longer.</summary>
    public int TotalLength;

    /// <summary>Offset of the transport header: behind IPv4 options or IPv6 extension headers.</summary>
    public int HeaderLength;

    /// <summary>Identification: 16 bits (IPv4), or 32 bits from the fragment header (IPv6).</summary>
    public uint Identification;

    /// <summary>Fragment offset in octets.</summary>
    public ushort FragmentOffset;

    /// <summary>Source port; for ICMP and ICMPv6 type·256 + code. 0 while <see cref="HasPorts"/> is false.</summary>
    public ushort SourcePort;

    /// <summary>Destination port; 0 for ICMP and ICMPv6. 0 while <see cref="HasPorts"/> is false.</summary>
    public ushort DestinationPort;

    /// <summary>4 or 6.</summary>
    public byte Family;

    /// <summary>Upper-layer protocol, behind the IPv6 extension headers.</summary>
    public byte Protocol;

    /// <summary>TTL or hop limit.</summary>
    public byte TimeToLive;

    /// <summary>DSCP (6 bits) and ECN (2 bits).</summary>
    public byte TrafficClass;

    /// <summary>IPv4: DF is set. IPv6: always (nobody may fragment on the way).</summary>
    public bool DontFragment;

    /// <summary>More fragments follow.</summary>
    public bool MoreFragments;

    /// <summary>
    /// Ports, or ICMP type and code, were there to read. False for a fragment that is not the first, a protocol without ports, and a packet too
    /// short for them: OPAQUE to selectors (RFC 4301 §4.4.1.1).
    /// </summary>
    public bool HasPorts;

    /// <summary>Why reading failed.</summary>
    public PacketError Error;

    /// <summary>Part of a datagram (an IPv6 atomic fragment is not, RFC 6946).</summary>
    public readonly bool IsFragment => MoreFragments | (FragmentOffset != 0);

    /// <summary>DSCP, 0..63.</summary>
    public readonly int Dscp => TrafficClass >> 2;

    /// <summary>ECN codepoint, one of <see cref="Wire.Ecn"/>.</summary>
    public readonly int Ecn => TrafficClass & 3;

    /// <summary>IPv4 source as a number.</summary>
    public readonly uint SourceV4 => (uint)SourceLow;

    /// <summary>IPv4 destination as a number.</summary>
    public readonly uint DestinationV4 => (uint)DestinationLow;

    /// <summary>Reads a packet that starts at its IP header. False: <see cref="Error"/> says why, nothing else is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> ip, out PacketFields fields) => TryRead(ip, false, out fields);

    /// <summary>Reads a packet quoted in an ICMP error: it may be cut short behind the IP header, and what is cut off counts as absent.</summary>
    public static bool TryReadQuoted(ReadOnlySpan<byte> ip, out PacketFields fields) => TryRead(ip, true, out fields);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRead(ReadOnlySpan<byte> ip, bool quoted, out PacketFields fields)
    {
        if (ip.Length < 20) return Fail(PacketError.Truncated, out fields);
        return (ip[0] >> 4) switch
        {
            4 => TryReadV4(ip, quoted, out fields),
            6 => TryReadV6(ip, quoted, out fields),
            _ => Fail(PacketError.BadIpHeader, out fields),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadV4(ReadOnlySpan<byte> ip, bool quoted, out PacketFields fields)
    {
        ref var start = ref MemoryMarshal.GetReference(ip);
        var header = (start & 15) * 4;
        int total = BigEndian.U16(ref start, 2);
        if (header < 20 || total < header) return Fail(PacketError.BadIpHeader, out fields);
        if (header > ip.Length || (total > ip.Length && !quoted)) return Fail(PacketError.Truncated, out fields);
        var fragment = BigEndian.U16(ref start, 6);
        fields = default;
        fields.SourceLow = 0xffff_0000_0000UL | BigEndian.U32(ref start, 12);
        fields.DestinationLow = 0xffff_0000_0000UL | BigEndian.U32(ref start, 16);
        fields.TotalLength = total;
        fields.HeaderLength = header;
        fields.Identification = BigEndian.U16(ref start, 4);
        fields.FragmentOffset = (ushort)((fragment & 0x1fff) * 8);
        fields.DontFragment = (fragment & Ipv4Header.DontFragment) != 0;
        fields.MoreFragments = (fragment & Ipv4Header.MoreFragments) != 0;
        fields.Family = 4;
        fields.TrafficClass = Unsafe.Add(ref start, 1);
        fields.TimeToLive = Unsafe.Add(ref start, 8);
        fields.Protocol = Unsafe.Add(ref start, 9);
        ReadPorts(ref start, Math.Min(total, ip.Length), ref fields);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryReadV6(ReadOnlySpan<byte> ip, bool quoted, out PacketFields fields)
    {
        if (ip.Length < Ipv6View.HeaderLength) return Fail(PacketError.Truncated, out fields);
        ref var start = ref MemoryMarshal.GetReference(ip);
        var total = Ipv6View.HeaderLength + BigEndian.U16(ref start, 4);
        if (total > ip.Length && !quoted) return Fail(PacketError.Truncated, out fields);
        var end = Math.Min(total, ip.Length);
        fields = default;
        fields.HeaderLength = Ipv6View.HeaderLength;
        fields.Protocol = Unsafe.Add(ref start, 6);
        if (fields.Protocol is IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.DestinationOptions or IpProtocol.Fragment)
        {
            if (!Ipv6Extensions.TryWalk(ip[..end], out var extensions)) return Fail(PacketError.BadExtensionHeader, out fields);
            fields.HeaderLength = extensions.UpperOffset;
            fields.Protocol = extensions.UpperProtocol;
            if (extensions.FragmentHeaderOffset != 0)
            {
                var fragment = BigEndian.U16(ref start, extensions.FragmentHeaderOffset + 2);
                fields.FragmentOffset = (ushort)(fragment & 0xfff8);
                fields.MoreFragments = (fragment & 1) != 0;
                fields.Identification = BigEndian.U32(ref start, extensions.FragmentHeaderOffset + 4);
            }
        }

        fields.SourceHigh = BigEndian.U64(ref start, 8);
        fields.SourceLow = BigEndian.U64(ref start, 16);
        fields.DestinationHigh = BigEndian.U64(ref start, 24);
        fields.DestinationLow = BigEndian.U64(ref start, 32);
        fields.TotalLength = total;
        fields.DontFragment = true;
        fields.Family = 6;
        fields.TrafficClass = (byte)(BigEndian.U16(ref start, 0) >> 4);
        fields.TimeToLive = Unsafe.Add(ref start, 7);
        ReadPorts(ref start, end, ref fields);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadPorts(ref byte start, int end, ref PacketFields fields)
    {
        if (fields.FragmentOffset != 0) return;
        var at = fields.HeaderLength;
        switch (fields.Protocol)
        {
            case IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp or IpProtocol.Dccp or IpProtocol.UdpLite when at + 4 <= end:
                var ports = BigEndian.U32(ref start, at);
                fields.SourcePort = (ushort)(ports >> 16);
                fields.DestinationPort = (ushort)ports;
                fields.HasPorts = true;
                break;
            case IpProtocol.Icmp or IpProtocol.IcmpV6 when at + 2 <= end:
                fields.SourcePort = BigEndian.U16(ref start, at);
                fields.HasPorts = true;
                break;
            default:
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Fail(PacketError error, out PacketFields fields)
    {
        fields = new PacketFields { Error = error };
        return false;
    }
}
