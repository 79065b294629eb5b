namespace Appliance.Wire;

/// <summary>IP protocol and IPv6 next-header numbers (IANA "Protocol Numbers").</summary>
public static class IpProtocol
{
    /// <summary>IPv6 hop-by-hop options (RFC 8200 §4.3).</summary>
    public const byte HopByHop = 0;

    /// <summary>ICMP (RFC 792).</summary>
    public const byte Icmp = 1;

    /// <summary>IPv4 inside IP (RFC 2003).</summary>
    public const byte Ipv4 = 4;

    /// <summary>TCP (RFC 9293).</summary>
    public const byte Tcp = 6;

    /// <summary>UDP (RFC 768).</summary>
    public const byte Udp = 17;

    /// <summary>DCCP (RFC 4340).</summary>
    public const byte Dccp = 33;

    /// <summary>IPv6 inside IP (RFC 2473).</summary>
    public const byte Ipv6 = 41;

    /// <summary>IPv6 routing header (RFC 8200 §4.4).</summary>
    public const byte Routing = 43;

    /// <summary>IPv6 fragment header (RFC 8200 §4.5).</summary>
    public const byte Fragment = 44;

    /// <summary>ESP (RFC 4303).</summary>
    public const byte Esp = 50;

    /// <summary>AH (RFC 4302).</summary>
    public const byte Ah = 51;

    /// <summary>ICMPv6 (RFC 4443).</summary>
    public const byte IcmpV6 = 58;

    /// <summary>No next header (RFC 8200 §4.7); in ESP a dummy packet (RFC 4303 §2.6).</summary>
    public const byte NoNextHeader = 59;

    /// <summary>IPv6 destination options (RFC 8200 §4.6).</summary>
    public const byte DestinationOptions = 60;

    /// <summary>SCTP (RFC 9260).</summary>
    public const byte Sctp = 132;

    /// <summary>UDP-Lite (RFC 3828).</summary>
    public const byte UdpLite = 136;
}

/// <summary>EtherTypes that are forwarded.</summary>
public static class EtherType
{
    /// <summary>IPv4.</summary>
    public const ushort Ipv4 = 0x0800;

    /// <summary>IPv6.</summary>
    public const ushort Ipv6 = 0x86dd;
}

/// <summary>Explicit congestion notification codepoints (RFC 3168 §5).</summary>
public static class Ecn
{
    /// <summary>Not ECN-capable.</summary>
    public const int NotEct = 0;

    /// <summary>ECN-capable, ECT(1).</summary>
    public const int Ect1 = 1;

    /// <summary>ECN-capable, ECT(0).</summary>
    public const int Ect0 = 2;

    /// <summary>Congestion experienced.</summary>
    public const int Ce = 3;
}

/// <summary>ICMP types and codes that the product sends or reads (RFC 792, RFC 1191).</summary>
public static class IcmpType
{
    /// <summary>Echo reply.</summary>
    public const byte EchoReply = 0;

    /// <summary>Destination unreachable.</summary>
    public const byte DestinationUnreachable = 3;

    /// <summary>Redirect.</summary>
    public const byte Redirect = 5;

    /// <summary>Echo request.</summary>
    public const byte Echo = 8;

    /// <summary>Time exceeded.</summary>
    public const byte TimeExceeded = 11;

    /// <summary>Parameter problem.</summary>
    public const byte ParameterProblem = 12;

    /// <summary>Code of <see cref="DestinationUnreachable"/>: net unreachable.</summary>
    public const byte CodeNetUnreachable = 0;

    /// <summary>Code of <see cref="DestinationUnreachable"/>: fragmentation needed and DF set.</summary>
    public const byte CodeFragmentationNeeded = 4;

    /// <summary>Code of <see cref="DestinationUnreachable"/>: communication administratively prohibited (RFC 1812 §5.2.7.1).</summary>
    public const byte CodeProhibited = 13;
}

/// <summary>ICMPv6 types (RFC 4443).</summary>
public static class IcmpV6Type
{
    /// <summary>Destination unreachable.</summary>
    public const byte DestinationUnreachable = 1;

    /// <summary>Packet too big.</summary>
    public const byte PacketTooBig = 2;

    /// <summary>Time exceeded.</summary>
    public const byte TimeExceeded = 3;

    /// <summary>Parameter problem.</summary>
    public const byte ParameterProblem = 4;

    /// <summary>Types below this are errors.</summary>
    public const byte FirstInformational = 128;

    /// <summary>Echo request.</summary>
    public const byte Echo = 128;

    /// <summary>Echo reply.</summary>
    public const byte EchoReply = 129;

    /// <summary>Redirect (RFC 4861 §4.5).</summary>
    public const byte Redirect = 137;
}
