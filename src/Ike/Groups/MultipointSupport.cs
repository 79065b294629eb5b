using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>Who is told, in IKE_SA_INIT and IKE_AUTH, that we know multi-point SAs (draft-yamaya-ipsecme-mpsa-04 §3.1), and what both then know.</summary>
internal static class MultipointSupport
{
    /// <summary>Vendor IDs of IKE_SA_INIT: to a peer of a group; as the responder, who does not know the peer yet, when there is any group.</summary>
    /// <param name="configuration">In force.</param>
    /// <param name="peer">The PAD entry; null as the responder.</param>
    public static IEnumerable<Payload> VendorIds(IkeConfiguration configuration, IkePeer? peer)
    {
        if (!IsOffered(configuration, peer)) yield break;
        yield return new VendorIdPayload(MultipointNumbers.VendorId.ToArray());
        yield return new VendorIdPayload(MultipointNumbers.PrivateVendorId.ToArray());
    }

    /// <summary>What both support after the peer's message of IKE_SA_INIT.</summary>
    public static Machine.Extensions Common(IkeConfiguration configuration, IkePeer? peer, IReadOnlyList<Payload> payloads)
    {
        var common = Machine.Extensions.None;
        if (!IsOffered(configuration, peer)) return common;
        foreach (var id in payloads.OfType<VendorIdPayload>())
        {
            if (id.Data.AsSpan().SequenceEqual(MultipointNumbers.VendorId)) common |= Machine.Extensions.Multipoint;
            if (id.Data.AsSpan().SequenceEqual(MultipointNumbers.PrivateVendorId)) common |= Machine.Extensions.SenderIds;
        }

        // Ours adds to the draft's and means nothing without it.
        return common.HasFlag(Machine.Extensions.Multipoint) ? common : Machine.Extensions.None;
    }

    /// <summary>N(GROUP_SENDER) of IKE_AUTH for a gateway of ours: as many Sender-IDs as the group with the most senders needs.</summary>
    public static IEnumerable<Payload> GroupSender(IkeConfiguration configuration, IkeSa sa, IkePeer peer)
    {
        var senders = configuration.Groups.Where(g => g.Gateways.Contains(peer.Name)).Select(g => g.Senders).DefaultIfEmpty().Max();
        if (senders > 0 && sa.Extensions.HasFlag(Machine.Extensions.SenderIds)) yield return MpsaPutCodec.GroupSender(senders);
    }

    /// <summary>The peer's N(GROUP_SENDER).</summary>
    public static void TakeGroupSender(IkeSa sa, IReadOnlyList<Payload> payloads)
    {
        if (sa.Extensions.HasFlag(Machine.Extensions.SenderIds) && payloads.Notify(NotifyType.GroupSender) is { } asked) sa.GroupSenders = MpsaPutCodec.ReadGroupSender(asked);
    }

    private static bool IsOffered(IkeConfiguration configuration, IkePeer? peer) =>
        peer is null ? configuration.Groups.Count > 0 : configuration.Groups.Any(g => g.Gateways.Contains(peer.Name) || g.Server?.Members.Contains(peer.Name) == true);
}
