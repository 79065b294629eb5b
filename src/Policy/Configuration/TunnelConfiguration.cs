using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>A tunnel to a peer.</summary>
public sealed record TunnelConfiguration
{
    /// <summary>Automatic, where a number of octets could stand.</summary>
    public const int Auto = -1;

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Tunnel mode, IIPtran or transport mode.</summary>
    public TunnelKind Kind { get; init; }

    /// <summary>IKE peer whose children carry it; null for a tunnel that is keyed by hand.</summary>
    public string? Peer { get; init; }

    /// <summary>
    /// The peer comes from anywhere: each of its IKE SAs has an instance of its own (<see cref="Template"/>), and <see cref="Routes"/> (its pools and what it may ask for) are discarded
    /// but for what an instance carries.
    /// </summary>
    public bool IsTemplate { get; init; }

    /// <summary>Of an instance, which no file names: the template's name.</summary>
    public string? Template { get; init; }

    /// <summary>
    /// Group whose multi-point SA carries it (<see cref="GroupConfiguration"/>): there is one tunnel for each outer family, <see cref="Remote"/> is any, and each route names the outer
    /// destination. Null for any other tunnel.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>Outer source; with a peer the configured one, if any, until a child says otherwise.</summary>
    public IpAddress Local { get; init; }

    /// <summary>Outer destination, of the same family; with a peer the configured one, if any, until a child says otherwise.</summary>
    public IpAddress Remote { get; init; }

    /// <summary>Raw ESP or ESP in UDP.</summary>
    public EspEncapsulation Encapsulation { get; init; }

    /// <summary>UDP source port when encapsulated.</summary>
    public ushort LocalPort { get; init; } = 4500;

    /// <summary>UDP destination port when encapsulated.</summary>
    public ushort RemotePort { get; init; } = 4500;

    /// <summary>Seconds between NAT keepalives; 0 for none (RFC 3948 §4).</summary>
    public ushort KeepaliveSeconds { get; init; }

    /// <summary>Prefixes behind the peer.</summary>
    public IReadOnlyList<IpPrefix> Routes { get; init; } = [];

    /// <summary>An inner source must be routed back into this tunnel.</summary>
    public bool CheckSource { get; init; } = true;

    /// <summary>In place of <see cref="CheckSource"/>: it must be routed into a tunnel that is an interface.</summary>
    public bool SourceByInterfaces { get; init; }

    /// <summary>The tunnel as a device of the kernel; null for none.</summary>
    public TunnelInterface? Interface { get; init; }

    /// <summary>Largest inner packet in octets, or <see cref="Auto"/>.</summary>
    public int Mtu { get; init; } = Auto;

    /// <summary>Largest outer packet in octets, or <see cref="Auto"/>.</summary>
    public int PathMtu { get; init; } = Auto;

    /// <summary>TCP MSS clamp: <see cref="Auto"/>, 0 for off, or octets.</summary>
    public int MssClamp { get; init; } = Auto;

    /// <summary>The outer DF bit is always set.</summary>
    public bool SetDf { get; init; }

    /// <summary>Fixed DSCP of the outer header (0–63), or <see cref="Auto"/> to copy it.</summary>
    public int Dscp { get; init; } = Auto;

    /// <summary>Inner packets are padded to a multiple of this many octets; 0 for none.</summary>
    public ushort TfcMultiple { get; init; }

    /// <summary>Packets are held while there is no SA.</summary>
    public bool Hold { get; init; } = true;

    /// <summary>Keys from the file, for AES-CBC with HMAC alone.</summary>
    public ManualKeys? Manual { get; init; }
}

/// <summary>A tunnel as an interface (RFC 3884): a TUN device. What the kernel sends into it goes into the tunnel.</summary>
/// <param name="Device">Name of the device.</param>
/// <param name="Addresses">Its addresses: the source of the machine's own packets through it (RFC 3884 §3.3).</param>
/// <param name="Mtu">Its MTU in octets.</param>
/// <param name="Watch">BFD through the tunnel; null for none.</param>
public sealed record TunnelInterface(string Device, IReadOnlyList<InterfaceAddress> Addresses, int Mtu, TunnelWatch? Watch = null)
{
    /// <inheritdoc/>
    public bool Equals(TunnelInterface? other) => other is not null && Device == other.Device && Mtu == other.Mtu && Watch == other.Watch && Addresses.SequenceEqual(other.Addresses);

    /// <inheritdoc/>
    public override int GetHashCode() => Device.GetHashCode(StringComparison.Ordinal);
}

/// <summary>A BFD session through a tunnel, between the addresses of its two interfaces (RFC 5881).</summary>
/// <param name="Local">Ours.</param>
/// <param name="Remote">Theirs.</param>
/// <param name="Milliseconds">Interval, in both directions.</param>
/// <param name="Multiplier">Detection multiplier.</param>
public sealed record TunnelWatch(IpAddress Local, IpAddress Remote, int Milliseconds, int Multiplier);

/// <summary>Keys that stand in the configuration file (RFC 4301 §4.5.1). Wiped by their owner once installed.</summary>
public sealed record ManualKeys
{
    /// <summary>Name of the cipher, as the API spells it.</summary>
    public required string Cipher { get; init; }

    /// <summary>SPI of what we send.</summary>
    public uint OutboundSpi { get; init; }

    /// <summary>SPI of what we take in.</summary>
    public uint InboundSpi { get; init; }

    /// <summary>Key material of what we send: encryption key, then integrity key (RFC 7296 §2.17).</summary>
    public byte[] OutboundKey { get; init; } = [];

    /// <summary>Key material of what we take in.</summary>
    public byte[] InboundKey { get; init; } = [];

    /// <summary>Replay window in packets; 0 for none: manual keying has none by default (RFC 4303 §3.3.3).</summary>
    public ushort ReplayWindow { get; init; }

    /// <summary>Never shows a key.</summary>
    public override string ToString() => $"manual {Cipher}";
}

/// <summary>An SPD entry (RFC 4301 §4.4.1.2). Ranges are inclusive; "any" spans the whole family or both.</summary>
public sealed record PolicyConfiguration
{
    /// <summary>Its name; made from its place where the file gives none.</summary>
    public required string Name { get; init; }

    /// <summary>What to do.</summary>
    public SpdAction Action { get; init; }

    /// <summary>Tunnel by name; null for the one that is routed.</summary>
    public string? Tunnel { get; init; }

    /// <summary>Local addresses; null for any.</summary>
    public AddressRange? Local { get; init; }

    /// <summary>Remote addresses; null for any.</summary>
    public AddressRange? Remote { get; init; }

    /// <summary>IP protocol; 0 for any.</summary>
    public byte Protocol { get; init; }

    /// <summary>Local ports; null for any.</summary>
    public PortRange? LocalPorts { get; init; }

    /// <summary>Remote ports; null for any.</summary>
    public PortRange? RemotePorts { get; init; }

    /// <summary>ICMP types and codes as type·256+code; null for any.</summary>
    public PortRange? Icmp { get; init; }

    /// <summary>Of <see cref="SpdAction.Bypass"/>: it does not match where the remote address is routed into a tunnel or protected otherwise.</summary>
    public bool OnlyPlain { get; init; }
}

/// <summary>Addresses from <paramref name="Low"/> to <paramref name="High"/>, both included, of one family.</summary>
public readonly record struct AddressRange(IpAddress Low, IpAddress High);

/// <summary>Ports from <paramref name="Low"/> to <paramref name="High"/>, both included.</summary>
public readonly record struct PortRange(ushort Low, ushort High);
