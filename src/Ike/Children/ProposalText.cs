using System.Globalization;
using System.Text;
using Appliance.Crypto;
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
        TransformType.Encryption => Encryption(transform),
        TransformType.PseudoRandomFunction => Prf((PrfAlgorithm)transform.Id),
        TransformType.Integrity => Integrity((IntegrityTransform)transform.Id),
        TransformType.KeyExchange => Method((KeyExchangeMethod)transform.Id),
        TransformType.ExtendedSequenceNumbers => transform.Id switch { 0 => "no-esn", 1 => "esn", _ => $"esn-{transform.Id}" },
        _ when Transforms.IsAdditional(transform.Type) => $"ke{transform.Type - TransformType.AdditionalKeyExchange1 + 1}-{Method((KeyExchangeMethod)transform.Id)}",
        _ => $"type-{(byte)transform.Type}-{transform.Id}",
    };

    public static string Method(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.None => "none",
        KeyExchangeMethod.Modp2048 => "modp-2048",
        KeyExchangeMethod.Modp3072 => "modp-3072",
        KeyExchangeMethod.Modp4096 => "modp-4096",
        KeyExchangeMethod.EcpP256 => "p-256",
        KeyExchangeMethod.EcpP384 => "p-384",
        KeyExchangeMethod.EcpP521 => "p-521",
        KeyExchangeMethod.Curve25519 => "x25519",
        KeyExchangeMethod.MlKem512 => "ml-kem-512",
        KeyExchangeMethod.MlKem768 => "ml-kem-768",
        KeyExchangeMethod.MlKem1024 => "ml-kem-1024",
        _ => $"group-{(ushort)method}",
    };

    private static string Encryption(Transform transform)
    {
        var bits = transform.KeyLength is { } length ? string.Create(CultureInfo.InvariantCulture, $"-{length}") : "";
        return (EncryptionTransform)transform.Id switch
        {
            EncryptionTransform.AesCbc => $"aes{bits}-cbc",
            EncryptionTransform.AesGcm16 => $"aes{bits}-gcm",
            EncryptionTransform.NullAesGmac => $"aes{bits}-gmac",
            EncryptionTransform.ChaCha20Poly1305 => $"chacha20-poly1305{bits}",
            EncryptionTransform.None => "no-encryption",
            _ => $"encryption-{transform.Id}{bits}",
        };
    }

    private static string Prf(PrfAlgorithm prf) => prf switch
    {
        PrfAlgorithm.HmacSha1 => "prf-sha1",
        PrfAlgorithm.HmacSha256 => "prf-sha256",
        PrfAlgorithm.HmacSha384 => "prf-sha384",
        PrfAlgorithm.HmacSha512 => "prf-sha512",
        _ => $"prf-{(ushort)prf}",
    };

    private static string Integrity(IntegrityTransform integrity) => integrity switch
    {
        IntegrityTransform.None => "no-integrity",
        IntegrityTransform.HmacSha1Bits96 => "hmac-sha1",
        IntegrityTransform.HmacSha256Bits128 => "hmac-sha256",
        IntegrityTransform.HmacSha384Bits192 => "hmac-sha384",
        IntegrityTransform.HmacSha512Bits256 => "hmac-sha512",
        _ => $"integrity-{(ushort)integrity}",
    };
}
