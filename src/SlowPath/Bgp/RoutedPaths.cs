using System.Runtime.CompilerServices;
using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;
using RouteChange = Appliance.Bgp.RouteChange;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// From BGP's best paths to what Policy knows of routes. A million routes share few sets of best paths: each is converted once and the same list stands for it as long as anybody holds the paths.
/// </summary>
/// <param name="subType">Sub-type of the Security Gateway Identity (draft-guichard-ce-ce-ipsec-00 §6).</param>
internal sealed class RoutedPaths(byte subType)
{
    /// <summary>Opaque extended communities, transitive and not (RFC 4360 §3.3).</summary>
    private const byte Opaque = 0x03, OpaqueNonTransitive = 0x43;
    private readonly ConditionalWeakTable<BestPaths, IReadOnlyList<RoutedPath>> known = [];
    private (BestPaths? Paths, IReadOnlyList<RoutedPath>? Converted) latest;

    /// <summary>The sub-type that it looks for.</summary>
    public byte SubType => subType;

    /// <summary>A batch of the global table; the list is the caller's.</summary>
    public List<RoutedPrefix> Convert(Family family, IReadOnlyList<RouteChange> changes)
    {
        var batch = new List<RoutedPrefix>(changes.Count);
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            batch.Add(new RoutedPrefix(Prefix(family, change.Prefix), change.Paths is null ? null : Of(change.Paths)));
        }

        return batch;
    }

    /// <summary>The prefix in Policy's terms: IPv4 is v4-mapped there.</summary>
    public static IpPrefix Prefix(Family family, in Prefix prefix) =>
        new(family.Afi == 1 ? IpAddress.FromV4((uint)(prefix.High >> 32)) : new IpAddress(prefix.High, prefix.Low), prefix.Length);

    private IReadOnlyList<RoutedPath> Of(BestPaths paths)
    {
        if (ReferenceEquals(paths, latest.Paths)) return latest.Converted!;
        var converted = known.GetValue(paths, Make);
        latest = (paths, converted);
        return converted;
    }

    private RoutedPath[] Make(BestPaths paths)
    {
        var made = new RoutedPath[paths.Paths.Count];
        for (var i = 0; i < made.Length; i++)
        {
            var path = paths.Paths[i];
            IpAddress[]? egress = TunnelEncapsulation.IpsecEndpoints(path.Attributes) is { } endpoints ? [.. endpoints.Select(IpAddress.From)] : null;
            made[i] = new RoutedPath(IpAddress.From(path.Attributes.NextHop), Identity(path.Attributes.ExtendedCommunities), path.Neighbor, path.IsLocal, egress);
        }

        return made;
    }

    /// <summary>
    /// The Security Gateway Identity among the communities; none: <see cref="IpAddress.Any"/>. Of several the first counts. One whose reserved octets are not zero is one nevertheless: what its sender
    /// wants protected must not become plain.
    /// </summary>
    private IpAddress Identity(ulong[] communities)
    {
        foreach (var community in communities)
            if ((byte)(community >> 56) is Opaque or OpaqueNonTransitive && (byte)(community >> 48) == subType)
                return IpAddress.FromV4((uint)community);
        return IpAddress.Any;
    }
}
