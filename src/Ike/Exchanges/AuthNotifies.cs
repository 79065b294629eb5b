using Appliance.Ike.Children;
using Appliance.Ike.Groups;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>The notifies of IKE_AUTH with which both sides say what they support on the IKE SA.</summary>
internal static class AuthNotifies
{
    /// <summary>What we send.</summary>
    public static IEnumerable<Payload> Ours(IkeConfiguration configuration, IkeSa sa, IkePeer peer)
    {
        foreach (var senders in MultipointSupport.GroupSender(configuration, sa, peer)) yield return senders;
        if (peer.Mobike) yield return new NotifyPayload(NotifyType.MobikeSupported);
    }

    /// <summary>What the peer sent.</summary>
    public static void Take(IkeSa sa, IkePeer peer, IReadOnlyList<Payload> payloads)
    {
        if (peer.Mobike && payloads.Has(NotifyType.MobikeSupported)) sa.Extensions |= Machine.Extensions.Mobike;
        MultipointSupport.TakeGroupSender(sa, payloads);
        if (sa.IsInitiator) sa.Extensions |= Machine.Extensions.BeganFirst;
    }
}
