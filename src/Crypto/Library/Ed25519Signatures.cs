using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Appliance.Crypto.Library;

/// <summary>Ed25519 (RFC 8032 §5.1), which the BCL lacks. No state, so any thread may call.</summary>
internal static class Ed25519Signatures
{
    /// <summary>Octets of a seed and of a public key.</summary>
    public const int KeyLength = 32;

    /// <summary>Octets of a signature.</summary>
    public const int SignatureLength = 64;

    /// <summary>Public key of a seed of 32 octets.</summary>
    public static byte[] PublicKey(byte[] seed)
    {
        var key = new byte[KeyLength];
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        return key;
    }

    /// <summary>Signs a message, not its hash.</summary>
    public static byte[] Sign(byte[] seed, byte[] message)
    {
        var signature = new byte[SignatureLength];
        Ed25519.Sign(seed, 0, message, 0, message.Length, signature, 0);
        return signature;
    }

    /// <summary>True when the signature is good; false also for a key that is no point of the curve.</summary>
    public static bool Verify(byte[] publicKey, byte[] message, byte[] signature) =>
        publicKey.Length == KeyLength && signature.Length == SignatureLength && Ed25519.Verify(signature, 0, publicKey, 0, message, 0, message.Length);
}
