using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// ML-KEM (FIPS 203) where the platform has it: who begins sends an encapsulation key, who answers sends a ciphertext. A wrong ciphertext of the right length gives a secret that nobody else has
/// (FIPS 203 §6.3), so the exchange fails at AUTH.
/// </summary>
internal sealed class MlKemExchange : KeyExchange
{
    private readonly MLKem kem;

    internal MlKemExchange(KeyExchangeMethod method)
    {
        Method = method;
        kem = MLKem.GenerateKey(AlgorithmOf(method));
        PublicValue = kem.ExportEncapsulationKey();
    }

    public override KeyExchangeMethod Method { get; }

    public override byte[] PublicValue { get; }

    public override Secret? Complete(ReadOnlySpan<byte> peerValue)
    {
        if (peerValue.Length != kem.Algorithm.CiphertextSizeInBytes)
            return null;
        var secret = new Secret(kem.Algorithm.SharedSecretSizeInBytes);
        kem.Decapsulate(peerValue, secret.Octets);
        return secret;
    }

    public override void Dispose() => kem.Dispose();

    /// <summary>The side that answers: the ciphertext is its public value.</summary>
    internal static Secret? Answer(KeyExchangeMethod method, ReadOnlySpan<byte> peerValue, out byte[] publicValue)
    {
        publicValue = [];
        var algorithm = AlgorithmOf(method);
        if (peerValue.Length != algorithm.EncapsulationKeySizeInBytes)
            return null;
        try
        {
            // The import checks that the key's coefficients are in range (FIPS 203 §7.2).
            using var peer = MLKem.ImportEncapsulationKey(algorithm, peerValue);
            var secret = new Secret(algorithm.SharedSecretSizeInBytes);
            var ciphertext = new byte[algorithm.CiphertextSizeInBytes];
            peer.Encapsulate(ciphertext, secret.Octets);
            publicValue = ciphertext;
            return secret;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static MLKemAlgorithm AlgorithmOf(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.MlKem512 => MLKemAlgorithm.MLKem512,
        KeyExchangeMethod.MlKem768 => MLKemAlgorithm.MLKem768,
        _ => MLKemAlgorithm.MLKem1024,
    };
}
