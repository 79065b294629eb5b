using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>ESP mode of an SA (RFC 4301 §4.1): every SAD entry is one of them, never both.</summary>
public enum EspMode : byte
{
    /// <summary>An IP packet inside a new IP header.</summary>
    Tunnel = 0,

    /// <summary>The payload of the packet itself; IIPtran (RFC 3884) puts an IP-in-IP packet here.</summary>
    Transport = 1,
}

/// <summary>How ESP travels.</summary>
public enum EspEncapsulation : byte
{
    /// <summary>IP protocol 50.</summary>
    None = 0,

    /// <summary>In UDP (RFC 3948).</summary>
    Udp = 1,
}

/// <summary>Properties of an SA.</summary>
[Flags]
public enum SaFlags : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>64-bit extended sequence numbers (RFC 4303 §2.2.1).</summary>
    Esn = 1,

    /// <summary>Transport mode whose payload is IP-in-IP of the SA's tunnel interface (RFC 3884).</summary>
    IipTran = 2,

    /// <summary>Group SA (draft-yamaya-ipsecme-mpsa): its 32-bit sequence number may wrap, what runs out is the IV space. Outbound, each worker has one of its own; inbound, each sender has an owner.</summary>
    MultiPoint = 4,

    /// <summary>The outer DF bit is set whatever the inner one says.</summary>
    SetDf = 8,

    /// <summary>DSCP of the outer header is <see cref="OutboundSa.Dscp"/>, not the inner one (RFC 2983 §4).</summary>
    FixedDscp = 16,

    /// <summary>After decapsulation the DSCP of the outer header is not copied in; always so, named for the tables.</summary>
    DecapsulateEcn = 32,

    /// <summary>No integrity of the whole counters: sequence numbers are not checked (replay window 0).</summary>
    NoReplay = 64,

    /// <summary>Inner source must be routed back into the SA's tunnel.</summary>
    CheckSourceRoute = 128,

    /// <summary>Inbound: ESP is taken raw and in UDP, whatever we send (RFC 7296 §2.23).</summary>
    AnyEncapsulation = 256,

    /// <summary>Outbound: packets are compared to <see cref="OutboundSa.SelectorStart"/>, since route and policy alone would let others in.</summary>
    CheckSelectors = 512,

    /// <summary>Outbound: for its owner's packets alone (a per-resource child, RFC 9611).</summary>
    Dedicated = 1024,
}

/// <summary>Octets of expanded keys, as <c>Appliance.Crypto</c> lays them out; opaque here. Never shown, never logged.</summary>
[InlineArray(Size)]
public struct KeyOctets
{
    /// <summary>Octets.</summary>
    public const int Size = 768;

    private byte first;
}

/// <summary>Octets of an outer header template: IPv4 or IPv6, UDP when encapsulated; length, identification and checksum are filled per packet.</summary>
[InlineArray(Size)]
public struct HeaderOctets
{
    /// <summary>Octets: IPv6 (40) and UDP (8).</summary>
    public const int Size = 48;

    private byte first;
}

