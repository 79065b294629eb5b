using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>KEYMAT of a multi-point SA (draft-yamaya-ipsecme-mpsa-04 §3.3.2).</summary>
public static class MultipointKeys
{
    /// <summary>KEYMAT = prf+(SK_d, Nonce): encryption key with salt, then integrity key, once for both directions. What is handed in stays with its owner.</summary>
    /// <exception cref="ArgumentException">Encryption and integrity are no pair that works here, or the PRF is not known; the reader of MPSA_PUT lets neither through.</exception>
    public static Secret Derive(PrfAlgorithm prf, Secret skD, ReadOnlySpan<byte> nonce, EncryptionChoice encryption, IntegrityTransform integrity)
    {
        ArgumentNullException.ThrowIfNull(skD);
        var cipher = CipherSuites.CipherOf(encryption, integrity);
        if (cipher == Cipher.None) throw new ArgumentException($"{AlgorithmNames.Of(encryption)} with {AlgorithmNames.Of(integrity)} protects nothing", nameof(encryption));
        var keymat = new Secret(CipherFacts.KeyMaterialLength(cipher, CipherSuites.KeyLengthOf(encryption, cipher)));
        Prf.Plus(prf, skD.Octets, nonce, keymat.Octets);
        return keymat;
    }

    /// <summary>KEYMAT of what an MPSA_PUT says.</summary>
    public static Secret Derive(MpsaPut put)
    {
        ArgumentNullException.ThrowIfNull(put);
        return Derive(put.Prf, put.SkD, put.Nonce, put.Encryption, put.Integrity);
    }

    /// <summary>Whether it is a counter mode, whose senders need Sender-IDs (RFC 6054).</summary>
    public static bool NeedsSenderIds(EncryptionChoice encryption) => encryption.Transform != EncryptionTransform.AesCbc;
}
