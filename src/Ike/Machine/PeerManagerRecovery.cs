using System.Net;

namespace Appliance.Ike.Machine;

/// <summary>IKE SAs made anew after a crash of either side.</summary>
internal sealed partial class PeerManager
{
    /// <summary>The peer seems to have lost an IKE SA: another one is made beside it.</summary>
    public void Recover(Step step, IkeSa sa)
    {
        if (sa.Peer is not { Remote.Count: > 0 } peer || Find(peer.Name) is not { } record || !MayTry(step, record)) return;
        step.Log(IkeLogLevel.Warning, sa, "peer-restarted", "the peer says that it does not know this IKE SA: a new one is made");
        Begin(step, record);
    }

    /// <summary>A peer sends by a child that we do not have; unless there is an IKE SA with it, one is made, which tells it that this is our initial contact.</summary>
    public void Revive(Step step, IPAddress source)
    {
        foreach (var record in records.Values.Where(r => r.Peer.Remote.Contains(source) && r.HeldDown.Count == 0 && step.Machine.Of(r.Peer.Name).Count == 0 && MayTry(step, r)).ToArray())
        {
            step.Log(IkeLogLevel.Warning, record.Peer.Name, "unknown-spi", $"{source} sends by a child that is not here: a new IKE SA is made");
            Begin(step, record);
        }
    }

    // Who finds no room hints again.
    private bool MayTry(Step step, PeerRecord record) =>
        !IsShutDown && !IsDraining && pacing.HasRoom && record.NotBefore <= step.Now && !step.Machine.Of(record.Peer.Name).Any(s => s.IsInitiator && s.State == IkeSaState.Connecting);

    // What is not protected may be forged, so it does not come about more often than that.
    private void Begin(Step step, PeerRecord record)
    {
        record.NotBefore = step.Now.Plus(Tuning.RecoveryPause);
        Initiate(step, record);
    }
}
