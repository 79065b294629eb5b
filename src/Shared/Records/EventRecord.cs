using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What the data plane tells the slow path.</summary>
public enum EventKind : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A packet needs an SA that is not there (RFC 4301 §4.4.1): tunnel and the packet's selectors.</summary>
    Acquire = 1,

    /// <summary>An SA reached a soft limit: <see cref="EventRecord.Value"/> is the sequence number.</summary>
    SoftExpire = 2,

    /// <summary>An SA reached a hard limit and sends nothing any more.</summary>
    HardExpire = 3,

    /// <summary>A neighbour's link-layer address is needed: port and <see cref="EventRecord.Destination"/>.</summary>
    NeighbourNeeded = 4,

    /// <summary>A believable "packet too big" for a live SA: <see cref="EventRecord.Value"/> is the MTU.</summary>
    PathMtu = 5,

    /// <summary>ESP for an unknown SPI (for IKE's INVALID_SPI and quick crash detection).</summary>
    UnknownSpi = 6,

    /// <summary>ESP in UDP came from another address or port than the SA's (RFC 3948, NAT mapping changed).</summary>
    PeerMoved = 7,
}

/// <summary>One event. 128 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct EventRecord
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 128;

    /// <summary>What happened.</summary>
    [FieldOffset(0)] public EventKind Kind;

    /// <summary>Index of the worker.</summary>
    [FieldOffset(4)] public byte Worker;

    /// <summary>Index of the port.</summary>
    [FieldOffset(5)] public byte Port;

    /// <summary>IP protocol of the packet.</summary>
    [FieldOffset(6)] public byte Protocol;

    /// <summary>Slot of the tunnel.</summary>
    [FieldOffset(8)] public uint Tunnel;

    /// <summary>Slot of the SA.</summary>
    [FieldOffset(12)] public uint Sa;

    /// <summary>Generation of the SA's slot.</summary>
    [FieldOffset(16)] public uint Generation;

    /// <summary>SPI, host order.</summary>
    [FieldOffset(20)] public uint Spi;

    /// <summary>Number that the kind names.</summary>
    [FieldOffset(24)] public ulong Value;

    /// <summary>Source of the packet.</summary>
    [FieldOffset(32)] public IpAddress Source;

    /// <summary>Destination of the packet.</summary>
    [FieldOffset(48)] public IpAddress Destination;

    /// <summary>Source port.</summary>
    [FieldOffset(64)] public ushort SourcePort;

    /// <summary>Destination port.</summary>
    [FieldOffset(66)] public ushort DestinationPort;
}
