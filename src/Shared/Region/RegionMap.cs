namespace Appliance.Shared;

/// <summary>Where each section of a region starts, from the sizes alone; every section starts on a page.</summary>
public readonly struct RegionMap
{
    private const ulong Page = 4096;

    /// <summary>Computes the offsets.</summary>
    public RegionMap(in RegionCounts counts)
    {
        ulong at = RegionHeader.RecordSize;
        Workers = Take(ref at, WorkerBlock.Maximum, WorkerBlock.RecordSize);
        Ports = Take(ref at, PortRecord.Maximum, PortRecord.RecordSize);
        Events = Take(ref at, WorkerBlock.Maximum, EventRing.SizeFor(counts.EventsPerWorker));
        LocalAddresses = Take(ref at, Region.MaximumLocalAddresses, 16);
        MulticastPrefixes = Take(ref at, Region.MaximumMulticastPrefixes, MulticastPrefix.RecordSize);
        Tunnels = Take(ref at, counts.Tunnels, TunnelRecord.RecordSize);
        NextHops = Take(ref at, counts.NextHops, NextHopRecord.RecordSize);
        Adjacencies = Take(ref at, counts.Adjacencies, AdjacencyRecord.RecordSize);
        SpdRules = Take(ref at, counts.SpdRules, SpdRule.RecordSize);
        OutboundSas = Take(ref at, counts.OutboundSas, OutboundSa.RecordSize);
        OutboundStates = Take(ref at, counts.OutboundSas, 64);
        InboundSas = Take(ref at, counts.InboundSas, InboundSa.RecordSize);
        InboundStates = Take(ref at, counts.InboundSas, InboundSaState.RecordSize);
        SaLookup = Take(ref at, 1, Appliance.Shared.SaLookup.SizeFor(counts.InboundSas));
        Ipv4Routes = Take(ref at, 1, Appliance.Shared.Ipv4Routes.SizeFor(counts.Ipv4Groups));
        Ipv6Routes = Take(ref at, 1, Appliance.Shared.Ipv6Routes.SizeFor(counts.Ipv6Nodes));
        Contexts = Take(ref at, counts.ContextSlots, ContextSlot.RecordSize);
        SenderHeads = Take(ref at, Appliance.Shared.Senders.HeadsFor(counts.Senders), sizeof(uint));
        Senders = Take(ref at, counts.Senders, SenderRecord.RecordSize);
        SenderWindows = Take(ref at, counts.Senders, 512);
        Length = at;
    }

    /// <summary>Worker blocks.</summary>
    public ulong Workers { get; }

    /// <summary>Port records.</summary>
    public ulong Ports { get; }

    /// <summary>Event rings, one a worker.</summary>
    public ulong Events { get; }

    /// <summary>The machine's own addresses.</summary>
    public ulong LocalAddresses { get; }

    /// <summary>Multicast addresses that somebody wants.</summary>
    public ulong MulticastPrefixes { get; }

    /// <summary>Tunnels.</summary>
    public ulong Tunnels { get; }

    /// <summary>Next hops.</summary>
    public ulong NextHops { get; }

    /// <summary>Adjacencies.</summary>
    public ulong Adjacencies { get; }

    /// <summary>SPD rules.</summary>
    public ulong SpdRules { get; }

    /// <summary>Outbound SAs.</summary>
    public ulong OutboundSas { get; }

    /// <summary>Outbound SA states.</summary>
    public ulong OutboundStates { get; }

    /// <summary>Inbound SAs.</summary>
    public ulong InboundSas { get; }

    /// <summary>Inbound SA states.</summary>
    public ulong InboundStates { get; }

    /// <summary>Inbound lookup.</summary>
    public ulong SaLookup { get; }

    /// <summary>IPv4 routes.</summary>
    public ulong Ipv4Routes { get; }

    /// <summary>IPv6 routes.</summary>
    public ulong Ipv6Routes { get; }

    /// <summary>Slots for contexts of IKE SAs.</summary>
    public ulong Contexts { get; }

    /// <summary>Where the chains of senders of multi-point SAs start.</summary>
    public ulong SenderHeads { get; }

    /// <summary>Senders of multi-point SAs.</summary>
    public ulong Senders { get; }

    /// <summary>Their replay windows.</summary>
    public ulong SenderWindows { get; }

    /// <summary>Octets in all.</summary>
    public ulong Length { get; }

    private static ulong Take(ref ulong at, int count, long size)
    {
        var start = at;
        at = (at + (ulong)count * (ulong)size + Page - 1) & ~(Page - 1);
        return start;
    }
}
