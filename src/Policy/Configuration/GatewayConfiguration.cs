using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Where something stands in the configuration file; line and column count from 1.</summary>
public readonly record struct SourcePosition(int Line, int Column);

/// <summary>What one configuration file says, checked in itself: every name resolves, nothing overlaps. Immutable.</summary>
public sealed record GatewayConfiguration
{
    /// <summary>Name of this gateway on this machine.</summary>
    public string Instance { get; init; } = "default";

    /// <summary>Cores, one worker each.</summary>
    public IReadOnlyList<int> Workers { get; init; } = [0];

    /// <summary>Tier of AES-GCM: auto, vaes, managed or bcl.</summary>
    public string CryptoTier { get; init; } = "auto";

    /// <summary>How long an idle worker polls before it sleeps, in microseconds.</summary>
    public int SpinMicroseconds { get; init; } = 50;

    /// <summary>Room in the region.</summary>
    public RegionSizes Region { get; init; } = new();

    /// <summary>Frames of each worker.</summary>
    public int Frames { get; init; } = 8192;

    /// <summary>Frames of each worker kept for packets longer than a frame.</summary>
    public int JumboFrames { get; init; } = 256;

    /// <summary>Ports in the order of the file; the host's own door is not among them.</summary>
    public IReadOnlyList<PortConfiguration> Ports { get; init; } = [];

    /// <summary>The host's own door, if any.</summary>
    public VpnConfiguration? Vpn { get; init; }

    /// <summary>Tunnels in the order of the file.</summary>
    public IReadOnlyList<TunnelConfiguration> Tunnels { get; init; } = [];

    /// <summary>Groups with a multi-point SA; their tunnels are among <see cref="Tunnels"/>.</summary>
    public IReadOnlyList<GroupConfiguration> Groups { get; init; } = [];

    /// <summary>The SPD in order (RFC 4301 §4.4.1).</summary>
    public IReadOnlyList<PolicyConfiguration> Policies { get; init; } = [];

    /// <summary>Prefixes that never leave in the clear.</summary>
    public IReadOnlyList<IpPrefix> Protected { get; init; } = [];

    /// <summary>Path of the API's socket; null for the one in the runtime directory.</summary>
    public string? ApiSocket { get; init; }

    /// <summary>Folder of what survives a reboot.</summary>
    public string StateDirectory { get; init; } = "/var/lib/appliance/default";

    /// <summary>Index of a port in the region: 0 is the host's own door where there is one.</summary>
    public int RegionIndex(int port) => port + (Vpn is null ? 0 : 1);

    /// <summary>Tunnels that are interfaces, with the index of their port in the region: behind all others.</summary>
    public IEnumerable<(TunnelConfiguration Tunnel, TunnelInterface Interface, int Index)> Interfaces =>
        Tunnels.Where(t => t.Interface is not null).Select((t, i) => (t, t.Interface!, RegionIndex(Ports.Count + i)));
}

/// <summary>A port.</summary>
public sealed record PortConfiguration
{
    /// <summary>Its name here.</summary>
    public required string Name { get; init; }

    /// <summary>What it is made of.</summary>
    public PortKind Kind { get; init; } = PortKind.AfXdp;

    /// <summary>Network device; empty for pcap and memory.</summary>
    public string Device { get; init; } = "";

    /// <summary>Side of the IPsec boundary.</summary>
    public PortSide Side { get; init; }

    /// <summary>How AF_XDP is attached: auto, native or generic.</summary>
    public string Mode { get; init; } = "auto";

    /// <summary>Capture file to read; empty for none.</summary>
    public string ReadFile { get; init; } = "";

    /// <summary>Capture file to write; empty for none.</summary>
    public string WriteFile { get; init; } = "";

    /// <summary>The port at the other end of a memory link.</summary>
    public string Peer { get; init; } = "";

    /// <summary>Addresses that a TUN device is given.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses { get; init; } = [];

    /// <summary>Where the device is named.</summary>
    public SourcePosition DeviceAt { get; init; }
}

/// <summary>An address with the network it stands in.</summary>
public readonly record struct InterfaceAddress(IpAddress Address, int PrefixLength)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <summary>The host's own door: a TUN device.</summary>
public sealed record VpnConfiguration
{
    /// <summary>Name of the device.</summary>
    public string Device { get; init; } = "vpn0";

    /// <summary>The machine's inner addresses.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses { get; init; } = [];

    /// <summary>MTU of the device in octets.</summary>
    public int Mtu { get; init; } = 1400;
}
