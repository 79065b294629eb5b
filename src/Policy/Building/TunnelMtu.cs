using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>What an SA's cipher adds to a packet, in octets (RFC 4303 §2).</summary>
/// <param name="IvLength">Explicit IV.</param>
/// <param name="IcvLength">Integrity check value.</param>
/// <param name="Alignment">Payload and trailer are a multiple of this.</param>
public readonly record struct EspShape(int IvLength, int IcvLength, int Alignment)
{
    /// <summary>AES-GCM: assumed while a tunnel has no SA.</summary>
    public static EspShape AesGcm => new(8, 16, 4);
}

/// <summary>How large an inner packet may be so that the outer one fits the path.</summary>
public static class TunnelMtu
{
    /// <summary>Lowest MTU that IPv6 allows (RFC 8200 §5).</summary>
    public const int LowestV6 = 1280;

    /// <summary>Lowest path MTU that is believed for IPv4 (RFC 791 §3.1: every host takes 576).</summary>
    public const int LowestV4 = 576;

    private const int SpiAndSequence = 8;
    private const int PadLengthAndNextHeader = 2;
    private const int UdpHeader = 8;
    private const int TcpHeader = 20;

    /// <summary>
    /// Largest inner packet in octets: outer header, UDP, SPI, sequence number, IV and ICV are taken off the path MTU; what is left is cut to the alignment,
    /// less pad length and next header (RFC 4303 §2, §3.3.4). In transport mode the IP header is outside of ESP and counts once.
    /// </summary>
    public static int Inner(int pathMtu, bool outerV4, EspEncapsulation encapsulation, TunnelKind kind, EspShape shape)
    {
        var header = outerV4 ? 20 : 40;
        var udp = encapsulation == EspEncapsulation.Udp ? UdpHeader : 0;
        var room = pathMtu - header - udp - SpiAndSequence - shape.IvLength - shape.IcvLength;
        var inner = room - room % shape.Alignment - PadLengthAndNextHeader;
        return Math.Max(0, kind == TunnelKind.Transport ? header + inner : inner);
    }

    /// <summary>The MSS that fits an inner MTU (RFC 6691: IP and TCP headers without options).</summary>
    public static ushort Mss(int innerMtu, bool v4) => (ushort)Math.Max(0, innerMtu - (v4 ? 20 : 40) - TcpHeader);

    /// <summary>Lowest path MTU that is believed for a peer of this family.</summary>
    public static int Floor(bool v4) => v4 ? LowestV4 : LowestV6;
}
