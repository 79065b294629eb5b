using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>The first page of a region. Each word has one writer, named here. 4096 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct RegionHeader
{
    /// <summary>Octets.</summary>
    public const int RecordSize = 4096;

    /// <summary>"APPLREG1" as a number.</summary>
    public const ulong MagicValue = 0x3147_4552_4c50_5041;

    /// <summary>Changes whenever a record's layout changes: a process refuses a region of another layout.</summary>
    public const uint LayoutNumber = 6;

    /// <summary>Supervisor, stored last: <see cref="MagicValue"/>.</summary>
    [FieldOffset(0)] public ulong Magic;

    /// <summary>Supervisor: <see cref="LayoutNumber"/>.</summary>
    [FieldOffset(8)] public uint Layout;

    /// <summary>Supervisor: octets of the file.</summary>
    [FieldOffset(16)] public ulong Length;

    /// <summary>Supervisor: sizes, in the order of <see cref="RegionSizes"/>.</summary>
    [FieldOffset(32)] public RegionCounts Counts;

    /// <summary>Supervisor: workers that the configuration asks for.</summary>
    [FieldOffset(96)] public uint Workers;

    // Supervisor's line.
    /// <summary>Supervisor: its process.</summary>
    [FieldOffset(128)] public int SupervisorProcess;

    /// <summary>Supervisor: times it started the data plane.</summary>
    [FieldOffset(132)] public uint DataPlaneStarts;

    /// <summary>Supervisor: times it started the slow path.</summary>
    [FieldOffset(136)] public uint SlowPathStarts;

    // Data plane's line.
    /// <summary>Data plane: its process; 0 when it has gone by itself.</summary>
    [FieldOffset(192)] public int DataPlaneProcess;

    /// <summary>Data plane: 1 once its workers run.</summary>
    [FieldOffset(196)] public uint DataPlaneReady;

    /// <summary>Data plane: milliseconds of <see cref="Environment.TickCount64"/> at the keeper's last round.</summary>
    [FieldOffset(200)] public long DataPlaneHeartbeat;

    /// <summary>Data plane: the value of <see cref="SaVersion"/> up to which ciphers are ready for use.</summary>
    [FieldOffset(208)] public uint SaPrepared;

    /// <summary>Data plane: number of the AES-GCM tier that runs (<c>Appliance.Crypto.AesGcmTier</c>).</summary>
    [FieldOffset(212)] public uint CryptoTier;

    // Slow path's line.
    /// <summary>Slow path: its process.</summary>
    [FieldOffset(256)] public int SlowPathProcess;

    /// <summary>Slow path: 1 once the tables hold what the configuration says.</summary>
    [FieldOffset(260)] public uint SlowPathReady;

    /// <summary>Slow path: milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    [FieldOffset(264)] public long SlowPathHeartbeat;

    /// <summary>Slow path: rises when SA records were written that need preparation before they are published; a futex.</summary>
    [FieldOffset(272)] public uint SaVersion;

    /// <summary>Slow path: the SPD in force: first rule · 2^32 + number of rules, in one store.</summary>
    [FieldOffset(280)] public ulong Spd;

    /// <summary>Slow path: rises when a port's device appeared or changed; a hint to open it again.</summary>
    [FieldOffset(288)] public uint PortVersion;

    /// <summary>Slow path: tier wanted: 0 for the best.</summary>
    [FieldOffset(292)] public uint CryptoTierWanted;

    /// <summary>Slow path: milliseconds for which packets are held for an SA.</summary>
    [FieldOffset(296)] public uint HoldMilliseconds;

    /// <summary>Slow path: floor of a believed path MTU in octets.</summary>
    [FieldOffset(300)] public uint PathMtuFloor;

    /// <summary>Slow path: rises when <see cref="Region.LocalAddress"/> entries change, so that the data plane tells the XDP program.</summary>
    [FieldOffset(304)] public uint LocalAddressVersion;

    /// <summary>Slow path: rises when <see cref="Region.MulticastPrefix"/> entries change, so that the data plane tells the XDP program.</summary>
    [FieldOffset(308)] public uint MulticastVersion;
}

/// <summary>Sizes as they stand in the header.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct RegionCounts
{
    /// <summary><see cref="RegionSizes.OutboundSas"/>.</summary>
    public int OutboundSas;

    /// <summary><see cref="RegionSizes.InboundSas"/>.</summary>
    public int InboundSas;

    /// <summary><see cref="RegionSizes.Tunnels"/>.</summary>
    public int Tunnels;

    /// <summary><see cref="RegionSizes.NextHops"/>.</summary>
    public int NextHops;

    /// <summary><see cref="RegionSizes.Adjacencies"/>.</summary>
    public int Adjacencies;

    /// <summary><see cref="RegionSizes.SpdRules"/>.</summary>
    public int SpdRules;

    /// <summary><see cref="RegionSizes.Ipv4Groups"/>.</summary>
    public int Ipv4Groups;

    /// <summary><see cref="RegionSizes.Ipv6Nodes"/>.</summary>
    public int Ipv6Nodes;

    /// <summary><see cref="RegionSizes.EventsPerWorker"/>.</summary>
    public int EventsPerWorker;

    /// <summary><see cref="RegionSizes.ContextSlots"/>.</summary>
    public int ContextSlots;

    /// <summary><see cref="RegionSizes.Senders"/>.</summary>
    public int Senders;
}
