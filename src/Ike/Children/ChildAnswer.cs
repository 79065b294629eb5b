using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>
/// A child that the peer proposes, in IKE_AUTH or CREATE_CHILD_SA, as the responder sees it: which template it is, what of it we take, and the answer. Templates of the
/// PAD entry are tried in their order, first those that take the initiator's first selectors whole (RFC 7296 §2.9).
/// </summary>
internal sealed class ChildAnswer
{
    private readonly ConfigurationPayload? configuration;
    private readonly bool transport;
    private readonly bool resources;

    private ChildAnswer(ChildAgreement agreement, Candidate candidate, ConfigurationPayload? configuration, bool resources)
    {
        (Agreement, Template, transport, this.configuration, this.resources) = (agreement, candidate.Template, candidate.Transport, configuration, resources);
    }

    /// <summary>What was agreed on.</summary>
    public ChildAgreement Agreement { get; }

    /// <summary>Tunnel of the configuration that it belongs to.</summary>
    public ChildTemplate Template { get; }

    private sealed record Candidate(ChildTemplate Template, bool Transport, SelectorPair Proposed, SelectorPair Policy)
    {
        public SelectorPair Narrowed { get; } = Proposed.Narrow(Policy);

        public bool AcceptsFirst => SelectorNarrowing.AcceptsFirst(Proposed.Local, Policy.Local) && SelectorNarrowing.AcceptsFirst(Proposed.Remote, Policy.Remote);
    }

    /// <summary>Chooses. Null with a refusal: what the peer is told, and why.</summary>
    /// <param name="step">The step.</param>
    /// <param name="sa">IKE SA; its peer is known.</param>
    /// <param name="payloads">The request.</param>
    /// <param name="inAuth">In IKE_AUTH: no key exchange of the child's own, and a configuration request is answered.</param>
    /// <param name="refusal">Why not.</param>
    /// <param name="replaced">The child that it replaces.</param>
    public static ChildAnswer? Choose(Step step, IkeSa sa, IReadOnlyList<Payload> payloads, bool inAuth, out ChildRefusal? refusal, ChildState? replaced = null)
    {
        refusal = null;
        if (sa.Peer is not { } peer || payloads.First<SecurityAssociationPayload>() is not { } offer)
        {
            refusal = new(NotifyType.InvalidSyntax, "no SA payload");
            return null;
        }

        var configuration = inAuth ? ConfigurationRequests.Answer(step, sa, peer, payloads, out refusal) : null;
        if (refusal is not null) return null;
        var candidates = Candidates(sa, peer, payloads, replaced).Where(c => !c.Narrowed.IsEmpty).OrderByDescending(c => c.AcceptsFirst).ToArray();
        if (candidates.Length == 0)
        {
            refusal = new(NotifyType.TsUnacceptable, Unacceptable(sa, peer, payloads));
            return null;
        }

        foreach (var candidate in candidates)
        {
            var inbound = step.NewChildSpi();
            var ours = ProposalBuilder.OfEsp(candidate.Template.Proposals, SpiOctets.Of(inbound), keyExchange: !inAuth);
            if (ProposalSelection.Choose(offer.Proposals, ours, out var why, ignoreKeyExchange: inAuth) is not { } chosen) refusal ??= new(NotifyType.NoProposalChosen, $"{candidate.Template.Name}: {why}");
            else if (SpiOctets.Read(chosen.Proposal.Spi) is not { } outbound) refusal ??= new(NotifyType.InvalidSyntax, "the peer's SPI is none");
            else if (chosen.KeyMaterialLength == 0) refusal ??= new(NotifyType.NoProposalChosen, $"no cipher of ours is {chosen}");
            else if (MethodProblem(chosen, payloads) is { } problem) refusal ??= problem;
            else return Build(step, sa, payloads, candidate, chosen, (inbound, outbound), configuration, replaced, out refusal);
        }

        return null;
    }

