namespace Appliance.Crypto;

/// <summary>
/// AES-GCM and AES-GMAC over a batch of packets, each under its own key. A struct that implements it is given as generic argument, so that no call is virtual.
/// Before use check <see cref="CryptoTiers.IsSupported"/>: on another processor the calls would fault. Nothing is allocated, nothing throws.
/// </summary>
public interface IAesGcmKernel
{
    /// <summary>Encrypts each job's data in place and writes its tag (RFC 4106).</summary>
    static abstract void Encrypt(Span<AeadJob> jobs);

    /// <summary>Checks each job's tag, in constant time, and decrypts in place; where it does not match, Ok is 0 and the data is all zero.</summary>
    static abstract void Decrypt(Span<AeadJob> jobs);

    /// <summary>Writes each job's tag over AAD prefix and data; changes no data (RFC 4543).</summary>
    static abstract void GmacSeal(Span<AeadJob> jobs);

    /// <summary>Checks each job's tag over AAD prefix and data, in constant time; where it does not match, Ok is 0. Changes no data: it was never secret.</summary>
    static abstract void GmacOpen(Span<AeadJob> jobs);
}
