namespace Appliance.Bgp;

/// <summary>BFD: a neighbour that cannot be reached is dead before its hold time is over (RFC 5882 §4.3). The watch lasts as long as the session: BFD that never came up holds nobody back.</summary>
internal sealed partial class Session
{
    private bool isWatched;

    /// <summary>BFD says how the neighbour is.</summary>
    public void BfdChanged(BgpStep step, BfdChanged changed)
    {
        if (!isWatched) return;
        var wasUp = BfdUp == true;
        BfdUp = changed.IsUp;
        if (wasUp && !changed.IsUp && Established is { } connection) Drop(step, connection, Cease(CeaseReason.BfdDown), $"BFD went down: {changed.Diagnostic} (RFC 9384)", Loss.PathDown);
    }

    private void WatchBfd(BgpStep step, Connection connection)
    {
        if (Configuration.Bfd is not { } settings) return;
        isWatched = true;
        BfdUp = null;
        step.Actions.Add(new WatchBfd(Name, connection.Local.Address, connection.Remote.Address, IsMultihop(step.Configuration), settings));
    }

    private void UnwatchBfd(BgpStep step)
    {
        if (!isWatched) return;
        (isWatched, BfdUp) = (false, null);
        step.Actions.Add(new WatchBfd(Name, null, Configuration.Address, IsMultihop(step.Configuration), null));
    }

    private bool IsMultihop(BgpConfiguration configuration) => Configuration.Multihop > 1 || (!IsExternal(configuration) && Configuration.Transport.MinimumTtl == 0);
}
