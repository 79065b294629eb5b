using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>The algorithms chosen for an IKE SA.</summary>
/// <param name="Encryption">Encryption with its key length in bits.</param>
/// <param name="Integrity">Integrity; none with AEADs.</param>
/// <param name="Prf">PRF.</param>
/// <param name="Method">Key exchange of IKE_SA_INIT, or of the CREATE_CHILD_SA that made the SA.</param>
public sealed record IkeSuite(EncryptionChoice Encryption, IntegrityTransform Integrity, PrfAlgorithm Prf, KeyExchangeMethod Method)
{
    /// <summary>Additional key exchanges in their order (RFC 9370); NONE is left out.</summary>
    public IReadOnlyList<KeyExchangeMethod> Additional { get; init; } = [];

    /// <summary>What protects messages; none when encryption and integrity are no pair that works here.</summary>
    public Cipher Cipher => CipherSuites.CipherOf(Encryption, Integrity);

    /// <summary>Octets of the encryption key without its salt; 0 when there is no <see cref="Cipher"/>.</summary>
    public int KeyLength => CipherSuites.KeyLengthOf(Encryption, Cipher);

    /// <summary>Whether encryption and PRF are known here (GMAC does not protect IKE).</summary>
    public bool IsSupported => Cipher is not (Cipher.None or Cipher.AesGmac) && KeyLength > 0 && Crypto.Prf.OutputLength(Prf) > 0;

    /// <summary>Octets of SK_d, SK_pi and SK_pr: the PRF's preferred key length (RFC 7296 §2.13).</summary>
    internal int PrfLength => Crypto.Prf.OutputLength(Prf);

    /// <summary>Octets of SK_ei and SK_er, salt included (RFC 5282 §7.1).</summary>
    internal int EncryptionLength => KeyLength + CipherFacts.SaltLength(Cipher);

    /// <summary>Octets of SK_ai and SK_ar; 0 with AEADs (RFC 5282 §7.2).</summary>
    internal int IntegrityLength => CipherFacts.IntegrityKeyLength(Cipher);

    /// <summary>Octets of all seven keys.</summary>
    internal int MaterialLength => (3 * PrfLength) + (2 * IntegrityLength) + (2 * EncryptionLength);

    /// <inheritdoc/>
    public bool Equals(IkeSuite? other) => other is not null && Encryption == other.Encryption && Integrity == other.Integrity && Prf == other.Prf && Method == other.Method
        && Additional.SequenceEqual(other.Additional);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Encryption, Integrity, Prf, Method, Additional.Count);

    /// <summary>As in the configuration: <c>aes-256-gcm/prf-sha256/x25519</c>.</summary>
    public override string ToString()
    {
        List<string> names = [AlgorithmNames.Of(Encryption)];
        if (Integrity != IntegrityTransform.None)
            names.Add(AlgorithmNames.Of(Integrity));
        names.Add(AlgorithmNames.Of(Prf));
        names.Add(AlgorithmNames.Of(Method));
        names.AddRange(Additional.Select(AlgorithmNames.Of));
        return string.Join('/', names);
    }
}
