using System.Text.Json.Serialization;

namespace Appliance.LineRate;

/// <summary>One measured case, and one line of JSON. What a suite does not have stays null and is left out.</summary>
public sealed record Row
{
    public required string Suite { get; init; }

    public required string Case { get; init; }

    public string? Cipher { get; init; }

    /// <summary>Octets: of the data for crypto, of the inner IP packet for esp and wire.</summary>
    public int? Size { get; init; }

    public int? Sas { get; init; }

    public int? Routes { get; init; }

    /// <summary>Times the packets of one worker on the same SA, measured in turns with it.</summary>
    public double? Scaling { get; init; }

    /// <summary>Times the time of a packet among ten members, measured in turns with it.</summary>
    public double? CostOfMembers { get; init; }

    /// <summary>BGP neighbours that the routes come from.</summary>
    public int? Neighbors { get; init; }

    /// <summary>Until all best paths are in the RIB, from the first octet that was sent.</summary>
    public double? Seconds { get; init; }

    /// <summary>Until a data plane finds all of them, or none of what was withdrawn.</summary>
    public double? SecondsToDataPlane { get; init; }

    /// <summary>CPU time of the process for it.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>By how many octets the process's own memory grew, for each route.</summary>
    public double? BytesPerRoute { get; init; }

    /// <summary>By how many octets the region that the data plane reads grew, for each route.</summary>
    public double? DataPlaneBytesPerRoute { get; init; }

    public int? Workers { get; init; }

    public string? Tier { get; init; }

    /// <summary>How the gateway's port is attached: native or generic.</summary>
    public string? Mode { get; init; }

    /// <summary>Set on a row that measures somebody else.</summary>
    public string? Peer { get; init; }

    public double? Mpps { get; init; }

    public double? Gbps { get; init; }

    public double? Mbps { get; init; }

    public double? NsPerPacket { get; init; }

    public double? AllocatedBytesPerPacket { get; init; }

    /// <summary>IKE SAs, each with its child, that two nodes established in a second.</summary>
    public double? SasPerSecond { get; init; }

    /// <summary>CPU time of the side that began, in milliseconds for each IKE SA.</summary>
    public double? CpuMsInitiator { get; init; }

    /// <summary>CPU time of the side that answered, in milliseconds for each IKE SA.</summary>
    public double? CpuMsResponder { get; init; }

    /// <summary>Octets for each IKE SA with its child, pages of the region included: of the side that uses more.</summary>
    public long? BytesPerSa { get; init; }

    /// <summary>IKE SAs that were wanted and are not there.</summary>
    public int? Failures { get; init; }

    /// <summary>The longest that an honest peer took to connect, in milliseconds.</summary>
    public double? ConnectMs { get; init; }

    /// <summary>By how many octets the memory of a process grew.</summary>
    public long? MemoryGrowthBytes { get; init; }

    /// <summary>Latency in nanoseconds, where a suite measures it.</summary>
    public double? P50Ns { get; init; }

    public double? P99Ns { get; init; }

    public double? P999Ns { get; init; }

    /// <summary>Members of a group.</summary>
    public int? Members { get; init; }

    /// <summary>From the reason to rekey a group until every member has acknowledged the new SA.</summary>
    public double? RekeySeconds { get; init; }

    /// <summary>From the first member's first datagram until every member has the group's SA.</summary>
    public double? RegisterSeconds { get; init; }

    /// <summary>Octets that the gateway keeps for each member, all in: the heap after a full collection.</summary>
    public long? BytesPerMember { get; init; }

    /// <summary>What to know about the row: why it has no figures, what it was compared with.</summary>
    public string? Note { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Row))]
internal sealed partial class RowJson : JsonSerializerContext;
