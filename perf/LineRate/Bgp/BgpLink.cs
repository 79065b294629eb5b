using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Bgp;

/// <summary>Two network namespaces on one veth: the speaker that is measured, and its neighbours, each with an address of its own.</summary>
internal sealed class BgpLink : TemporaryNamespaces
{
    /// <summary>Device of both.</summary>
    public const string Device = "wan0";

    /// <summary>Address of the speaker that is measured.</summary>
    public const string Speaker = "10.9.0.1";

    /// <summary>AS of the speaker that is measured.</summary>
    public const uint SpeakerAs = 65000;

    public BgpLink(int neighbors) : base("bgpperf", 2) => Try(() =>
    {
        Ip("link", "add", Device, "netns", Measured.Name, "type", "veth", "peer", "name", Device, "netns", Neighbors.Name);
        Ip("-n", Measured.Name, "addr", "add", Speaker + "/24", "dev", Device);
        for (var n = 0; n < neighbors; n++) Ip("-n", Neighbors.Name, "addr", "add", NeighborAddress(n) + "/24", "dev", Device);
        foreach (var space in (NetworkNamespace[])[Measured, Neighbors]) Ip("-n", space.Name, "link", "set", Device, "up");
    });

    /// <summary>Where the speaker that is measured runs.</summary>
    public NetworkNamespace Measured => this[0];

    /// <summary>Where its neighbours are.</summary>
    public NetworkNamespace Neighbors => this[1];

    /// <summary>Address of a neighbour, from 0.</summary>
    public static string NeighborAddress(int number) => $"10.9.0.{number + 2}";

    /// <summary>AS of a neighbour.</summary>
    public static uint NeighborAs(int number) => 65001 + (uint)number;
}
