using System.Formats.Asn1;

namespace Appliance.Crypto;

/// <summary>
/// The AlgorithmIdentifier of a signature in DER (RFC 5280 §4.1.1.2): what stands in AUTH (RFC 7427 §3, appendix A), certificates and revocation lists. SHA-1 and older
/// are refused here, for all of them (RFC 8247 §3.2.1).
/// </summary>
public static class AlgorithmIdentifier
{
    /// <summary>The longest that is looked at, in octets: what an AUTH can hold (RFC 7427 §3 has one length octet).</summary>
    public const int Longest = 255;

    private const string RsaPrefix = "1.2.840.113549.1.1.";
    private const string Rsa = RsaPrefix + "1";
    private const string Pss = RsaPrefix + "10";
    private const string Mgf1 = RsaPrefix + "8";
    private const string EcdsaPrefix = "1.2.840.10045.4.3.";
    private const string HashPrefix = "2.16.840.1.101.3.4.2.";
    internal const string Ed25519 = "1.3.101.112";
    internal const string RsaKey = Rsa;
    internal const string EcKey = "1.2.840.10045.2.1";

    /// <summary>Reads one. False with a text for the log: not DER, unknown, or not accepted.</summary>
    public static bool TryRead(ReadOnlySpan<byte> der, out SignatureAlgorithm algorithm, out string problem)
    {
        algorithm = default;
        if (der.Length is 0 or > Longest)
        {
            problem = $"an algorithm identifier of {der.Length} octets";
            return false;
        }

        try
        {
            var outer = new AsnReader(der.ToArray(), AsnEncodingRules.DER);
            var sequence = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var identifier = sequence.ReadObjectIdentifier();
            problem = Read(identifier, sequence, ref algorithm);
        }
        catch (AsnContentException)
        {
            problem = "an algorithm identifier that is not DER";
        }

        return problem.Length == 0;
    }

    /// <summary>Writes one: the fixed octets of RFC 7427 appendix A and RFC 8410 §3.</summary>
    public static byte[] Write(SignatureAlgorithm algorithm)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            switch (algorithm.Scheme)
            {
                case SignatureScheme.RsaPkcs1:
                    writer.WriteObjectIdentifier(RsaPrefix + algorithm.Hash switch { SignatureHash.Sha256 => "11", SignatureHash.Sha384 => "12", SignatureHash.Sha512 => "13", _ => "5" });
                    writer.WriteNull();
                    break;
                case SignatureScheme.RsaPss:
                    writer.WriteObjectIdentifier(Pss);
                    WritePss(writer, algorithm);
                    break;
                case SignatureScheme.Ecdsa:
                    writer.WriteObjectIdentifier(EcdsaPrefix + (int)algorithm.Hash);
                    break;
                default:
                    writer.WriteObjectIdentifier(Ed25519);
                    break;
            }
        }

        return writer.Encode();
    }

    private static string Read(string identifier, AsnReader rest, ref SignatureAlgorithm algorithm)
    {
        switch (identifier)
        {
            case RsaPrefix + "11" or RsaPrefix + "12" or RsaPrefix + "13":
                // NULL must be there, but RFC 4055 §5 has it accepted when it is not.
                if (rest.HasData) rest.ReadNull();
                algorithm = new SignatureAlgorithm(SignatureScheme.RsaPkcs1, (SignatureHash)(identifier[^1] - '1' + 2));
                break;
            case EcdsaPrefix + "2" or EcdsaPrefix + "3" or EcdsaPrefix + "4":
                algorithm = new SignatureAlgorithm(SignatureScheme.Ecdsa, (SignatureHash)(identifier[^1] - '0'));
                break;
            case Ed25519:
                algorithm = new SignatureAlgorithm(SignatureScheme.Ed25519, SignatureHash.Identity);
                break;
            case Pss:
                return ReadPss(rest, ref algorithm);
            case RsaPrefix + "5" or "1.2.840.10045.4.1" or "1.2.840.10040.4.3" or RsaPrefix + "4" or RsaPrefix + "2":
                return $"a signature with SHA-1 or older (algorithm {identifier}), which is not accepted";
            default:
                return $"signature algorithm {(identifier.Length <= 64 ? identifier : identifier[..64] + "…")}, which is not known here";
        }

        rest.ThrowIfNotEmpty();
        return "";
    }

    // RSASSA-PSS-params (RFC 4055 §3.1): every field has SHA-1's value when it is absent.
    private static string ReadPss(AsnReader rest, ref SignatureAlgorithm algorithm)
    {
        const string sha1 = "RSASSA-PSS with SHA-1 (RFC 8247 §3.2.1), which is not accepted";
        if (!rest.HasData) return sha1;
        var parameters = rest.ReadSequence();
        rest.ThrowIfNotEmpty();
        if (!TryEnter(parameters, 0, out var field)) return sha1;
        var hash = ReadHash(field);
        if (!TryEnter(parameters, 1, out field)) return sha1;
        var mask = field.ReadSequence();
        field.ThrowIfNotEmpty();
        if (mask.ReadObjectIdentifier() != Mgf1) return "RSASSA-PSS with another mask than MGF1, which is not accepted";
        var maskHash = ReadHash(mask);
        var salt = TryEnter(parameters, 2, out field) && field.TryReadInt32(out var length) ? length : 20;
        if (TryEnter(parameters, 3, out field) && !(field.TryReadInt32(out var trailer) && trailer == 1)) return "RSASSA-PSS with an unknown trailer";
        parameters.ThrowIfNotEmpty();
        if (hash is null || maskHash is null) return sha1;
        if (hash != maskHash) return "RSASSA-PSS with two different hashes, which is not accepted";
        if (salt != SignatureAlgorithm.LengthOf(hash.Value)) return $"RSASSA-PSS with a salt of {salt} octets; it must be as long as the hash ({SignatureAlgorithm.LengthOf(hash.Value)})";
        algorithm = new SignatureAlgorithm(SignatureScheme.RsaPss, hash.Value);
        return "";
    }

    private static bool TryEnter(AsnReader from, int number, out AsnReader field)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, number, isConstructed: true);
        var there = from.HasData && from.PeekTag() == tag;
        field = there ? from.ReadSequence(tag) : from;
        return there;
    }

    private static SignatureHash? ReadHash(AsnReader from)
    {
        var hash = from.ReadSequence();
        from.ThrowIfNotEmpty();
        var identifier = hash.ReadObjectIdentifier();
        if (hash.HasData) hash.ReadNull();
        hash.ThrowIfNotEmpty();
        return identifier switch { HashPrefix + "1" => SignatureHash.Sha256, HashPrefix + "2" => SignatureHash.Sha384, HashPrefix + "3" => SignatureHash.Sha512, _ => null };
    }

    private static void WritePss(AsnWriter writer, SignatureAlgorithm algorithm)
    {
        using var parameters = writer.PushSequence();
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0))) WriteHash(writer, algorithm.Hash);
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Mgf1);
            WriteHash(writer, algorithm.Hash);
        }

        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 2))) writer.WriteInteger(SignatureAlgorithm.LengthOf(algorithm.Hash));
    }

    private static void WriteHash(AsnWriter writer, SignatureHash hash)
    {
        using var sequence = writer.PushSequence();
        writer.WriteObjectIdentifier(HashPrefix + hash switch { SignatureHash.Sha256 => "1", SignatureHash.Sha384 => "2", _ => "3" });
        writer.WriteNull();
    }
}
