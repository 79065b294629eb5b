using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What a port or a stage says about a packet.</summary>
[Flags]
public enum PacketFlags : byte
{
    /// <summary>Nothing to say.</summary>
    None = 0,

    /// <summary>The transport checksum is not filled in (from a TUN with offload); must be completed before it leaves.</summary>
    ChecksumPartial = 1,

    /// <summary>No Ethernet header: the packet starts with IP (from TUN, or after decapsulation).</summary>
    NoEthernet = 2,

    /// <summary>Came out of a tunnel: the selector check after decapsulation is done.</summary>
    Decapsulated = 4,

    /// <summary>Came from the host's own door.</summary>
    Injected = 8,

    /// <summary>Made by the data plane itself (ICMP error, keepalive).</summary>
    Originated = 16,

    /// <summary>Was handed over by another worker.</summary>
    HandedOver = 32,

    /// <summary>Its destination is a multicast address that may be forwarded.</summary>
    Multicast = 64,
}

/// <summary>
/// A packet as workers and ports pass it: a place in the frame memory, not the octets. Whoever holds it owns its frame and
/// gives it back to the pool exactly once. 16 octets.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct Packet
{
    /// <summary>Offset of the first octet in <see cref="FrameMemory"/>.</summary>
    public uint Address;

    /// <summary>Octets.</summary>
    public int Length;

    /// <summary>Stage's own: an SA slot, a next hop, a tunnel.</summary>
    public uint Tag;

    /// <summary>Index of the port that it came in by.</summary>
    public byte InPort;

    /// <summary>What is known of it.</summary>
    public PacketFlags Flags;

    /// <summary>Index of the port it leaves by, once known.</summary>
    public byte OutPort;

    /// <summary>How many tunnels it has been through on this node.</summary>
    public byte Depth;
}
