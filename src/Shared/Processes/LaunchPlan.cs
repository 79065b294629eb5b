using System.Text.Json;
using System.Text.Json.Serialization;

namespace Appliance.Shared;

/// <summary>How AF_XDP shall be attached to a port.</summary>
public enum PortModeWanted : byte
{
    /// <summary>Native, and generic where the driver cannot.</summary>
    Auto = 0,

    /// <summary>Native or not at all.</summary>
    Native = 1,

    /// <summary>Generic.</summary>
    Generic = 2,
}

/// <summary>
/// What has to be known before any process starts: written by <c>Appliance.SlowPath plan</c> from a configuration that is right, read by
/// the supervisor and the data plane. JSON, names in snake_case; it holds no keys.
/// </summary>
public sealed record LaunchPlan
{
    /// <summary>Name of the instance.</summary>
    public required string Instance { get; init; }

    /// <summary>Its runtime directory.</summary>
    public required string Runtime { get; init; }

    /// <summary>Cores, one worker each.</summary>
    public required IReadOnlyList<int> Workers { get; init; }

    /// <summary>Sizes of the region.</summary>
    public RegionSizes Region { get; init; } = new();

    /// <summary>Ordinary frames of each worker.</summary>
    public int FramesPerWorker { get; init; } = 8192;

    /// <summary>Jumbo runs of each worker.</summary>
    public int JumboPerWorker { get; init; } = 256;

    /// <summary>auto, vaes, managed or bcl.</summary>
    public string CryptoTier { get; init; } = "auto";

    /// <summary>How long an idle worker polls before it sleeps, in microseconds.</summary>
    public int SpinMicroseconds { get; init; } = 50;

    /// <summary>Ports by index; the host's own door, when there is one, is index 0.</summary>
    public required IReadOnlyList<PortPlan> Ports { get; init; }

    /// <summary>The host's own door, or null.</summary>
    public VpnPlan? Vpn { get; init; }

    /// <summary>Ports that are interfaces of tunnels, a bit each.</summary>
    [JsonIgnore]
    public uint TunnelPorts => Ports.Where(p => p.Tunnel is not null).Aggregate(0u, (ports, p) => ports | (1u << p.Index));

    /// <summary>As JSON text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, LaunchPlanJson.Default.LaunchPlan);

    /// <summary>From JSON text.</summary>
    /// <exception cref="JsonException">The text is not a plan; the message says where.</exception>
    public static LaunchPlan FromJson(string json) =>
        JsonSerializer.Deserialize(json, LaunchPlanJson.Default.LaunchPlan) ?? throw new JsonException("a launch plan is an object, not null");

    /// <summary>Reads the file that the supervisor wrote.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="JsonException">It is not a plan.</exception>
    public static LaunchPlan Read(string path) => FromJson(File.ReadAllText(path));
}

/// <summary>One port of a <see cref="LaunchPlan"/>.</summary>
public sealed record PortPlan
{
    /// <summary>Index in the region.</summary>
    public required int Index { get; init; }

    /// <summary>Name in the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>What it is made of.</summary>
    public PortKind Kind { get; init; }

    /// <summary>Device of the kernel, for AF_XDP and TUN.</summary>
    public string? Device { get; init; }

    /// <summary>Side of the IPsec boundary.</summary>
    public PortSide Side { get; init; }

    /// <summary>How AF_XDP is attached.</summary>
    public PortModeWanted Mode { get; init; }

    /// <summary>Queues; 0: as many as the device has, and at least one for each worker where it can be chosen.</summary>
    public int Queues { get; init; }

    /// <summary>MTU in octets of a device that we make; 0 for the kernel's own.</summary>
    public int Mtu { get; init; }

    /// <summary>Addresses (with prefix length) of a device that we make.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Of a tunnel's own interface: the tunnel. Whatever the kernel sends into the device goes into that tunnel.</summary>
    public string? Tunnel { get; init; }

    /// <summary>Capture file to replay.</summary>
    public string? FileIn { get; init; }

    /// <summary>Capture file to write.</summary>
    public string? FileOut { get; init; }

    /// <summary>Name of the other end of a memory port.</summary>
    public string? Peer { get; init; }
}

/// <summary>The host's own door.</summary>
public sealed record VpnPlan
{
    /// <summary>Name of the TUN device.</summary>
    public required string Device { get; init; }

    /// <summary>MTU in octets.</summary>
    public int Mtu { get; init; } = 1400;

    /// <summary>Addresses with prefix length.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];
}

/// <summary>Enumerations as snake_case text, numbers refused.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) where T : struct, Enum;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    Converters = [typeof(SnakeCaseEnum<PortKind>), typeof(SnakeCaseEnum<PortSide>), typeof(SnakeCaseEnum<PortModeWanted>)])]
[JsonSerializable(typeof(LaunchPlan))]
internal sealed partial class LaunchPlanJson : JsonSerializerContext;
