using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What a port is made of.</summary>
public enum PortKind : byte
{
    /// <summary>NIC queue past the kernel.</summary>
    AfXdp = 0,

    /// <summary>TUN device.</summary>
    Tun = 1,

    /// <summary>Capture files.</summary>
    Pcap = 2,

    /// <summary>Link between two ports in one process.</summary>
    Memory = 3,
}

/// <summary>On which side of the IPsec boundary a port is (RFC 4301 §3.1).</summary>
public enum PortSide : byte
{
    /// <summary>Inside: hosts that we protect.</summary>
    Protected = 0,

    /// <summary>Outside: the network that we do not trust.</summary>
    Unprotected = 1,
}

/// <summary>How a port runs at present.</summary>
public enum PortState : byte
{
    /// <summary>Not opened yet.</summary>
    Closed = 0,

    /// <summary>Takes and sends packets.</summary>
    Up = 1,

    /// <summary>Its device is gone or down; the data plane tries again.</summary>
    Lost = 2,
}

/// <summary>How AF_XDP is attached.</summary>
public enum PortMode : byte
{
    /// <summary>Does not apply.</summary>
    None = 0,

    /// <summary>Native XDP in the driver.</summary>
    Native = 1,

    /// <summary>Generic XDP (skb mode): slower, works with any driver.</summary>
    Generic = 2,
}

/// <summary>A port. The slow path writes the first line and the addresses at the end, the data plane what is named so. 128 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct PortRecord
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 128;

    /// <summary>Ports a region has room for. Index 0 is the host's own door where there is one.</summary>
    public const int Maximum = 32;

    /// <summary><see cref="SlotState"/>.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Kind.</summary>
    [FieldOffset(4)] public PortKind Kind;

    /// <summary>Side of the boundary.</summary>
    [FieldOffset(5)] public PortSide Side;

    /// <summary>MTU in octets, without Ethernet header.</summary>
    [FieldOffset(6)] public ushort Mtu;

    /// <summary>Kernel's interface index; 0 while the device is missing.</summary>
    [FieldOffset(8)] public uint InterfaceIndex;

    /// <summary>Written by the slow path: of a tunnel's own interface, the tunnel's slot + 1; 0 for any other port.</summary>
    [FieldOffset(12)] public uint Tunnel;

    /// <summary>Link-layer address, low 48 bits, first octet lowest (memory order).</summary>
    [FieldOffset(16)] public ulong Mac;

    /// <summary>Name in the configuration.</summary>
    [FieldOffset(24)] public NameOctets Name;

    /// <summary>Written by the data plane: how it runs.</summary>
    [FieldOffset(64)] public PortState Running;

    /// <summary>Written by the data plane: how AF_XDP is attached.</summary>
    [FieldOffset(65)] public PortMode Mode;

    /// <summary>Written by the data plane: queues open.</summary>
    [FieldOffset(66)] public ushort Queues;

    /// <summary>Written by the data plane: times that it was lost.</summary>
    [FieldOffset(68)] public uint Losses;

    /// <summary>Written by the data plane: packets the kernel dropped for want of descriptors (XDP_STATISTICS), all queues.</summary>
    [FieldOffset(72)] public ulong KernelDrops;

    /// <summary>Written by the slow path: the port's first IPv4 address, the source of ICMP errors (RFC 1812 §4.3.2.4); <see cref="IpAddress.Any"/> when it has none.</summary>
    [FieldOffset(80)] public IpAddress AddressV4;

    /// <summary>Written by the slow path: the port's first IPv6 address that is not link-local; <see cref="IpAddress.Any"/> when it has none.</summary>
    [FieldOffset(96)] public IpAddress AddressV6;
}
