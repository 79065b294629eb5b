using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>
/// Offered × configured → one transform of each type (RFC 7296 §2.7, §3.3.6). Our order decides, first among proposals, then among the transforms of each type. Pure.
/// </summary>
internal static class ProposalSelection
{
    /// <summary>Chooses as the responder. Null: nothing fits, and <paramref name="refusal"/> says what both sides wanted.</summary>
    /// <param name="offered">As they came.</param>
    /// <param name="ours">From <see cref="ProposalBuilder"/>.</param>
    /// <param name="refusal">For the log, beside NO_PROPOSAL_CHOSEN; empty when something fits.</param>
    /// <param name="ignoreKeyExchange">In IKE_AUTH: key exchange methods of a child mean nothing there and are not sent back (RFC 7296 §1.2).</param>
    public static ChosenProposal? Choose(IReadOnlyList<Proposal> offered, IReadOnlyList<Proposal> ours, out string refusal, bool ignoreKeyExchange = false)
    {
        refusal = "";
        foreach (var mine in ours)
        {
            foreach (var theirs in offered)
            {
                if (theirs.Protocol != mine.Protocol) continue;
                var transforms = ignoreKeyExchange ? theirs.Transforms.Where(t => !Transforms.IsKeyExchange(t.Type)).ToArray() : theirs.Transforms;
                if (Match(transforms, mine.Transforms) is { } chosen) return ChosenProposal.Of(theirs with { Transforms = chosen });
            }
        }

        refusal = $"no proposal chosen: peer offered {ProposalText.Format(offered)}; we accept {ProposalText.Format(ours)}";
        return null;
    }

    /// <summary>
    /// Checks the responder's answer as the initiator: one proposal, numbered as one of ours, one transform of each type that stood there (RFC 7296 §3.3.6). Null: it is
    /// not what we offered.
    /// </summary>
    public static ChosenProposal? Verify(IReadOnlyList<Proposal> answer, IReadOnlyList<Proposal> ours, out string refusal)
    {
        refusal = "";
        if (answer is [var theirs] && ours.FirstOrDefault(p => p.Number == theirs.Number && p.Protocol == theirs.Protocol) is { } mine
            && theirs.Transforms.Select(t => t.Type).Distinct().Count() == theirs.Transforms.Count
            && Match(theirs.Transforms, mine.Transforms) is { } transforms)
        {
            return ChosenProposal.Of(theirs with { Transforms = transforms });
        }

        refusal = $"the peer chose {ProposalText.Format(answer)}, which we had not offered; we offered {ProposalText.Format(ours)}";
        return null;
    }

    /// <summary>One transform of each type, or null. A type that one side lacks is NONE to it; a type or attribute that we do not know never fits.</summary>
    private static List<Transform>? Match(IReadOnlyList<Transform> theirs, IReadOnlyList<Transform> ours)
    {
        var chosen = new List<Transform>();
        foreach (var type in theirs.Concat(ours).Select(t => t.Type).Distinct().Order())
        {
            if (type is < TransformType.Encryption or > TransformType.AdditionalKeyExchange7) return null;
            var offered = theirs.Where(t => t.Type == type).ToArray();
            var accepted = ours.Where(t => t.Type == type).ToArray();
            if (offered.Length == 0)
            {
                if (!MayBeNone(type) || accepted.All(t => t.Id != 0)) return null;
                continue;
            }

            if (accepted.Length == 0) accepted = MayBeNone(type) ? [new Transform(type, 0)] : [];
            // RFC 9370 §2.2.1: no method twice in one negotiation.
            var pick = accepted.FirstOrDefault(a => offered.Any(o => Transforms.Same(a, o)) && !(Transforms.IsKeyExchange(type) && a.Id != 0 && chosen.Any(c => Transforms.IsKeyExchange(c.Type) && c.Id == a.Id)));
            if (pick is null) return null;
            chosen.Add(pick);
        }

        // RFC 9370 §2.2.4: additional key exchanges add to one, and are none by themselves.
        if (chosen.Any(t => Transforms.IsAdditional(t.Type) && t.Id != 0) && !chosen.Any(t => t.Type == TransformType.KeyExchange && t.Id != 0)) return null;
        return chosen.Any(t => t.Type == TransformType.Encryption) ? chosen : null;
    }

    private static bool MayBeNone(TransformType type) => type == TransformType.Integrity || Transforms.IsKeyExchange(type);
}
