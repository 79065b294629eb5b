using System.Formats.Asn1;
using System.Security.Cryptography;
using Appliance.Crypto.Library;

namespace Appliance.Crypto;

/// <summary>A private key that signs. Any thread may call. Wiped when disposed of; calls after that throw <see cref="ObjectDisposedException"/>.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly Secret encoded;
    private readonly byte[] seed;
    private readonly KeyPool<RSA> rsa;
    private readonly KeyPool<ECDsa> ecdsa;

    private SigningKey(SignatureKeyKind kind, Secret encoded, byte[] seed)
    {
        (Kind, this.encoded, this.seed) = (kind, encoded, seed);
        rsa = new KeyPool<RSA>(() =>
        {
            var key = RSA.Create();
            key.ImportPkcs8PrivateKey(encoded.Octets, out _);
            return key;
        });
        ecdsa = new KeyPool<ECDsa>(() =>
        {
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(encoded.Octets, out _);
            return key;
        });
    }

    /// <summary>Kind of key.</summary>
    public SignatureKeyKind Kind { get; }

    /// <summary>Reads PKCS #8 PrivateKeyInfo in DER (RFC 5958, RFC 8410). Null with a text for the operator. The octets given stay the caller's, who wipes them.</summary>
    public static SigningKey? TryRead(ReadOnlySpan<byte> pkcs8, out string problem)
    {
        var copy = new Secret(pkcs8);
        byte[] seed = [];
        try
        {
            var kind = KindOf(pkcs8, out problem);
            if (kind == SignatureKeyKind.Ed25519) seed = Seed(pkcs8);
            if (kind is not null)
            {
                var key = new SigningKey(kind.Value, copy, seed);
                // Imports the key, which finds what does not fit together, and refuses what nobody would accept.
                if (VerifyingKey.TryRead(key.PublicKey(), out problem) is not null) return key;
                key.Dispose();
            }
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            problem = "a private key that is damaged, or whose parts do not fit together";
        }

        copy.Dispose();
        CryptographicOperations.ZeroMemory(seed);
        return null;
    }

    /// <summary>DER of SubjectPublicKeyInfo of the public half.</summary>
    public byte[] PublicKey()
    {
        if (Kind == SignatureKeyKind.Rsa) return With(rsa, key => key.ExportSubjectPublicKeyInfo());
        if (Kind != SignatureKeyKind.Ed25519) return With(ecdsa, key => key.ExportSubjectPublicKeyInfo());
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence()) writer.WriteObjectIdentifier(AlgorithmIdentifier.Ed25519);
            writer.WriteBitString(Ed25519Signatures.PublicKey(seed));
        }

        return writer.Encode();
    }

    /// <summary>Signs. The algorithm must be one of this kind of key; ECDSA signatures are DER.</summary>
    public byte[] Sign(SignatureAlgorithm algorithm, byte[] data) => algorithm.Scheme switch
    {
        SignatureScheme.Ed25519 => SignEd25519(data),
        SignatureScheme.Ecdsa => With(ecdsa, key => key.SignData(data, algorithm.HashName, DSASignatureFormat.Rfc3279DerSequence)),
        _ => With(rsa, key => key.SignData(data, algorithm.HashName, algorithm.Padding)),
    };

    /// <summary>Signs with ECDSA in the form r|s (RFC 4754 §7).</summary>
    internal byte[] SignFixed(SignatureAlgorithm algorithm, byte[] data) =>
        With(ecdsa, key => key.SignData(data, algorithm.HashName, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

    /// <summary>Wipes.</summary>
    public void Dispose()
    {
        rsa.Dispose();
        ecdsa.Dispose();
        encoded.Dispose();
        CryptographicOperations.ZeroMemory(seed);
    }

    /// <summary>Shows no key.</summary>
    public override string ToString() => $"private key ({Kind})";

    private byte[] SignEd25519(byte[] data)
    {
        // A wiped seed would sign with a key that everybody knows.
        ObjectDisposedException.ThrowIf(!seed.AsSpan().ContainsAnyExcept((byte)0), this);
        return Ed25519Signatures.Sign(seed, data);
    }

    private static TResult With<T, TResult>(KeyPool<T> pool, Func<T, TResult> use)
        where T : class, IDisposable
    {
        var key = pool.Rent();
        try
        {
            return use(key);
        }
        finally
        {
            pool.Return(key);
        }
    }

    // PrivateKeyInfo ::= SEQUENCE { version, privateKeyAlgorithm, privateKey OCTET STRING, … }. Read in place: no copy is left behind.
    private static SignatureKeyKind? KindOf(ReadOnlySpan<byte> pkcs8, out string problem)
    {
        var algorithm = Fields(pkcs8, out var length, out _);
        return VerifyingKey.KindOf(new AsnReader(algorithm[..length].ToArray(), AsnEncodingRules.DER).ReadSequence(), out problem);
    }

    private static byte[] Seed(ReadOnlySpan<byte> pkcs8)
    {
        _ = Fields(pkcs8, out _, out var rest);
        AsnDecoder.TryReadPrimitiveOctetString(rest, AsnEncodingRules.DER, out var inner, out _);
        if (!AsnDecoder.TryReadPrimitiveOctetString(inner, AsnEncodingRules.DER, out var seed, out _) || seed.Length != Ed25519Signatures.KeyLength) throw new AsnContentException();
        return seed.ToArray();
    }

    private static ReadOnlySpan<byte> Fields(ReadOnlySpan<byte> pkcs8, out int algorithmLength, out ReadOnlySpan<byte> rest)
    {
        AsnDecoder.ReadSequence(pkcs8, AsnEncodingRules.BER, out var offset, out var length, out _);
        var body = pkcs8.Slice(offset, length);
        AsnDecoder.ReadIntegerBytes(body, AsnEncodingRules.BER, out var consumed);
        body = body[consumed..];
        AsnDecoder.ReadSequence(body, AsnEncodingRules.BER, out _, out _, out algorithmLength);
        rest = body[algorithmLength..];
        return body;
    }
}
