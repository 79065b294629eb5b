using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Which class answers which request on an IKE SA that has keys. IKE_SA_INIT comes before there is an IKE SA and is not here.</summary>
internal static class ResponderTable
{
    /// <summary>The exchange that answers, or null when the request has no place in the state of the IKE SA.</summary>
    public static RespondedExchange? Create(IkeSa sa, ExchangeType type, IReadOnlyList<Payload> payloads) => (sa.State, type, payloads) switch
    {
        (IkeSaState.Established or IkeSaState.Rekeying or IkeSaState.Deleting, ExchangeType.Informational, _) => new InformationalResponder(sa),
        (IkeSaState.Established or IkeSaState.Rekeying or IkeSaState.Deleting, ExchangeType.CreateChildSa, _) when payloads.OfType<TrafficSelectorPayload>().Any() => new CreateChildSaResponder(sa),
        (IkeSaState.Established or IkeSaState.Rekeying or IkeSaState.Deleting, ExchangeType.CreateChildSa, _) => new RekeyIkeSaResponder(sa),
        (IkeSaState.Established or IkeSaState.Rekeying or IkeSaState.Deleting, ExchangeType.IkeFollowupKe, _) => new IkeFollowupKeResponder(sa),
        (IkeSaState.Connecting, ExchangeType.IkeIntermediate, _) when sa is { IsInitiator: false, Establishment.KeysAreComplete: false } => new IkeIntermediateResponder(sa),
        (IkeSaState.Connecting, ExchangeType.IkeAuth, _) when sa is { IsInitiator: false, Establishment.KeysAreComplete: true } => new IkeAuthResponder(sa),
        _ => null,
    };
}
