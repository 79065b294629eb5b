using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Which outbound SA each worker of a tunnel sends by: its own per-resource child (RFC 9611), else the child for all, else any; of several the one activated last. A change is one store for
/// each worker, so that no packet finds none.
/// </summary>
internal sealed class OutboundChoice(Region region, SaStore store)
{
    private readonly Dictionary<uint, long> activated = [];
    private long activations;

    /// <summary>An SA may send, and is preferred to those before it.</summary>
    public void Activate(SaEntry entry) => activated[entry.Spi] = ++activations;

    /// <summary>After a restart: what a tunnel names may send.</summary>
    public void Adopt(SaEntry entry)
    {
        if (((ReadOnlySpan<uint>)region.Tunnel(entry.TunnelSlot).OutboundSas).Contains(entry.Slot)) Activate(entry);
    }

    /// <summary>An SA is no choice any more.</summary>
    public void Forget(SaEntry entry) => activated.Remove(entry.Spi);

    /// <summary>Writes the choice.</summary>
    public void Apply(uint tunnelSlot)
    {
        ref var tunnel = ref region.Tunnel(tunnelSlot);
        var candidates = store.OfTunnel(tunnelSlot);
        for (var worker = 0; worker < SaSlots.Size; worker++)
        {
            var best = TunnelRecord.NoSa;
            var bestRank = (Fit: 0, At: 0L);
            foreach (var entry in candidates)
            {
                if (!entry.IsOutbound || !activated.TryGetValue(entry.Spi, out var at)) continue;
                var dedicated = (region.OutboundSa(entry.Slot).Flags & SaFlags.Dedicated) != 0;
                var rank = (Fit: !dedicated ? 2 : entry.Worker == worker ? 3 : 1, At: at);
                if (rank.CompareTo(bestRank) <= 0) continue;
                (best, bestRank) = (entry.Slot, rank);
            }

            if (tunnel.OutboundSas[worker] != best) Volatile.Write(ref tunnel.OutboundSas[worker], best);
        }
    }
}