/// <summary>
/// Outbound SA as a worker reads it. Written by the slow path before <see cref="State"/> is set, never changed after but for the fields named so.
/// Its running numbers are in <see cref="OutboundSaState"/>. 1024 octets; the key starts at 256. What every packet reads lies in the lines at 0 and 128.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct OutboundSa
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 1024;

    /// <summary><see cref="SlotState"/>; stored last.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Counts the lives of the slot.</summary>
    [FieldOffset(4)] public uint Generation;

    /// <summary>Security parameters index, host order.</summary>
    [FieldOffset(8)] public uint Spi;

    /// <summary>Slot of the tunnel it belongs to.</summary>
    [FieldOffset(12)] public uint Tunnel;

    /// <summary>Tunnel or transport.</summary>
    [FieldOffset(16)] public EspMode Mode;

    /// <summary>Raw or in UDP.</summary>
    [FieldOffset(17)] public EspEncapsulation Encapsulation;

    /// <summary>Number of the cipher in <c>Appliance.Crypto.Cipher</c>.</summary>
    [FieldOffset(18)] public byte Cipher;

    /// <summary>Octets of the encryption key.</summary>
    [FieldOffset(19)] public byte KeyLength;

    /// <summary>Octets of the explicit IV: 8 or 16.</summary>
    [FieldOffset(20)] public byte IvLength;

    /// <summary>Octets of the integrity check value: 12, 16, 24 or 32.</summary>
    [FieldOffset(21)] public byte IcvLength;

    /// <summary>Alignment of payload and trailer in octets: 4 or 16.</summary>
    [FieldOffset(22)] public byte Alignment;

    /// <summary>Index of the worker that owns it.</summary>
    [FieldOffset(23)] public byte Worker;

    /// <summary>Properties.</summary>
    [FieldOffset(24)] public SaFlags Flags;

    /// <summary>Octets of <see cref="OuterHeader"/> in use: 20, 28, 40 or 48.</summary>
    [FieldOffset(26)] public byte OuterHeaderLength;

    /// <summary>DSCP of the outer header when <see cref="SaFlags.FixedDscp"/> (0–63).</summary>
    [FieldOffset(27)] public byte Dscp;

    /// <summary>Traffic-flow confidentiality: inner packets are padded to a multiple of this many octets; 0 for none (RFC 4303 §2.7).</summary>
    [FieldOffset(28)] public ushort TfcMultiple;

    /// <summary>Largest outer packet in octets, from the path MTU. Changed by the slow path while live.</summary>
    [FieldOffset(30)] public ushort PathMtu;

    /// <summary>Slot of the adjacency that outer packets leave by. Changed by the slow path while live.</summary>
    [FieldOffset(32)] public uint Adjacency;

    /// <summary>Width of the Sender-ID in the top of the IV in bits; 0 for none. A multi-point SA of a counter mode without one sends nothing.</summary>
    [FieldOffset(36)] public byte SenderIdBits;

    /// <summary>OR-ed into the 64-bit IV: node, epoch or Sender-ID bits.</summary>
    [FieldOffset(40)] public ulong IvBase;

    /// <summary>At this sequence number a soft event asks for a rekey.</summary>
    [FieldOffset(48)] public ulong SequenceSoftLimit;

    /// <summary>The last sequence number that may be used: 2^32-1, 2^64-1, or the IV space under a Sender-ID.</summary>
    [FieldOffset(56)] public ulong SequenceHardLimit;

    /// <summary>First rule of its traffic selectors in the SPD table; read with <see cref="SaFlags.CheckSelectors"/>.</summary>
    [FieldOffset(64)] public uint SelectorStart;

    /// <summary>How many rules.</summary>
    [FieldOffset(68)] public uint SelectorCount;

    /// <summary>Outer destination; <see cref="IpAddress.Any"/> in a multi-point SA, where <see cref="NextHopRecord.Address"/> names it for each packet.</summary>
    [FieldOffset(80)] public IpAddress Destination;

    /// <summary>Outer source.</summary>
    [FieldOffset(96)] public IpAddress Source;

    /// <summary>UDP ports when encapsulated.</summary>
    [FieldOffset(112)] public ushort SourcePort;

    /// <summary>UDP ports when encapsulated.</summary>
    [FieldOffset(114)] public ushort DestinationPort;

    /// <summary>Seconds without an outbound packet after which a NAT keepalive is sent; 0 for never (RFC 3948 §4).</summary>
    [FieldOffset(116)] public ushort KeepaliveSeconds;

    /// <summary>Milliseconds of <see cref="Environment.TickCount64"/> (no clock that anybody sets) at which the SA stops; 0 for never.</summary>
    [FieldOffset(120)] public long ExpiresAt;

    /// <summary>Outer IP (and UDP) header, ready but for what differs per packet.</summary>
    [FieldOffset(128)] public HeaderOctets OuterHeader;

    /// <summary>At this many octets a soft event is raised; 0 for never.</summary>
    [FieldOffset(176)] public ulong BytesSoftLimit;

    /// <summary>From this many octets on the SA sends nothing; 0 for never.</summary>
    [FieldOffset(184)] public ulong BytesHardLimit;

    /// <summary>Expanded keys.</summary>
    [FieldOffset(256)] public KeyOctets Key;
}

/// <summary>
/// Running numbers of an outbound SA; written by the worker that owns it. 64 octets.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct OutboundSaState
{
    /// <summary>The last sequence number (and IV counter) used. A worker that starts takes <see cref="ReservedUntil"/> instead.</summary>
    public ulong Sequence;

    /// <summary>Numbers up to and including this one may be used without another reservation. Written before their first use.</summary>
    public ulong ReservedUntil;

    /// <summary>Packets sent.</summary>
    public ulong Packets;

    /// <summary>Octets of inner packets sent.</summary>
    public ulong Bytes;

    /// <summary>Packets that this SA dropped, whatever the reason.</summary>
    public ulong Drops;

    /// <summary>Tick of the last packet, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long LastUsed;

    /// <summary>Generation of the record that these numbers count for; set by the slow path before the record is live.</summary>
    public uint Generation;

    /// <summary>1 once the soft event was raised.</summary>
    public uint SoftRaised;
}

