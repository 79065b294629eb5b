using Appliance.Ike.Exchanges;

namespace Appliance.Ike.Machine;

/// <summary>Whether the peer lives (RFC 7296 §2.4): it is asked only when neither IKE nor its children brought a sign of life for a while.</summary>
internal static class LivenessChecks
{
    /// <summary>It is time to look.</summary>
    public static void Fire(Step step, IkeSa sa)
    {
        if (sa is not { State: IkeSaState.Established or IkeSaState.Rekeying, Peer.LivenessSeconds: > 0 and var seconds }) return;
        var silent = step.Now - sa.HeardAt;
        step.SetTimer(sa, TimerKind.Liveness, silent < seconds * 1000L ? (seconds * 1000L) - silent : seconds * 1000L);
        if (silent < seconds * 1000L || sa.Current is not null) return;
        if (sa.Children.Count > 0) step.Actions.Add(new ReadTraffic(sa.LocalSpi, [.. sa.Children.Select(c => c.InboundSpi)]));
        else sa.Start(step, new Liveness(sa));
    }

    /// <summary>The data plane says when the last packet came in.</summary>
    public static void TrafficRead(Step step, TrafficRead e)
    {
        if (step.Machine.Find(e.IkeSpi) is not { State: IkeSaState.Established or IkeSaState.Rekeying, Peer.LivenessSeconds: > 0 and var seconds } sa) return;
        if (e.SilentMilliseconds is { } silent && silent < seconds * 1000L) sa.HeardAt = new(Math.Max(sa.HeardAt.Milliseconds, step.Now.Milliseconds - silent));
        else if (sa.Current is null) sa.Start(step, new Liveness(sa));
    }
}
