using Appliance.Shared;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>The region's routes as workers read them, in words: a neighbour, "?" and who is to be resolved, a tunnel's name (and ">", a member's ESP address, "@", the neighbour towards it), "discard" or "discard!" (protected); brackets around a group.</summary>
internal static class RegionText
{
    public static uint Slot(Region region, IpAddress address) => address.IsV4 ? region.Ipv4Routes.Find(address.V4) : region.Ipv6Routes.Find(address);

    public static string Way(Region region, IpAddress address)
    {
        var slot = Slot(region, address);
        if (slot == 0) return "none";
        if (region.NextHop(slot).Kind != NextHopKind.Group) return Hop(region, slot);
        ref var group = ref region.NextHopGroup(slot);
        if (group.State != SlotState.Live) return "dead";
        var members = new List<string>();
        for (var i = 0; i < group.Count; i++) members.Add(Hop(region, group.Members[i]));
        return $"[{string.Join(' ', members)}]{(group.Protected == 0 && members.Any(m => m.EndsWith('!') || m.StartsWith("to-", StringComparison.Ordinal) || m.Contains('>', StringComparison.Ordinal)) ? " not protected" : "")}";
    }

    private static string Hop(Region region, uint slot)
    {
        ref var hop = ref region.NextHop(slot);
        if (hop.State != SlotState.Live) return "dead";
        switch (hop.Kind)
        {
            case NextHopKind.Adjacent:
                ref var adjacency = ref region.Adjacency(hop.Adjacency);
                return adjacency.State == SlotState.Live && adjacency.Neighbour == hop.Address ? hop.Address.ToString() : $"unresolved {hop.Address}";
            case NextHopKind.Glean:
                return hop.Address.IsAny ? "?" : $"?{hop.Address}";
            case NextHopKind.Tunnel:
                ref var tunnel = ref region.Tunnel(hop.Tunnel);
                if (tunnel.State != SlotState.Live || hop.Protected != 1) return "dead tunnel";
                if (hop.Address.IsAny) return tunnel.Name.Get();
                ref var towards = ref region.Adjacency(hop.Adjacency);
                return $"{tunnel.Name.Get()}>{hop.Address}@{(hop.Adjacency == 0 ? "nobody" : towards.State == SlotState.Live ? towards.Neighbour.ToString() : $"?{towards.Neighbour}")}";
            case NextHopKind.Discard:
                return hop.Protected != 0 ? "discard!" : "discard";
            default:
                return hop.Kind.ToString().ToLowerInvariant();
        }
    }
}
