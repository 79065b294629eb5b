using System.Net;
using Appliance.Ike.Children;

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

    /// <summary>Another IKE SA is made beside this one and takes its place, for what a peer gives to a new IKE SA alone (make before break). False: not now.</summary>
    public bool Replace(Step step, IkeSa sa, string why)
    {
        if (sa.Peer is not { Remote.Count: > 0 } peer || Find(peer.Name) is not { } record || !MayTry(step, record)) return false;
        foreach (var child in sa.Children.Where(c => c.IsCurrent && c.Sa.Worker is null))
            if (peer.Children.FirstOrDefault(t => t.Name == child.Sa.Tunnel && !t.IsTemplate) is { } template) record.Wishes.TryAdd(template.Name, new ChildWish(peer, template));
        step.Log(IkeLogLevel.Information, sa, "replaced", $"a new IKE SA is made: {why}");
        Begin(step, record);
        return true;
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
