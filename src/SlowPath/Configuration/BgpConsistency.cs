using System.Net;
using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>What must hold in all of <c>bgp:</c>: names and addresses are unique, VRFs are there, ranges do not overlap.</summary>
internal static class BgpConsistency
{
    /// <summary>Notes what does not hold.</summary>
    public static void Check(BgpConfiguration bgp, NeighborSection neighbors, VrfSection vrfs, ConfigurationErrors errors)
    {
        var named = bgp.Neighbors.Select(n => n.Name).Zip(neighbors.Places).Concat(bgp.Dynamic.Select(d => d.Template.Name).Zip(neighbors.DynamicPlaces));
        Consistency.Unique(named.Where(n => n.First.Length > 0), "neighbour", errors);
        Once(bgp.Neighbors.Where(n => !n.Address.Equals(IPAddress.Any)).Select(n => $"{n.Address}{(n.Transport.Device.Length > 0 ? "%" + n.Transport.Device : "")}"),
            neighbors.Places.Where((_, i) => !bgp.Neighbors[i].Address.Equals(IPAddress.Any)), "neighbour", "one neighbour has one address", errors);
        Ranges(bgp, neighbors, errors);
        Consistency.Unique(bgp.Vrfs.Select(v => v.Name).Zip(vrfs.Places), "VRF", errors);
        Once(bgp.Vrfs.Select(v => v.RouteDistinguisher == 0 ? "" : "route distinguisher " + RouteDistinguisher.ToText(v.RouteDistinguisher)), vrfs.Places, "VRF", "each VRF has a route distinguisher of its own", errors);
        Once(bgp.Vrfs.Select(v => v.Device.Length == 0 ? "" : "device " + v.Device), vrfs.Places, "VRF", "a device carries one VRF", errors);
        Once(bgp.Vrfs.Select(v => $"label {v.Label}"), vrfs.Places, "VRF", "a label leads to one VRF", errors);
        var names = bgp.Vrfs.Select(v => v.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (vrf, at) in neighbors.VrfPlaces)
            if (!errors.Full && !names.Contains(vrf))
                errors.Add(at, $"there is no VRF '{Spelling.Shorten(vrf)}'", Spelling.Hint(vrf, names));
    }

    private static void Once(IEnumerable<string> texts, IEnumerable<SourcePosition> places, string what, string hint, ConfigurationErrors errors)
    {
        var seen = new Dictionary<string, SourcePosition>(StringComparer.Ordinal);
        foreach (var (text, at) in texts.Zip(places))
            if (text.Length > 0 && !seen.TryAdd(text, at))
                errors.Add(at, $"{text} is that of the {what} in line {seen[text].Line} already", hint);
    }

    /// <summary>In address order a range overlaps another if, and only if, one that stands before it reaches into it.</summary>
    private static void Ranges(BgpConfiguration bgp, NeighborSection neighbors, ConfigurationErrors errors)
    {
        var sorted = bgp.Dynamic.Zip(neighbors.DynamicPlaces).Where(r => r.First.Range != default)
            .Select(r => (V4: r.First.Range.BaseAddress.IsV4(), Prefix: Prefix.Of(r.First.Range.BaseAddress, r.First.Range.PrefixLength), Name: r.First.Template.Name, At: r.Second))
            .OrderBy(r => r.V4).ThenBy(r => r.Prefix).ToList();
        var widest = 0;
        for (var i = 1; i < sorted.Count; i++)
        {
            var (outer, inner) = (sorted[widest], sorted[i]);
            if (outer.V4 == inner.V4 && outer.Prefix.Contains(inner.Prefix))
                errors.Add(inner.At, $"the range of '{inner.Name}' lies in that of '{outer.Name}', in line {outer.At.Line}", "an address belongs to one range: split them");
            else widest = i;
        }
    }
}
