using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.Ike.Keys;

/// <summary>
/// All keys of an IKE SA (RFC 7296 §2.14): SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr, and what is done with them. Used by one thread at a time; wiped when disposed of. Secrets that are
/// handed in stay with their owner.
/// </summary>
public sealed partial class IkeKeys : IDisposable
{
    private readonly Secret material;
    private readonly MessageIvs ivs;

    private IkeKeys(IkeSuite suite, Secret material, MessageIvs ivs) => (Suite, this.material, this.ivs) = (suite, material, ivs);

    /// <summary>The algorithms.</summary>
    public IkeSuite Suite { get; }

    private Span<byte> SkD => material.Octets[..Suite.PrfLength];

    private Span<byte> SkA(bool ofInitiator) => material.Octets.Slice(Suite.PrfLength + (ofInitiator ? 0 : Suite.IntegrityLength), Suite.IntegrityLength);

    private Span<byte> SkE(bool ofInitiator) =>
        material.Octets.Slice(Suite.PrfLength + (2 * Suite.IntegrityLength) + (ofInitiator ? 0 : Suite.EncryptionLength), Suite.EncryptionLength);

    private Span<byte> SkP(bool ofInitiator) => ofInitiator ? material.Octets[^(2 * Suite.PrfLength)..^Suite.PrfLength] : material.Octets[^Suite.PrfLength..];

    /// <summary>Keys from IKE_SA_INIT: SKEYSEED = prf(Ni | Nr, g^ir) (RFC 7296 §2.14). HMAC takes the nonces in full.</summary>
    /// <param name="suite">Algorithms, <see cref="IkeSuite.IsSupported"/>.</param>
    /// <param name="shared">g^ir.</param>
    /// <param name="initiatorNonce">Ni.</param>
    /// <param name="responderNonce">Nr.</param>
    /// <param name="initiatorSpi">SPIi.</param>
    /// <param name="responderSpi">SPIr.</param>
    /// <exception cref="ArgumentException">The suite is not supported.</exception>
    public static IkeKeys Derive(IkeSuite suite, Secret shared, ReadOnlySpan<byte> initiatorNonce, ReadOnlySpan<byte> responderNonce, ulong initiatorSpi, ulong responderSpi)
    {
        ThrowUnlessSupported(suite);
        using var nonces = new SecretWriter(initiatorNonce.Length + responderNonce.Length).Append(initiatorNonce).Append(responderNonce);
        Span<byte> seed = stackalloc byte[suite.PrfLength];
        Prf.Compute(suite.Prf, nonces.Octets, shared.Octets, seed);
        return Expand(suite, seed, nonces.Octets, initiatorSpi, responderSpi);
    }

    /// <summary>
    /// Keys of an IKE SA that CREATE_CHILD_SA made: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr [| SK(1) | …]), by the old SA's PRF (RFC 7296 §2.18, RFC 9370 §2.2.4).
    /// </summary>
    /// <param name="suite">Algorithms of the new SA.</param>
    /// <param name="old">Keys of the SA that the exchange belonged to.</param>
    /// <param name="shared">g^ir of the exchange.</param>
    /// <param name="initiatorNonce">Ni: of the side that asked for the rekey.</param>
    /// <param name="responderNonce">Nr.</param>
    /// <param name="initiatorSpi">The new SPIi.</param>
    /// <param name="responderSpi">The new SPIr.</param>
    /// <param name="additional">Shared secrets of IKE_FOLLOWUP_KE, in their order.</param>
    /// <exception cref="ArgumentException">The suite is not supported.</exception>
    public static IkeKeys DeriveRekeyed(
        IkeSuite suite, IkeKeys old, Secret shared, ReadOnlySpan<byte> initiatorNonce, ReadOnlySpan<byte> responderNonce, ulong initiatorSpi, ulong responderSpi, params ReadOnlySpan<Secret> additional)
    {
        ThrowUnlessSupported(suite);
        using var input = SharedAndNonces(shared, initiatorNonce, responderNonce, additional);
        Span<byte> seed = stackalloc byte[old.Suite.PrfLength];
        Prf.Compute(old.Suite.Prf, old.SkD, input.Octets, seed);
        using var nonces = new SecretWriter(initiatorNonce.Length + responderNonce.Length).Append(initiatorNonce).Append(responderNonce);
        return Expand(suite, seed, nonces.Octets, initiatorSpi, responderSpi);
    }

