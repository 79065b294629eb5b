namespace Appliance.Bgp;

/// <summary>The routes of one family in the global table or in a VRF.</summary>
internal sealed class RibTable(Rib rib, VrfState? vrf, Family family)
{
    private readonly PrefixIndex index = PrefixIndex.Of(family);
    private readonly Chunks<PrefixState> states = new();
    private Queue<int> dirty = new();

    /// <summary>The VRF; null: the global table.</summary>
    public VrfState? Vrf => vrf;

    /// <summary>The family.</summary>
    public Family Family => family;

    /// <summary>Neighbours that are told of it.</summary>
    public List<PeerFamily> Outs { get; } = [];

    /// <summary>Its VRF is gone; it lives until that was told.</summary>
    public bool IsDying { get; set; }

    /// <summary>Prefixes wait for the decision.</summary>
    public bool HasWork => dirty.Count > 0 && !IsHeld;

    /// <summary>No prefix waits, not even for a decision that is held back.</summary>
    public bool IsQuiet => dirty.Count == 0;

    /// <summary>No decision is taken (RFC 4724 §4.1: until all neighbours said their End-of-RIB).</summary>
    public bool IsHeld { get; set; }

    /// <summary>How many prefixes there are.</summary>
    public int Count => index.Count;

    /// <summary>How many routes there are.</summary>
    public int Paths { get; private set; }

    /// <summary>One beyond the highest slot.</summary>
    public int Top => index.Top;

    /// <summary>Best routes of this table are told to the host.</summary>
    public bool IsTold => family == Family.Ipv4Unicast || family == Family.Ipv6Unicast;

    /// <summary>A prefix, in place; not across <see cref="Reach"/>.</summary>
    public ref PrefixState this[int slot] => ref states[slot];

    /// <summary>The prefix of a slot.</summary>
    public Nlri Nlri(int slot) => index.Nlri(slot);

    /// <summary>Slot of a prefix; 0: not there.</summary>
    public int Find(in Nlri nlri) => index.Find(in nlri);

    /// <summary>Slot of a prefix, made when it is not there.</summary>
    public int Reach(in Nlri nlri)
    {
        var slot = index.FindOrAdd(in nlri, out var added);
        if (!added) return slot;
        states.Reach(slot);
        states[slot] = new PrefixState { Flags = PrefixFlags.Used };
        return slot;
    }

    /// <summary>Whether a slot is in use.</summary>
    public bool IsUsed(int slot) => slot < states.Capacity && (states[slot].Flags & PrefixFlags.Used) != 0;

    /// <summary>Has the decision taken anew.</summary>
    public void Touch(int slot, PrefixFlags how = PrefixFlags.None)
    {
        ref var state = ref states[slot];
        var was = state.Flags;
        state.Flags = was | PrefixFlags.Dirty | how;
        if ((was & PrefixFlags.Dirty) == 0) dirty.Enqueue(slot);
    }

    /// <summary>The same, for a slot that may be free by now.</summary>
    public void TouchUsed(int slot)
    {
        if (IsUsed(slot)) Touch(slot);
    }

    /// <summary>The next prefix that waits.</summary>
    public int TakeDirty()
    {
        var slot = dirty.Dequeue();
        if (dirty.Count == 0 && dirty.EnsureCapacity(0) > 4096) dirty = new Queue<int>();
        return slot;
    }

    /// <summary>The chain link that leads to a route with these marks, or the end of the chain.</summary>
    /// <param name="slot">The prefix.</param>
    /// <param name="peer">Whose.</param>
    /// <param name="pathId">Its identifier.</param>
    /// <param name="kind">Imported, exported or none of these.</param>
    /// <param name="previous">The route in front of it; 0: it is the first.</param>
    /// <param name="others">How many other routes of that neighbour there are for the prefix.</param>
    public int FindRoute(int slot, ushort peer, uint pathId, RouteFlags kind, out int previous, out int others)
    {
        previous = others = 0;
        for (var at = states[slot].Routes; at != 0;)
        {
            ref var route = ref rib.Routes[at];
            if (route.Peer == peer && (route.Flags & (RouteFlags.Imported | RouteFlags.Exported)) == kind)
            {
                if (route.PathId == pathId) return at;
                others++;
            }

            previous = at;
            at = route.Next;
        }

        return 0;
    }

    /// <summary>A new route of a prefix; its references are the caller's affair.</summary>
    public ref Route Insert(int slot)
    {
        Paths++;
        var at = rib.Routes.Take();
        ref var state = ref states[slot];
        ref var route = ref rib.Routes[at];
        route.Next = state.Routes;
        state.Routes = at;
        return ref route;
    }

    /// <summary>Takes a route out of its chain and lets go of what it holds.</summary>
    public void Remove(int slot, int at, int previous)
    {
        Paths--;
        ref var route = ref rib.Routes[at];
        if (previous == 0) states[slot].Routes = route.Next;
        else rib.Routes[previous].Next = route.Next;
        rib.SetAttributes(ref route, 0, 0);
        rib.Routes.Give(at);
    }

    /// <summary>Forgets a prefix that has no route, and of which no neighbour knows.</summary>
    public void Collect(int slot)
    {
        if (!IsUsed(slot)) return;
        ref var state = ref states[slot];
        if (state.Routes != 0 || state.Paths != 0 || (state.Flags & PrefixFlags.Dirty) != 0) return;
        foreach (var to in Outs)
        {
            if (to.Out.Knows(slot)) return;
        }

        foreach (var to in Outs) to.Out.Pending.Remove(slot);
        state = default;
        index.Remove(slot);
        if (index.Count == 0) states.Clear();
    }
}
