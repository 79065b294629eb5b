using System.Text;
using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Proposals as people write them (<c>aes-256-gcm/prf-sha256/x25519</c>), bounded: what a peer sends never floods a log.</summary>
internal static class ProposalText
{
    private const int MostProposals = 6;
    private const int MostTransforms = 24;

    public static string Format(IReadOnlyList<Proposal> proposals)
    {
        if (proposals.Count == 0) return "nothing";
        var text = string.Join(", ", proposals.Take(MostProposals).Select(Format));
        return proposals.Count > MostProposals ? $"{text}, and {proposals.Count - MostProposals} more" : text;
    }

    public static string Format(Proposal proposal)
    {
        var text = new StringBuilder(proposal.Protocol is ProtocolId.Ike or ProtocolId.Esp ? "" : $"{proposal.Protocol}:");
        text.AppendJoin('/', proposal.Transforms.OrderBy(t => t.Type).Take(MostTransforms).Select(Name));
        if (proposal.Transforms.Count > MostTransforms) text.Append("/…");
        return text.ToString();
    }

    public static string Name(Transform transform) => transform.Type switch
    {
        TransformType.Encryption => AlgorithmNames.Of(new EncryptionChoice((EncryptionTransform)transform.Id, transform.KeyLength ?? 0)),
        TransformType.PseudoRandomFunction => AlgorithmNames.Of((PrfAlgorithm)transform.Id),
        TransformType.Integrity => transform.Id == 0 ? "no-integrity" : AlgorithmNames.Of((IntegrityTransform)transform.Id),
        TransformType.KeyExchange => AlgorithmNames.Of((KeyExchangeMethod)transform.Id),
        TransformType.ExtendedSequenceNumbers => transform.Id switch { 0 => "no-esn", 1 => "esn", _ => $"esn-{transform.Id}" },
        _ when Transforms.IsAdditional(transform.Type) => $"ke{transform.Type - TransformType.AdditionalKeyExchange1 + 1}-{AlgorithmNames.Of((KeyExchangeMethod)transform.Id)}",
        _ => $"type-{(byte)transform.Type}-{transform.Id}",
    };
}
