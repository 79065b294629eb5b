using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Transforms as our configuration means them (RFC 7296 §3.3.2).</summary>
internal static class Transforms
{
    /// <summary>Combined-mode ciphers stand in proposals of their own, without INTEG (RFC 7296 §3.3, RFC 5282 §8).</summary>
    public static bool IsAead(EncryptionTransform transform) =>
        transform is EncryptionTransform.AesGcm16 or EncryptionTransform.NullAesGmac or EncryptionTransform.ChaCha20Poly1305;

    /// <summary>ADDKE1 to ADDKE7 (RFC 9370 §2.2.1).</summary>
    public static bool IsAdditional(TransformType type) => type is >= TransformType.AdditionalKeyExchange1 and <= TransformType.AdditionalKeyExchange7;

    /// <summary>Key exchange, the first or an additional one.</summary>
    public static bool IsKeyExchange(TransformType type) => type == TransformType.KeyExchange || IsAdditional(type);

    /// <summary>The Key Length attribute stands only where the cipher has more than one (RFC 7296 §3.3.5).</summary>
    public static Transform Of(EncryptionChoice choice) => new(TransformType.Encryption, (ushort)choice.Transform, choice.KeyBits == 0 ? null : choice.KeyBits);

    public static Transform Of(IntegrityTransform integrity) => new(TransformType.Integrity, (ushort)integrity);

    public static Transform Of(PrfAlgorithm prf) => new(TransformType.PseudoRandomFunction, (ushort)prf);

    public static Transform Of(KeyExchangeMethod method) => new(TransformType.KeyExchange, (ushort)method);

    public static Transform OfAdditional(int index, KeyExchangeMethod method) => new(TransformType.AdditionalKeyExchange1 + (byte)index, (ushort)method);

    public static Transform OfEsn(bool esn) => new(TransformType.ExtendedSequenceNumbers, esn ? (ushort)1 : (ushort)0);

    /// <summary>The same algorithm with the same key length, and nothing about it that we do not understand (RFC 7296 §3.3.6).</summary>
    public static bool Same(Transform ours, Transform theirs) =>
        ours.Type == theirs.Type && ours.Id == theirs.Id && ours.KeyLength == theirs.KeyLength && theirs.Others.Count == 0;
}
