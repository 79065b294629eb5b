using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What the SPD says of a packet (RFC 4301 §4.4.1).</summary>
public enum SpdAction : byte
{
    /// <summary>Drop.</summary>
    Discard = 0,

    /// <summary>Forward in the clear.</summary>
    Bypass = 1,

    /// <summary>Protect by the tunnel named, or by the one that is routed.</summary>
    Protect = 2,
}

/// <summary>
/// One SPD entry or one pair of traffic selectors (RFC 4301 §4.4.1.1): ranges, inclusive at both ends. Outbound a packet's source is compared to
/// "local" and its destination to "remote"; inbound the other way round. Written by the slow path. 128 octets.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct SpdRule
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 128;

    /// <summary>In <see cref="Tunnel"/>: the tunnel that the route names.</summary>
    public const uint ByRoute = uint.MaxValue;

    /// <summary>In <see cref="Protocol"/>: any protocol.</summary>
    public const byte AnyProtocol = 0;

    /// <summary>Lowest local address.</summary>
    [FieldOffset(0)] public IpAddress LocalLow;

    /// <summary>Highest local address.</summary>
    [FieldOffset(16)] public IpAddress LocalHigh;

    /// <summary>Lowest remote address.</summary>
    [FieldOffset(32)] public IpAddress RemoteLow;

    /// <summary>Highest remote address.</summary>
    [FieldOffset(48)] public IpAddress RemoteHigh;

    /// <summary>IP protocol; 0 for any.</summary>
    [FieldOffset(64)] public byte Protocol;

    /// <summary>What to do.</summary>
    [FieldOffset(65)] public SpdAction Action;

    /// <summary>1: ports must be known: a fragment without them does not match (RFC 4301 §4.4.1.1 OPAQUE aside).</summary>
    [FieldOffset(66)] public byte HasPorts;

    /// <summary>1, of <see cref="SpdAction.Bypass"/>: it does not match where the remote address is routed into a tunnel or protected otherwise; the rules behind it are asked.</summary>
    [FieldOffset(67)] public byte OnlyPlain;

    /// <summary>Lowest local port; for ICMP type·256+code of what we send.</summary>
    [FieldOffset(68)] public ushort LocalPortLow;

    /// <summary>Highest local port.</summary>
    [FieldOffset(70)] public ushort LocalPortHigh;

    /// <summary>Lowest remote port.</summary>
    [FieldOffset(72)] public ushort RemotePortLow;

    /// <summary>Highest remote port.</summary>
    [FieldOffset(74)] public ushort RemotePortHigh;

    /// <summary>Slot of the tunnel for <see cref="SpdAction.Protect"/>, or <see cref="ByRoute"/>.</summary>
    [FieldOffset(76)] public uint Tunnel;

    /// <summary>For ICMP and ICMPv6 the two port ranges mean: "local" the type·256+code outbound, "remote" the same inbound.</summary>
    [FieldOffset(80)] public NameOctets Name;
}
