using System.Net;

namespace Appliance.Bgp.Tests.Machine.Rig;

/// <summary>Configurations.</summary>
internal static class Samples
{
    public static readonly IRoutePolicy All = new AcceptAll();

    public static FamilyConfiguration Ipv4 => new() { Family = Family.Ipv4Unicast, Import = All, Export = All };

    public static FamilyConfiguration Of(Family family) => new() { Family = family, Import = All, Export = All };

    public static NeighborConfiguration To(string name, string address, uint remoteAs, params FamilyConfiguration[] families) =>
        new() { Name = name, Address = IPAddress.Parse(address), RemoteAs = remoteAs, Families = families.Length > 0 ? families : [Ipv4] };

    public static BgpConfiguration Speaks(uint localAs, string routerId, params NeighborConfiguration[] neighbors) =>
        new() { LocalAs = localAs, RouterId = Id(routerId), Neighbors = neighbors, RestartSeconds = 0 };

    public static uint Id(string text) => (uint)IPAddress.Parse(text).GetAddressBytes().Aggregate(0L, (a, b) => a << 8 | b);

    public static OriginatedRoute Route(string prefix, PathAttributes? attributes = null) =>
        Prefix.TryParse(prefix, out var p) ? new OriginatedRoute(prefix.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast, p, attributes ?? new PathAttributes())
        : throw new ArgumentException(prefix);

    private sealed class AcceptAll : IRoutePolicy
    {
        public string Name => "all";

        public bool DependsOnPrefix => false;

        public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes) => attributes;
    }
}
