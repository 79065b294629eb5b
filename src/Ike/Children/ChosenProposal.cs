using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>One transform of each type: what both sides take (RFC 7296 §2.7). Good for IKE and for ESP; what a protocol has no transform for is none.</summary>
internal sealed record ChosenProposal
{
    /// <summary>The proposal as the responder sends it back: number of the offer, one transform of each type. Its SPI is the offer's: the responder puts its own there.</summary>
    public required Proposal Proposal { get; init; }

    public EncryptionChoice Encryption { get; private init; }

    /// <summary>None with AEADs.</summary>
    public IntegrityTransform Integrity { get; private init; }

    public PrfAlgorithm Prf { get; private init; }

    /// <summary>None: the child gets its keys from SK_d alone.</summary>
    public KeyExchangeMethod Method { get; private init; }

    /// <summary>Methods of ADDKE1 to ADDKE7 that are in use, in the order in which they are done (RFC 9370 §2.2.1).</summary>
    public IReadOnlyList<KeyExchangeMethod> Additional { get; private init; } = [];

    public bool Esn { get; private init; }

    /// <summary>Reads the transforms, at most one of each type.</summary>
    public static ChosenProposal Of(Proposal proposal)
    {
        var chosen = new ChosenProposal { Proposal = proposal };
        var additional = new List<KeyExchangeMethod>();
        foreach (var transform in proposal.Transforms.OrderBy(t => t.Type))
        {
            chosen = transform.Type switch
            {
                TransformType.Encryption => chosen with { Encryption = new((EncryptionTransform)transform.Id, transform.KeyLength ?? 0) },
                TransformType.Integrity => chosen with { Integrity = (IntegrityTransform)transform.Id },
                TransformType.PseudoRandomFunction => chosen with { Prf = (PrfAlgorithm)transform.Id },
                TransformType.KeyExchange => chosen with { Method = (KeyExchangeMethod)transform.Id },
                TransformType.ExtendedSequenceNumbers => chosen with { Esn = transform.Id == 1 },
                _ => chosen,
            };
            if (Transforms.IsAdditional(transform.Type) && transform.Id != 0) additional.Add((KeyExchangeMethod)transform.Id);
        }

        return chosen with { Additional = additional };
    }

    /// <summary>Octets of KEYMAT of a child for one direction (RFC 7296 §2.17); 0 when the transforms are no cipher of ours.</summary>
    public int KeyMaterialLength => CipherSuites.CipherOf(Encryption, Integrity) is not Cipher.None and var cipher
        ? CipherFacts.KeyMaterialLength(cipher, CipherSuites.KeyLengthOf(Encryption, cipher)) : 0;

    /// <summary>As the suite of an IKE SA.</summary>
    public IkeSuite ToIkeSuite() => new(Encryption, Integrity, Prf, Method) { Additional = Additional };

    /// <summary>With an SPI of ours, for the answer.</summary>
    public Proposal Answer(byte[] spi) => Proposal with { Spi = spi };

    public override string ToString() => ProposalText.Format(Proposal);
}