    /// <summary>
    /// Keys after an additional key exchange in IKE_INTERMEDIATE: SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr) (RFC 9370 §2.2.2). These keys go on until the caller disposes of them.
    /// </summary>
    public IkeKeys Update(Secret shared, ReadOnlySpan<byte> initiatorNonce, ReadOnlySpan<byte> responderNonce, ulong initiatorSpi, ulong responderSpi) =>
        DeriveRekeyed(Suite, this, shared, initiatorNonce, responderNonce, initiatorSpi, responderSpi);

    /// <summary>
    /// The same keys with a post-quantum preshared key in SK_d, SK_pi and SK_pr, each prf+(PPK, …) (RFC 8784 §3). SK_e and SK_a stay, and both objects count the same IVs, so either may seal.
    /// </summary>
    public IkeKeys WithPpk(ReadOnlySpan<byte> ppk)
    {
        var mixed = new IkeKeys(Suite, new Secret(material.Octets), ivs);
        Prf.Plus(Suite.Prf, ppk, SkD, mixed.SkD);
        Prf.Plus(Suite.Prf, ppk, SkP(true), mixed.SkP(true));
        Prf.Plus(Suite.Prf, ppk, SkP(false), mixed.SkP(false));
        return mixed;
    }

    /// <summary>KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr [| SK(1) | …]), the initiator's sending direction first (RFC 7296 §2.17, RFC 9370 §2.2.4).</summary>
    /// <param name="initiatorNonce">Ni of the exchange that makes the child.</param>
    /// <param name="responderNonce">Nr.</param>
    /// <param name="shared">g^ir when the exchange had KE payloads, else null.</param>
    /// <param name="length">Octets for one direction, <see cref="CipherFacts.KeyMaterialLength"/>: encryption key, salt, integrity key.</param>
    /// <param name="additional">Shared secrets of IKE_FOLLOWUP_KE, in their order.</param>
    public (Secret InitiatorToResponder, Secret ResponderToInitiator) ChildKeys(
        ReadOnlySpan<byte> initiatorNonce, ReadOnlySpan<byte> responderNonce, Secret? shared, int length, params ReadOnlySpan<Secret> additional)
    {
        using var seed = SharedAndNonces(shared, initiatorNonce, responderNonce, additional);
        using var keymat = new Secret(2 * length);
        Prf.Plus(Suite.Prf, SkD, seed.Octets, keymat.Octets);
        return (new Secret(keymat.Octets[..length]), new Secret(keymat.Octets[length..]));
    }

    /// <summary>Wipes all keys; nothing can be sealed or derived afterwards (ObjectDisposedException), and nothing opens.</summary>
    public void Dispose() => material.Dispose();

    /// <summary>Shows the algorithms and no key.</summary>
    public override string ToString() => $"keys for {Suite}";

    /// <summary>{SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr); wipes SKEYSEED.</summary>
    private static IkeKeys Expand(IkeSuite suite, Span<byte> skeyseed, ReadOnlySpan<byte> nonces, ulong initiatorSpi, ulong responderSpi)
    {
        var seed = new byte[nonces.Length + 16];
        nonces.CopyTo(seed);
        BinaryPrimitives.WriteUInt64BigEndian(seed.AsSpan(nonces.Length), initiatorSpi);
        BinaryPrimitives.WriteUInt64BigEndian(seed.AsSpan(nonces.Length + 8), responderSpi);
        var material = new Secret(suite.MaterialLength);
        Prf.Plus(suite.Prf, skeyseed, seed, material.Octets);
        CryptographicOperations.ZeroMemory(skeyseed);
        return new IkeKeys(suite, material, new MessageIvs());
    }

    private static SecretWriter SharedAndNonces(Secret? shared, ReadOnlySpan<byte> initiatorNonce, ReadOnlySpan<byte> responderNonce, ReadOnlySpan<Secret> additional)
    {
        var length = (shared?.Length ?? 0) + initiatorNonce.Length + responderNonce.Length;
        foreach (var one in additional)
            length += one.Length;
        var writer = new SecretWriter(length).Append(shared is null ? default : shared.Octets).Append(initiatorNonce).Append(responderNonce);
        foreach (var one in additional)
            writer.Append(one.Octets);
        return writer;
    }

    private static void ThrowUnlessSupported(IkeSuite suite)
    {
        if (!suite.IsSupported)
            throw new ArgumentException($"{suite} cannot protect an IKE SA here", nameof(suite));
    }
}
