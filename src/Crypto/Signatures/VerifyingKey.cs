using System.Formats.Asn1;
using System.Security.Cryptography;
using Appliance.Crypto.Library;

namespace Appliance.Crypto;

/// <summary>A public key that checks signatures. Any thread may call. Weak keys (RSA below 2048 bits, other curves) are none.</summary>
public sealed class VerifyingKey : IDisposable
{
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;
    private readonly byte[] encoded;
    private readonly byte[] point;
    private readonly KeyPool<RSA> rsa;
    private readonly KeyPool<ECDsa> ecdsa;

    private VerifyingKey(SignatureKeyKind kind, byte[] encoded, byte[] point)
    {
        (Kind, this.encoded, this.point) = (kind, encoded, point);
        rsa = new KeyPool<RSA>(() =>
        {
            var key = RSA.Create();
            key.ImportSubjectPublicKeyInfo(encoded, out _);
            return key;
        });
        ecdsa = new KeyPool<ECDsa>(() =>
        {
            var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(encoded, out _);
            return key;
        });
    }

    /// <summary>Kind of key.</summary>
    public SignatureKeyKind Kind { get; }

    /// <summary>DER of SubjectPublicKeyInfo.</summary>
    public ReadOnlySpan<byte> SubjectPublicKeyInfo => encoded;

    /// <summary>Reads DER of SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Null with a text for the log.</summary>
    public static VerifyingKey? TryRead(ReadOnlySpan<byte> subjectPublicKeyInfo, out string problem)
    {
        try
        {
            var octets = subjectPublicKeyInfo.ToArray();
            var outer = new AsnReader(octets, AsnEncodingRules.DER);
            var sequence = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var algorithm = sequence.ReadSequence();
            var kind = KindOf(algorithm, out problem);
            var point = sequence.ReadBitString(out var unused);
            sequence.ThrowIfNotEmpty();
            if (kind is null) return null;
            if (unused != 0) problem = "a public key that is not whole octets";
            else if (kind == SignatureKeyKind.Rsa) problem = RsaProblem(point);
            else if (kind == SignatureKeyKind.Ed25519 && point.Length != Ed25519Signatures.KeyLength) problem = $"an Ed25519 key of {point.Length} octets";
            return problem.Length == 0 ? new VerifyingKey(kind.Value, octets, point) : null;
        }
        catch (AsnContentException)
        {
            problem = "a public key that is not DER";
            return null;
        }
    }

    /// <summary>Whether the signature over <paramref name="data"/> is good. False too for an algorithm of another kind of key.</summary>
    public bool Verify(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => algorithm.Scheme switch
    {
        SignatureScheme.Ed25519 => Kind == SignatureKeyKind.Ed25519 && Ed25519Signatures.Verify(point, data.ToArray(), signature.ToArray()),
        SignatureScheme.Ecdsa => VerifyEcdsa(algorithm, data, signature, DSASignatureFormat.Rfc3279DerSequence),
        _ => VerifyRsa(algorithm, data, signature),
    };

    /// <summary>Whether an ECDSA signature of the form r|s (RFC 4754 §7) is good.</summary>
    internal bool VerifyFixed(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        VerifyEcdsa(algorithm, data, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <summary>Releases the keys.</summary>
    public void Dispose()
    {
        rsa.Dispose();
        ecdsa.Dispose();
    }

    /// <summary>Kind of key by AlgorithmIdentifier; ends where the parameters do.</summary>
    internal static SignatureKeyKind? KindOf(AsnReader algorithm, out string problem)
    {
        problem = "";
        var identifier = algorithm.ReadObjectIdentifier();
        switch (identifier)
        {
            case AlgorithmIdentifier.RsaKey:
                return SignatureKeyKind.Rsa;
            case AlgorithmIdentifier.Ed25519:
                return SignatureKeyKind.Ed25519;
            case AlgorithmIdentifier.EcKey when algorithm.HasData && algorithm.PeekTag() == Asn1Tag.ObjectIdentifier:
                var curve = algorithm.ReadObjectIdentifier();
                SignatureKeyKind? kind = curve switch
                {
                    "1.2.840.10045.3.1.7" => SignatureKeyKind.EcdsaP256,
                    "1.3.132.0.34" => SignatureKeyKind.EcdsaP384,
                    "1.3.132.0.35" => SignatureKeyKind.EcdsaP521,
                    _ => null,
                };
                if (kind is null) problem = $"a key on curve {Shorten(curve)}; P-256, P-384, P-521 and Ed25519 are known";
                return kind;
            default:
                problem = $"a key of algorithm {Shorten(identifier)}; RSA, ECDSA on named curves and Ed25519 are known";
                return null;
        }
    }

    private static string Shorten(string identifier) => identifier.Length <= 64 ? identifier : identifier[..64] + "…";

    private static string RsaProblem(byte[] octets)
    {
        var outer = new AsnReader(octets, AsnEncodingRules.DER);
        var sequence = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var modulus = sequence.ReadIntegerBytes().Span.TrimStart((byte)0);
        var bits = modulus.IsEmpty ? 0 : 8 * modulus.Length - byte.LeadingZeroCount(modulus[0]);
        return bits is < LeastRsaBits or > MostRsaBits ? $"an RSA key of {bits} bits; {LeastRsaBits} to {MostRsaBits} are accepted" : "";
    }

    private bool VerifyRsa(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (Kind != SignatureKeyKind.Rsa) return false;
        RSA? key = null;
        try
        {
            key = rsa.Rent();
            return key.VerifyData(data, signature, algorithm.HashName, algorithm.Padding);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            if (key is not null) rsa.Return(key);
        }
    }

    private bool VerifyEcdsa(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, DSASignatureFormat format)
    {
        if (Kind is SignatureKeyKind.Rsa or SignatureKeyKind.Ed25519) return false;
        ECDsa? key = null;
        try
        {
            key = ecdsa.Rent();
            return key.VerifyData(data, signature, algorithm.HashName, format);
        }
        catch (CryptographicException)
        {
            // The BCL says so when the point is not on the curve or the signature is no DER.
            return false;
        }
        finally
        {
            if (key is not null) ecdsa.Return(key);
        }
    }
}
