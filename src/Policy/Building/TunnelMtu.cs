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

    private const int TcpHeader = 20;

    /// <summary>Largest inner packet in octets whose outer packet fits the path (RFC 4303 §2, §3.3.4), by the same arithmetic that the data plane uses.</summary>
    public static int Inner(int pathMtu, bool outerV4, EspEncapsulation encapsulation, TunnelKind kind, EspShape shape)
    {
        var sa = new OutboundSa
        {
            Mode = kind == TunnelKind.Tunnel ? EspMode.Tunnel : EspMode.Transport,
            Flags = kind == TunnelKind.IipTran ? SaFlags.IipTran : SaFlags.None,
            OuterHeaderLength = (byte)((outerV4 ? 20 : 40) + (encapsulation == EspEncapsulation.Udp ? 8 : 0)),
            IvLength = (byte)shape.IvLength,
            IcvLength = (byte)shape.IcvLength,
            Alignment = (byte)shape.Alignment,
        };
        return EspSize.InnerMtu(sa, pathMtu);
    }

    /// <summary>The MSS that fits an inner MTU (RFC 6691: IP and TCP headers without options).</summary>
    public static ushort Mss(int innerMtu, bool v4) => (ushort)Math.Max(0, innerMtu - (v4 ? 20 : 40) - TcpHeader);

    /// <summary>Lowest path MTU that is believed for a peer of this family.</summary>
    public static int Floor(bool v4) => v4 ? LowestV4 : LowestV6;
}