    /// <summary>The answer in the RFC's order; nonce and KE are given in CREATE_CHILD_SA only.</summary>
    public IReadOnlyList<Payload> Payloads(params IEnumerable<Payload> nonceAndKeyExchange)
    {
        var payloads = new List<Payload>();
        if (configuration is not null) payloads.Add(configuration);
        if (transport) payloads.Add(new NotifyPayload(NotifyType.UseTransportMode));
        if (resources) payloads.Add(new NotifyPayload(NotifyType.SaResourceInfo));
        payloads.Add(new SecurityAssociationPayload([Agreement.Chosen.Answer(SpiOctets.Of(Agreement.Child.InboundSpi))]));
        payloads.AddRange(nonceAndKeyExchange);
        payloads.Add(new TrafficSelectorPayload(true, Agreement.Child.RemoteSelectors));
        payloads.Add(new TrafficSelectorPayload(false, Agreement.Child.LocalSelectors));
        return payloads;
    }

    private static ChildAnswer? Build(Step step, IkeSa sa, IReadOnlyList<Payload> payloads, Candidate candidate, ChosenProposal chosen, (uint In, uint Out) spis, ConfigurationPayload? configuration,
        ChildState? replaced, out ChildRefusal? refusal)
    {
        var template = candidate.Template;
        var asked = payloads.Has(NotifyType.SaResourceInfo) && template.Resources > 1;
        var worker = replaced is not null ? replaced.Sa.Worker : null;
        if (asked && replaced is null && !ResourceChildren.TryTakeWorker(sa, template, out worker))
        {
            refusal = new(NotifyType.TsMaxQueue, $"{template.Name} has its {template.Resources} children for resources already");
            return null;
        }

        refusal = null;
        var child = ChildBuilder.Build(sa, template, chosen, spis.In, spis.Out, candidate.Narrowed, candidate.Transport) with
        {
            Tfc = template.Tfc && !payloads.Has(NotifyType.EspTfcPaddingNotSupported), Worker = worker,
        };
        return new(new(child, chosen, asked), candidate, configuration, asked);
    }

    private static IEnumerable<Candidate> Candidates(IkeSa sa, IkePeer peer, IReadOnlyList<Payload> payloads, ChildState? replaced)
    {
        var original = new SelectorPair(payloads.Selectors(ofInitiator: false), payloads.Selectors(ofInitiator: true));
        var seen = TransportSelectors.AsSeenHere(sa, original);
        var transport = payloads.Has(NotifyType.UseTransportMode);
        // What replaces a child belongs to the same tunnel, however many others would take it.
        foreach (var template in peer.Children.Where(t => replaced is null || t.Name == replaced.Sa.Tunnel))
        {
            // RFC 7296 §2.23.1: with the addresses as we see them when it is transport mode, else tunnel mode with those that were sent.
            if (transport && template.Mode != ChildMode.Tunnel) yield return new(template, true, seen, ChildPolicy.Outer(sa, template));
            if (template.Mode != ChildMode.Transport) yield return new(template, false, original, ChildPolicy.Tunnel(sa, peer, template));
        }
    }

    // RFC 7296 §1.3: the KE payload is of the method that was chosen, or the peer is told which one that is.
    private static ChildRefusal? MethodProblem(ChosenProposal chosen, IReadOnlyList<Payload> payloads)
    {
        if (chosen.Method == KeyExchangeMethod.None || payloads.First<KeyExchangePayload>()?.Method == (ushort)chosen.Method) return null;
        var sent = payloads.First<KeyExchangePayload>() is { } payload ? AlgorithmNames.Of((KeyExchangeMethod)payload.Method) : "none";
        return new(NotifyType.InvalidKePayload, $"key exchange is to be {AlgorithmNames.Of(chosen.Method)}, the peer sent {sent}") { Data = [(byte)((ushort)chosen.Method >> 8), (byte)chosen.Method] };
    }

    private static string Unacceptable(IkeSa sa, IkePeer peer, IReadOnlyList<Payload> payloads)
    {
        var proposed = new SelectorPair(payloads.Selectors(ofInitiator: false), payloads.Selectors(ofInitiator: true));
        var ours = peer.Children.Count == 0 ? "no tunnel at all" : string.Join("; ", peer.Children.Take(6).Select(t =>
            $"{t.Name} ({t.Mode}): {(t.Mode == ChildMode.Transport ? ChildPolicy.Outer(sa, t) : ChildPolicy.Tunnel(sa, peer, t))}"));
        return $"traffic selectors refused: peer proposed {proposed} ({(payloads.Has(NotifyType.UseTransportMode) ? "transport" : "tunnel")}); we accept {ours}";
    }
}
