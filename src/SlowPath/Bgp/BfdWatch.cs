using Appliance.Bfd;
using Appliance.Bgp;
using Appliance.SlowPath.Bfd;

namespace Appliance.SlowPath.Bgp;

/// <summary>Neighbours that BFD watches for BGP (RFC 5882 §4). Loop.</summary>
internal sealed class BfdWatch : IDisposable
{
    private const string OwnKeys = "bgp ";
    private readonly IBfdSessions sessions;
    private readonly Action<BgpEvent> raise;
    private readonly HashSet<string> watched = new(StringComparer.Ordinal);

    /// <summary>Nobody is watched yet.</summary>
    public BfdWatch(IBfdSessions sessions, Action<BgpEvent> raise)
    {
        this.sessions = sessions;
        this.raise = raise;
        sessions.Changed += Changed;
    }

    /// <summary>Watches a neighbour, or no longer.</summary>
    public void Watch(WatchBfd watch)
    {
        if (watch.Settings is { } settings)
        {
            watched.Add(watch.Neighbor);
            sessions.Want(OwnKeys + watch.Neighbor, watch.Local, watch.Remote, watch.IsMultihop, new BfdIntervals(settings.TransmitMilliseconds, settings.ReceiveMilliseconds, settings.Multiplier));
        }
        else if (watched.Remove(watch.Neighbor))
        {
            sessions.Unwant(OwnKeys + watch.Neighbor);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sessions.Changed -= Changed;
        foreach (var neighbor in watched) sessions.Unwant(OwnKeys + neighbor);
    }

    /// <summary>A session that the other side took down on purpose says nothing about the path (RFC 5882 §4.2).</summary>
    private void Changed(BfdNotice notice)
    {
        if (notice.IsAdministrative || !notice.Key.StartsWith(OwnKeys, StringComparison.Ordinal)) return;
        raise(new BfdChanged(notice.Key[OwnKeys.Length..], notice.IsUp, BfdText.Of(notice.Diagnostic)));
    }
}
