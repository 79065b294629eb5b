using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>One IKE SA in the place of another (RFC 7296 §2.8, §2.18).</summary>
internal static class IkeSaReplacement
{
    /// <summary>An old IKE SA whose peer never deletes it goes then. Milliseconds.</summary>
    private const long Linger = 60_000;

    /// <summary>The new one, with message IDs from 0 and keys from SK_d of the old one. It has no children yet.</summary>
    public static IkeSa Make(Step step, IkeSa old, bool isInitiator, ulong localSpi, ulong remoteSpi, IkeSuite suite, Secret shared, byte[] initiatorNonce, byte[] responderNonce,
        params ReadOnlySpan<Secret> additional)
    {
        var made = new IkeSa(localSpi, isInitiator, old.Local, old.Remote)
        {
            RemoteSpi = remoteSpi, Suite = suite, Peer = old.Peer, LocalIdentity = old.LocalIdentity, RemoteIdentity = old.RemoteIdentity, Nat = old.Nat, UdpEncapsulation = old.UdpEncapsulation,
            Extensions = old.Extensions, VendorIds = old.VendorIds, State = IkeSaState.Established, EstablishedAt = step.Now, HeardAt = step.Now,
        };
        step.Machine.Add(made);
        if (made.Peer is { } peer) step.Machine.Index(made, peer.Name);
        made.TakeKeys(step, IkeKeys.DeriveRekeyed(suite, old.Keys!, shared, initiatorNonce, responderNonce, made.InitiatorSpi, made.ResponderSpi, additional));
        return made;
    }

    /// <summary>The new one inherits identities, addresses and children; the old one is there only to be deleted.</summary>
    public static void Replace(Step step, IkeSa old, IkeSa successor)
    {
        if (old.Successor is not null || old.State == IkeSaState.Dead) return;
        successor.TakeOver(step, old);
        SaLifetimes.Start(step, successor);
        successor.StartKeepalive(step);
        IsRedundant(step, old, successor);
        old.PeerRekey = null;
        step.Log(IkeLogLevel.Information, successor, "ike-rekeyed", $"IKE SA rekeyed: {successor.Suite}; was SPIs {old.InitiatorSpi:x16} {old.ResponderSpi:x16}");
        successor.Save(step);
    }

    /// <summary>Nothing happens on it any more: it is deleted by who made the one that stays, or after a while by itself.</summary>
    public static void IsRedundant(Step step, IkeSa sa, IkeSa stays)
    {
        (sa.Successor, sa.State) = (stays, IkeSaState.Deleting);
        foreach (var kind in (ReadOnlySpan<TimerKind>)[TimerKind.RekeyIke, TimerKind.ExpireIke, TimerKind.Liveness, TimerKind.NatKeepalive]) step.StopTimer(sa, kind);
        step.SetTimer(sa, TimerKind.Linger, Linger);
    }
}