/// <summary>Inbound SA as a worker reads it. 1024 octets; the key starts at 256.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct InboundSa
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 1024;

    /// <summary><see cref="SlotState"/>; stored last.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Counts the lives of the slot.</summary>
    [FieldOffset(4)] public uint Generation;

    /// <summary>Security parameters index, host order.</summary>
    [FieldOffset(8)] public uint Spi;

    /// <summary>Slot of the tunnel it belongs to.</summary>
    [FieldOffset(12)] public uint Tunnel;

    /// <summary>Tunnel or transport.</summary>
    [FieldOffset(16)] public EspMode Mode;

    /// <summary>Raw or in UDP; with <see cref="SaFlags.AnyEncapsulation"/> what we send, for display. Changed by the slow path while live.</summary>
    [FieldOffset(17)] public EspEncapsulation Encapsulation;

    /// <summary>Number of the cipher in <c>Appliance.Crypto.Cipher</c>.</summary>
    [FieldOffset(18)] public byte Cipher;

    /// <summary>Octets of the encryption key.</summary>
    [FieldOffset(19)] public byte KeyLength;

    /// <summary>Octets of the explicit IV: 8 or 16.</summary>
    [FieldOffset(20)] public byte IvLength;

    /// <summary>Octets of the integrity check value: 12, 16, 24 or 32.</summary>
    [FieldOffset(21)] public byte IcvLength;

    /// <summary>Alignment of payload and trailer in octets: 4 or 16.</summary>
    [FieldOffset(22)] public byte Alignment;

    /// <summary>Index of the worker that owns it (its replay window).</summary>
    [FieldOffset(23)] public byte Worker;

    /// <summary>Properties.</summary>
    [FieldOffset(24)] public SaFlags Flags;

    /// <summary>Replay window in packets, a multiple of 64 from 64 to 4096; 0 with <see cref="SaFlags.NoReplay"/>.</summary>
    [FieldOffset(26)] public ushort ReplayWindow;

    /// <summary>Width of the Sender-ID in the IV in bits; 0 for none.</summary>
    [FieldOffset(28)] public byte SenderIdBits;

    /// <summary>First rule of its traffic selectors in the SPD table; <see cref="SelectorCount"/> 0 means the tunnel's policy decides alone.</summary>
    [FieldOffset(32)] public uint SelectorStart;

    /// <summary>How many rules.</summary>
    [FieldOffset(36)] public uint SelectorCount;

    /// <summary>
    /// Slot + 1 of the SA under which a packet is tried that fails here: two SAs with one SPI that source and destination do not keep apart (a multi-point SA's SPI is the
    /// gateway's choice). 0 for none. Changed by the slow path while live; it is taken back before that slot is retired.
    /// </summary>
    [FieldOffset(40)] public uint Alternate;

    /// <summary>Outer destination (ours); <see cref="IpAddress.Any"/> when the lookup ignores it.</summary>
    [FieldOffset(48)] public IpAddress Destination;

    /// <summary>Outer source; <see cref="IpAddress.Any"/> when the lookup ignores it.</summary>
    [FieldOffset(64)] public IpAddress Source;

    /// <summary>
    /// Where the peer's ESP in UDP comes from; <see cref="PeerPort"/> 0: not watched. The newest packet from elsewhere raises <see cref="EventKind.PeerMoved"/>. Changed by the slow path
    /// while live, port 0 first: a worker that reads half of each raises an event that names the packet's own source, which does no harm.
    /// </summary>
    [FieldOffset(80)] public IpAddress Peer;

    /// <summary>Its UDP port.</summary>
    [FieldOffset(96)] public ushort PeerPort;

    /// <summary>Milliseconds of <see cref="Environment.TickCount64"/> (no clock that anybody sets) at which the SA stops; 0 for never.</summary>
    [FieldOffset(120)] public long ExpiresAt;

    /// <summary>Expanded keys.</summary>
    [FieldOffset(256)] public KeyOctets Key;
}

/// <summary>Octets of a replay bitmap: one bit a sequence number, 4096 of them.</summary>
[InlineArray(64)]
public struct ReplayBits
{
    private ulong first;
}

/// <summary>Running numbers of an inbound SA; written by the worker that owns it, but for one with Sender-IDs, which has <see cref="GroupSaCounters"/> instead. 640 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct InboundSaState
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 640;

    /// <summary>Highest sequence number that passed its integrity check (64 bits with ESN).</summary>
    [FieldOffset(0)] public ulong Highest;

    /// <summary>Packets accepted.</summary>
    [FieldOffset(8)] public ulong Packets;

    /// <summary>Octets of inner packets accepted.</summary>
    [FieldOffset(16)] public ulong Bytes;

    /// <summary>Packets whose integrity check failed.</summary>
    [FieldOffset(24)] public ulong IntegrityFailed;

    /// <summary>Packets replayed.</summary>
    [FieldOffset(32)] public ulong Replayed;

    /// <summary>Packets left of the window.</summary>
    [FieldOffset(40)] public ulong TooOld;

    /// <summary>Packets dropped for any other reason.</summary>
    [FieldOffset(48)] public ulong OtherDrops;

    /// <summary>Tick of the last packet, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    [FieldOffset(56)] public long LastUsed;

    /// <summary>Generation of the record that these numbers count for; set by the slow path before the record is live.</summary>
    [FieldOffset(64)] public uint Generation;

    /// <summary>One bit for each sequence number, at its number modulo 4096.</summary>
    [FieldOffset(128)] public ReplayBits Window;
}
