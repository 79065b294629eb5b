using System.Buffers.Binary;
using System.Net;

namespace Appliance.Cli.Labs;

/// <summary>What the router sees of a packet: between whom, and either ESP (raw, or in UDP port 4500) or IKE.</summary>
internal readonly ref struct OuterPacket
{
    private const int EthernetLength = 14, Ip6Length = 40, UdpLength = 8;
    private const byte Udp = 17, EspProtocol = 50;
    private const ushort IkePort = 500, NatPort = 4500;

    private OuterPacket(IPAddress source, IPAddress destination, ReadOnlySpan<byte> esp, bool isIke)
    {
        (Source, Destination, IsIke) = (source, destination, isIke);
        Esp = esp;
    }

    /// <summary>Outer source.</summary>
    public IPAddress Source { get; }

    /// <summary>Outer destination.</summary>
    public IPAddress Destination { get; }

    /// <summary>From the SPI to the end of the ICV; empty when it is no ESP. At least 16 octets: SPI, sequence number, IV.</summary>
    public ReadOnlySpan<byte> Esp { get; }

    /// <summary>IKE's.</summary>
    public bool IsIke { get; }

    /// <summary>Security Parameters Index.</summary>
    public uint Spi => BinaryPrimitives.ReadUInt32BigEndian(Esp);

    /// <summary>The IV of the counter modes: the eight octets behind the sequence number.</summary>
    public ulong Iv => BinaryPrimitives.ReadUInt64BigEndian(Esp[8..]);

    /// <summary>Reads an Ethernet frame; false when it is neither ESP nor IKE, or cut off.</summary>
    public static bool TryParse(ReadOnlySpan<byte> frame, out OuterPacket packet)
    {
        packet = default;
        if (frame.Length < EthernetLength + 20) return false;
        var ip = frame[EthernetLength..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            0x0800 => V4(ip, out packet),
            0x86dd => V6(ip, out packet),
            _ => false,
        };
    }

    private static bool V4(ReadOnlySpan<byte> ip, out OuterPacket packet)
    {
        packet = default;
        var (head, total) = ((ip[0] & 15) * 4, BinaryPrimitives.ReadUInt16BigEndian(ip[2..]));
        if (head < 20 || total < head || total > ip.Length || (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x1fff) != 0) return false;
        return Inside(ip[head..total], ip[9], new IPAddress(ip.Slice(12, 4)), new IPAddress(ip.Slice(16, 4)), out packet);
    }

    private static bool V6(ReadOnlySpan<byte> ip, out OuterPacket packet)
    {
        packet = default;
        if (ip.Length < Ip6Length) return false;
        var total = Ip6Length + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        return total <= ip.Length && Inside(ip[Ip6Length..total], ip[6], new IPAddress(ip.Slice(8, 16)), new IPAddress(ip.Slice(24, 16)), out packet);
    }

    private static bool Inside(ReadOnlySpan<byte> octets, byte protocol, IPAddress source, IPAddress destination, out OuterPacket packet)
    {
        packet = default;
        var isIke = false;
        if (protocol == Udp)
        {
            if (octets.Length < UdpLength + 4) return false;
            var (from, to) = (BinaryPrimitives.ReadUInt16BigEndian(octets), BinaryPrimitives.ReadUInt16BigEndian(octets[2..]));
            var marked = BinaryPrimitives.ReadUInt32BigEndian(octets[UdpLength..]) == 0;
            isIke = from == IkePort || to == IkePort || marked && (from == NatPort || to == NatPort);
            octets = octets[UdpLength..];
        }
        else if (protocol != EspProtocol)
        {
            return false;
        }

        if (!isIke && octets.Length < 16) return false;
        packet = new OuterPacket(source, destination, isIke ? default : octets, isIke);
        return true;
    }
}
