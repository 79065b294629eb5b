using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>A child that we propose, in IKE_AUTH or CREATE_CHILD_SA (RFC 7296 §1.2, §1.3.1, §1.3.3): first the payloads, then the check of the peer's answer.</summary>
internal sealed class ChildOffer
{
    private readonly ChildWish wish;
    private readonly ChildState? replaced;
    private readonly SelectorPair selectors;
    private readonly bool transport;
    private readonly bool inAuth;

    private ChildOffer(Step step, IkeSa sa, ChildWish wish, bool inAuth, ChildState? replaced)
    {
        (this.wish, this.inAuth, this.replaced) = (wish, inAuth, replaced);
        InboundSpi = step.NewChildSpi();
        Proposals = ProposalBuilder.OfEsp(wish.Template.Proposals, SpiOctets.Of(InboundSpi), keyExchange: !inAuth);
        if (replaced is null)
        {
            var policy = ChildPolicy.Proposed(sa, wish.Peer, wish.Template);
            // IIPtran's first selectors are the outer addresses: a packet from inside before them would make a peer that does either mode choose tunnel mode.
            selectors = wish.Template.Mode == ChildMode.IipTran ? policy : new(SelectorNarrowing.WithPacket(wish.Source, policy.Local), SelectorNarrowing.WithPacket(wish.Destination, policy.Remote));
            transport = wish.Template.Mode != ChildMode.Tunnel;
        }
        else
        {
            // RFC 7296 §2.9.2: never narrower than what it replaces, and no packet's selectors.
            selectors = new(replaced.Sa.LocalSelectors, replaced.Sa.RemoteSelectors);
            transport = ChildModes.UsesTransport(replaced.Sa);
        }
    }

    /// <summary>SPI that we take in, if it comes to be.</summary>
    public uint InboundSpi { get; }

    /// <summary>As they are offered.</summary>
    public IReadOnlyList<Proposal> Proposals { get; }

    /// <summary>Proposes. <paramref name="replaced"/>: the child that it replaces.</summary>
    public static ChildOffer Make(Step step, IkeSa sa, ChildWish wish, bool inAuth, ChildState? replaced = null) => new(step, sa, wish, inAuth, replaced);

    /// <summary>
    /// Payloads in the RFC's order: [CP,] [N(REKEY_SA),] [N(USE_TRANSPORT_MODE),] [N(SA_RESOURCE_INFO),] SA, [Ni, KEi,] TSi, TSr. Nonce and KE are given in CREATE_CHILD_SA only.
    /// </summary>
    public IReadOnlyList<Payload> Payloads(params IEnumerable<Payload> nonceAndKeyExchange)
    {
        var payloads = new List<Payload>();
        if (inAuth && ConfigurationRequests.Request(wish.Peer) is { } request) payloads.Add(request);
        if (replaced is not null) payloads.Add(new NotifyPayload(ProtocolId.Esp, SpiOctets.Of(replaced.InboundSpi), NotifyType.RekeySa, []));
        if (transport) payloads.Add(new NotifyPayload(NotifyType.UseTransportMode));
        if (wish.Template.Resources > 1) payloads.Add(new NotifyPayload(NotifyType.SaResourceInfo, ResourceData()));
        payloads.Add(new SecurityAssociationPayload(Proposals));
        payloads.AddRange(nonceAndKeyExchange);
        payloads.Add(new TrafficSelectorPayload(true, selectors.Local));
        payloads.Add(new TrafficSelectorPayload(false, selectors.Remote));
        return payloads;
    }

    /// <summary>Checks the answer. Null with a refusal: there is no child, for the peer's reason or for ours.</summary>
    public ChildAgreement? Accept(Step step, IkeSa sa, IReadOnlyList<Payload> payloads, out ChildRefusal? refusal)
    {
        refusal = null;
        if (payloads.OfType<SecurityAssociationPayload>().FirstOrDefault() is not { } answer)
        {
            var error = payloads.OfType<NotifyPayload>().FirstOrDefault(n => n.IsError);
            refusal = new(error?.NotifyType ?? NotifyType.InvalidSyntax, PeerErrors.Text(error, wish.Template, ProposalText.Format(Proposals), selectors)) { Data = error?.Data ?? [] };
            return null;
        }

        if (inAuth) ConfigurationRequests.Take(step, sa, payloads);
        if (ProposalSelection.Verify(answer.Proposals, Proposals, out var why) is not { } chosen) refusal = new(NotifyType.NoProposalChosen, why, PeerHasIt: true);
        else if (SpiOctets.Read(chosen.Proposal.Spi) is not { } outbound) refusal = new(NotifyType.InvalidSyntax, "the peer's SPI is none", PeerHasIt: true);
        else if (chosen.KeyMaterialLength == 0) refusal = new(NotifyType.NoProposalChosen, $"no cipher of ours is {chosen}", PeerHasIt: true);
        else return Agree(step, sa, payloads, chosen, outbound, out refusal);
        return null;
    }

    private ChildAgreement? Agree(Step step, IkeSa sa, IReadOnlyList<Payload> payloads, ChosenProposal chosen, uint outbound, out ChildRefusal? refusal)
    {
        refusal = null;
        var transportAgreed = transport && payloads.Has(NotifyType.UseTransportMode);
        if (transport && !transportAgreed && wish.Template.Mode == ChildMode.Transport)
        {
            refusal = new(NotifyType.NoProposalChosen, $"the peer does tunnel mode, {wish.Template.Name} is transport mode", PeerHasIt: true);
            return null;
        }

        var answered = new SelectorPair(payloads.Selectors(ofInitiator: true), payloads.Selectors(ofInitiator: false));
        if (transportAgreed) answered = TransportSelectors.AsSeenHere(sa, answered);
        // A peer in tunnel mode may have taken in the outer addresses too: they are not for a tunnel to carry.
        if (wish.Template.Mode == ChildMode.IipTran && replaced is null)
            answered = answered.Narrow(transportAgreed ? ChildPolicy.Outer(sa, wish.Template) : ChildPolicy.Tunnel(sa, wish.Peer, wish.Template));
        else if (!SelectorNarrowing.CoversAll(selectors.Local, answered.Local) || !SelectorNarrowing.CoversAll(selectors.Remote, answered.Remote))
            answered = default(SelectorPair) with { Local = [], Remote = [] };
        if (answered.IsEmpty)
        {
            refusal = new(NotifyType.TsUnacceptable, $"the peer's traffic selectors are not among those that we proposed ({selectors})", PeerHasIt: true);
            return null;
        }

        var child = ChildBuilder.Build(sa, wish.Template, chosen, InboundSpi, outbound, answered, transportAgreed) with
        {
            Tfc = wish.Template.Tfc && !payloads.Has(NotifyType.EspTfcPaddingNotSupported), Worker = wish.Worker,
        };
        return new(child, chosen, wish.Template.Resources > 1 && payloads.Has(NotifyType.SaResourceInfo));
    }

    private byte[] ResourceData()
    {
        if (wish.Worker is not { } worker) return [];
        var data = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(data, worker);
        return data;
    }
}
