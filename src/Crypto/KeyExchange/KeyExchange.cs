namespace Appliance.Crypto;

/// <summary>Key exchange methods, by their IKEv2 transform IDs (RFC 3526, 5903, 8031, and the IANA registry for ML-KEM).</summary>
public enum KeyExchangeMethod : ushort
{
    /// <summary>NONE.</summary>
    None = 0,

    /// <summary>2048-bit MODP.</summary>
    Modp2048 = 14,

    /// <summary>3072-bit MODP.</summary>
    Modp3072 = 15,

    /// <summary>4096-bit MODP.</summary>
    Modp4096 = 16,

    /// <summary>256-bit random ECP.</summary>
    EcpP256 = 19,

    /// <summary>384-bit random ECP.</summary>
    EcpP384 = 20,

    /// <summary>521-bit random ECP.</summary>
    EcpP521 = 21,

    /// <summary>Curve25519.</summary>
    Curve25519 = 31,

    /// <summary>ML-KEM-512.</summary>
    MlKem512 = 35,

    /// <summary>ML-KEM-768.</summary>
    MlKem768 = 36,

    /// <summary>ML-KEM-1024.</summary>
    MlKem1024 = 37,
}

/// <summary>
/// Our half of a key exchange that we began: a fresh key pair, used once. Diffie-Hellman and KEMs look alike: who begins sends <see cref="PublicValue"/>,
/// who answers sends a value back, which <see cref="Complete"/> turns into the shared secret.
/// </summary>
public abstract class KeyExchange : IDisposable
{
    /// <summary>The method.</summary>
    public abstract KeyExchangeMethod Method { get; }

    /// <summary>What goes into the KE payload, in its exact length.</summary>
    public abstract byte[] PublicValue { get; }

    /// <summary>
    /// The shared secret g^ir (RFC 7296 §2.14: MODP padded to the length of the modulus, ECP the x coordinate), or null when the peer's value has a wrong length, is no
    /// point of the curve, or leads to zero (RFC 6989, RFC 8031 §3.1).
    /// </summary>
    /// <exception cref="ObjectDisposedException">The private key has been wiped.</exception>
    public abstract Secret? Complete(ReadOnlySpan<byte> peerValue);

    /// <summary>Wipes the private key.</summary>
    public abstract void Dispose();
}
