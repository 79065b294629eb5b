using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>What a peer's refusal of a child means, with what we had asked for, and what to look at.</summary>
internal static class PeerErrors
{
    public static string Text(NotifyPayload? error, ChildTemplate template, string proposals, SelectorPair selectors) => error?.NotifyType switch
    {
        null => $"the peer's answer for {template.Name} has no SA payload and no error",
        NotifyType.NoProposalChosen => $"the peer takes none of the proposals for {template.Name}: we offered {proposals}",
        NotifyType.TsUnacceptable => $"the peer takes none of the traffic selectors for {template.Name}: we proposed {selectors}",
        NotifyType.SinglePairRequired => $"the peer wants a child for each pair of addresses for {template.Name}; we proposed {selectors}",
        NotifyType.NoAdditionalSas => $"the peer takes no more children on this IKE SA ({template.Name})",
        NotifyType.InternalAddressFailure => $"the peer has no inner address for us ({template.Name})",
        NotifyType.FailedCpRequired => $"the peer wants us to ask for an inner address ({template.Name}: set request_address)",
        NotifyType.TsMaxQueue => $"the peer takes no more children for resources ({template.Name})",
        var other => $"the peer refused {template.Name}: {other}",
    };
}
