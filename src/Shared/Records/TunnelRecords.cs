using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>A name of up to 31 octets of UTF-8, zero-padded.</summary>
[InlineArray(Size)]
public struct NameOctets
{
    /// <summary>Octets.</summary>
    public const int Size = 32;

    private byte first;

    /// <summary>Stores text, cut at 31 octets.</summary>
    public void Set(string text)
    {
        Span<byte> octets = this;
        octets.Clear();
        System.Text.Encoding.UTF8.TryGetBytes(text, octets[..(Size - 1)], out _);
    }

    /// <summary>Reads the text.</summary>
    public readonly string Get()
    {
        ReadOnlySpan<byte> octets = this;
        var end = octets.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? octets : octets[..end]);
    }
}

/// <summary>Outbound SA slot for each worker; <see cref="TunnelRecord.NoSa"/> where there is none.</summary>
[InlineArray(Size)]
public struct SaSlots
{
    /// <summary>Workers.</summary>
    public const int Size = 16;

    private uint first;
}

/// <summary>How a tunnel carries packets.</summary>
public enum TunnelKind : byte
{
    /// <summary>ESP tunnel mode.</summary>
    Tunnel = 0,

    /// <summary>IP-in-IP interface with transport-mode ESP (RFC 3884).</summary>
    IipTran = 1,

    /// <summary>Transport mode for traffic between the two ends themselves.</summary>
    Transport = 2,
}

/// <summary>A peer as policies and routes name it, and the SAs that carry it now. Written by the slow path. 256 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct TunnelRecord
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 256;

    /// <summary>In <see cref="CheckSourceRoute"/>: the inner source must be routed into a tunnel that is an interface, this one or another (routing decides which).</summary>
    public const byte SourceByInterfaces = 2;

    /// <summary>In <see cref="OutboundSas"/>: no SA.</summary>
    public const uint NoSa = uint.MaxValue;

    /// <summary><see cref="SlotState"/>.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Counts the lives of the slot.</summary>
    [FieldOffset(4)] public uint Generation;

    /// <summary>How it carries packets.</summary>
    [FieldOffset(8)] public TunnelKind Kind;

    /// <summary>1: hold packets and raise an acquire event when there is no SA; 0: drop them.</summary>
    [FieldOffset(9)] public byte HoldOnMiss;

    /// <summary>1: the inner source must be routed back into this tunnel; <see cref="SourceByInterfaces"/>: into any that is an interface.</summary>
    [FieldOffset(10)] public byte CheckSourceRoute;

    /// <summary>Port of the tunnel's own interface + 1; 0 for a tunnel without one.</summary>
    [FieldOffset(11)] public byte Interface;

    /// <summary>Octets of the largest inner packet that fits (from the SA's path MTU), so that ICMP can name it.</summary>
    [FieldOffset(12)] public ushort InnerMtu;

    /// <summary>TCP MSS for IPv4 inner packets is lowered to this; 0 leaves it.</summary>
    [FieldOffset(14)] public ushort MssClampV4;

    /// <summary>TCP MSS for IPv6 inner packets is lowered to this; 0 leaves it.</summary>
    [FieldOffset(16)] public ushort MssClampV6;

    /// <summary>Number of the multi-point group that it is a tunnel of, the same in all families; 0 for none. The inner source must then be routed into a tunnel of the same group.</summary>
    [FieldOffset(20)] public uint Group;

    /// <summary>Outer source.</summary>
    [FieldOffset(32)] public IpAddress Local;

    /// <summary>Outer destination.</summary>
    [FieldOffset(48)] public IpAddress Remote;

    /// <summary>Outbound SA slot for each worker (RFC 9611 children: one each; otherwise all alike). Each word is stored atomically.</summary>
    [FieldOffset(64)] public SaSlots OutboundSas;

    /// <summary>Its name in the configuration.</summary>
    [FieldOffset(128)] public NameOctets Name;
}

/// <summary>Where a route leads.</summary>
public enum NextHopKind : byte
{
    /// <summary>No such route.</summary>
    None = 0,

    /// <summary>To this machine: ESP for us, or the host's own door.</summary>
    Local = 1,

    /// <summary>To a neighbour whose link-layer address is known: <see cref="NextHopRecord.Adjacency"/>.</summary>
    Adjacent = 2,

