using System.Net;

namespace Appliance.Bgp;

/// <summary>Next hops of all sets of attributes, how far away each is, and which of them the host shall watch.</summary>
internal sealed class NextHopTable
{
    // Beyond so many prefixes that wait for one next hop, all are looked through.
    private const int MostWaiting = 1 << 16;
    private readonly Dictionary<(IPAddress Address, bool IsEgress), int> ids = [];
    private readonly Slab<Hop> hops = new();
    private readonly List<int> touched = [], touchedEgress = [];
    private readonly Dictionary<int, (IPAddress Address, bool IsEgress)> addresses = [];

    /// <summary>Whether a next hop can be reached.</summary>
    public bool IsReachable(int id) => hops[id].IsReachable;

    /// <summary>Whether the host said how it is.</summary>
    public bool IsAnswered(int id) => hops[id].IsAnswered;

    /// <summary>A prefix is decided on without knowing how a next hop is: it is decided on again when that is said.</summary>
    public void Wait(int id, RibTable table, int slot)
    {
        ref var hop = ref hops[id];
        if (hop.IsOverrun) return;
        hop.Waiting ??= [];
        if (hop.Waiting.Count < MostWaiting)
        {
            hop.Waiting.Add((table, slot));
            return;
        }

        hop.Waiting = null;
        hop.IsOverrun = true;
    }

    /// <summary>Metric of the way to a next hop (RFC 4271 §9.1.2.2 e).</summary>
    public uint Metric(int id) => hops[id].Metric;

    /// <summary>The number of a next hop, for a set of attributes that begins to name it. The end of a tunnel (<paramref name="isEgress"/>) is another: it is looked up elsewhere.</summary>
    public int Hold(IPAddress address, bool isEgress = false)
    {
        // An IPv4 next hop in IPv6 clothes (RFC 4659 §3.2.1.2) is looked up as what it is.
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (!ids.TryGetValue((address, isEgress), out var id))
        {
            id = hops.Take();
            // On the link by its nature (RFC 2545 §3), or no end of a tunnel at all: there is nothing to look up.
            hops[id].IsReachable = address.IsIPv6LinkLocal && !isEgress;
            hops[id].IsKnown = hops[id].IsAnswered = hops[id].IsReachable || (isEgress && address.Equals(IPAddress.Any));
            ids.Add((address, isEgress), id);
            addresses.Add(id, (address, isEgress));
        }

        hops[id].Sets++;
        return id;
    }

    /// <summary>A set of attributes is gone.</summary>
    public void Release(int id)
    {
        ref var hop = ref hops[id];
        hop.Sets--;
        Forget(id);
    }

    /// <summary>A route depends on it.</summary>
    public void Use(int id)
    {
        ref var hop = ref hops[id];
        if (hop.Uses++ == 0) Touch(id, ref hop);
    }

    /// <summary>A route does not depend on it any more.</summary>
    public void Unuse(int id)
    {
        ref var hop = ref hops[id];
        if (--hop.Uses == 0) Touch(id, ref hop);
    }

    /// <summary>What the host shall watch since the last time, and what no longer, next hops or ends of tunnels; in the order in which it came about.</summary>
    public void TakeChanges(List<IPAddress> added, List<IPAddress> removed, bool isEgress = false)
    {
        var changed = isEgress ? touchedEgress : touched;
        foreach (var id in changed)
        {
            ref var hop = ref hops[id];
            hop.IsTouched = false;
            if (hop.Uses > 0 && !hop.IsWatched)
            {
                hop.IsWatched = true;
                added.Add(addresses[id].Address);
            }
            else if (hop.Uses == 0 && hop.IsWatched)
            {
                hop.IsWatched = false;
                hop.IsReachable = hop.IsAnswered = hop.IsOverrun = false;
                hop.Metric = 0;
                hop.Waiting = null;
                removed.Add(addresses[id].Address);
            }

            Forget(id);
        }

        changed.Clear();
    }

    /// <summary>The host says how a next hop is. The number when routes depend on it and it changed, else 0.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="isEgress">It is the end of a tunnel.</param>
    /// <param name="isReachable">It can be reached.</param>
    /// <param name="metric">Metric of the way there.</param>
    /// <param name="waiting">The only prefixes that it matters to; null: any.</param>
    public int Resolve(IPAddress address, bool isEgress, bool isReachable, uint metric, out List<(RibTable Table, int Slot)>? waiting)
    {
        waiting = null;
        if (!ids.TryGetValue((address, isEgress), out var id)) return 0;
        ref var hop = ref hops[id];
        if (hop.IsKnown) return 0;
        if (!hop.IsAnswered && !hop.IsOverrun) waiting = hop.Waiting ?? [];
        (hop.IsAnswered, hop.IsOverrun, hop.Waiting) = (true, false, null);
        if (hop.IsReachable == isReachable && (!isReachable || hop.Metric == metric)) return 0;
        hop.IsReachable = isReachable;
        hop.Metric = isReachable ? metric : 0;
        return hop.Uses > 0 ? id : 0;
    }

    private void Touch(int id, ref Hop hop)
    {
        if (hop.IsTouched || hop.IsKnown) return;
        hop.IsTouched = true;
        (addresses[id].IsEgress ? touchedEgress : touched).Add(id);
    }

    private void Forget(int id)
    {
        ref var hop = ref hops[id];
        if (hop.Sets > 0 || hop.IsWatched || hop.IsTouched) return;
        if (!addresses.Remove(id, out var address)) return;
        ids.Remove(address);
        hops.Give(id);
    }

    private struct Hop : ILinked
    {
        public int Sets;
        public int Uses;
        public uint Metric;
        public bool IsReachable;
        public bool IsWatched;
        public bool IsTouched;
        public bool IsKnown;
        public bool IsAnswered;
        public bool IsOverrun;
        public List<(RibTable Table, int Slot)>? Waiting;

        public int Next { get; set; }
    }
}