    /// <summary>To a connected network or a gateway whose link-layer address is not known yet: an event asks for it.</summary>
    Glean = 3,

    /// <summary>Into <see cref="NextHopRecord.Tunnel"/>.</summary>
    Tunnel = 4,

    /// <summary>Nowhere: a protected prefix without a tunnel.</summary>
    Discard = 5,

    /// <summary>To the machine's inner address: out of the host's own door.</summary>
    Punt = 6,

    /// <summary>By one of several next hops, chosen by flow; the slot holds a <see cref="NextHopGroup"/>. What a learned route names, also with one next hop alone.</summary>
    Group = 7,

    /// <summary>To every member of a list and to ports here: multicast inside a group. The slot holds a <see cref="ReplicateRecord"/>.</summary>
    Replicate = 8,
}

/// <summary>What a route's value names. Written by the slow path. 64 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct NextHopRecord
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 64;

    /// <summary><see cref="SlotState"/>.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Where it leads.</summary>
    [FieldOffset(4)] public NextHopKind Kind;

    /// <summary>1: prefixes routed here must never leave in the clear.</summary>
    [FieldOffset(5)] public byte Protected;

    /// <summary>Port of a <see cref="NextHopKind.Glean"/>.</summary>
    [FieldOffset(6)] public byte Port;

    /// <summary>Slot of the tunnel.</summary>
    [FieldOffset(8)] public uint Tunnel;

    /// <summary>Slot of the adjacency.</summary>
    [FieldOffset(12)] public uint Adjacency;

    /// <summary>Outer destination for a multi-point SA, never changed while the record is live; for <see cref="NextHopKind.Glean"/> the gateway to resolve, or any for the packet's own destination.</summary>
    [FieldOffset(16)] public IpAddress Address;
}

/// <summary>Slots of the members of a <see cref="NextHopGroup"/>. Each word is stored atomically.</summary>
[InlineArray(Size)]
public struct MemberSlots
{
    /// <summary>Members at most.</summary>
    public const int Size = 12;

    private uint first;
}

/// <summary>
/// What a next hop's slot of kind <see cref="NextHopKind.Group"/> holds. A million learned routes name few of these: when a way changes, the members do and no route. Members are plain next hops,
/// never groups and never of kind Local. Whatever count and member a reader sees together, the member is a next hop of now or of a moment ago. Written by the slow path. 64 octets.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = NextHopRecord.RecordSize)]
public struct NextHopGroup
{
    /// <summary><see cref="SlotState"/>.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary><see cref="NextHopKind.Group"/>, where <see cref="NextHopRecord.Kind"/> is.</summary>
    [FieldOffset(4)] public NextHopKind Kind;

    /// <summary>1: a member is protected, or may be; where <see cref="NextHopRecord.Protected"/> is.</summary>
    [FieldOffset(5)] public byte Protected;

    /// <summary>1: what was learned are tunnels or a discard, which take the place of routes that give way; 0: next hops. For a successor of the slow path.</summary>
    [FieldOffset(6)] public byte IsFirm;

    /// <summary>How many members count, the first ones; 0: there is no way.</summary>
    [FieldOffset(8)] public uint Count;

    /// <summary>The members.</summary>
    [FieldOffset(16)] public MemberSlots Members;
}

/// <summary>Link-layer rewrite towards a neighbour. Written by the slow path. 64 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct AdjacencyRecord
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 64;

    /// <summary><see cref="SlotState"/>; anything but <see cref="SlotState.Live"/>: the neighbour is not resolved.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Index of the port.</summary>
    [FieldOffset(4)] public byte Port;

    /// <summary>1: the port has no link layer (TUN): nothing is written in front.</summary>
    [FieldOffset(5)] public byte NoEthernet;

    /// <summary>MTU of the link in octets.</summary>
    [FieldOffset(6)] public ushort Mtu;

    /// <summary>Destination and source addresses as they stand on the wire, 12 octets in two numbers (first 8, last 4), in memory order.</summary>
    [FieldOffset(8)] public ulong MacFirst;

    /// <summary>The last four octets.</summary>
    [FieldOffset(16)] public uint MacLast;

    /// <summary>The neighbour.</summary>
    [FieldOffset(32)] public IpAddress Neighbour;
}
