using System.Formats.Asn1;

namespace Appliance.Crypto;

/// <summary>
/// A certificate revocation list (RFC 5280 §5) that holds all revoked certificates of its issuer: no delta, no indirect list, none for a part of the certificates.
/// </summary>
public sealed class RevocationList
{
    /// <summary>Longest list that is looked at, in octets.</summary>
    public const int Longest = 16 << 20;

    private const int LongestSerial = 20;
    private const int MostExtensions = 32;
    private readonly HashSet<(UInt128 High, uint Low)> serials = [];
    private byte[] signed = [];
    private byte[] signature = [];
    private SignatureAlgorithm algorithm;

    private RevocationList()
    {
    }

    /// <summary>Issuer in DER.</summary>
    public byte[] Issuer { get; private set; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset ThisUpdate { get; private set; }

    /// <summary>When there will be a newer one: from then on this one says nothing any more.</summary>
    public DateTimeOffset NextUpdate { get; private set; }

    /// <summary>How many certificates it revokes.</summary>
    public int Count => serials.Count;

    /// <summary>Reads DER. Null with a text that says why it cannot be used.</summary>
    public static RevocationList? TryRead(ReadOnlySpan<byte> der, out string problem)
    {
        if (der.Length > Longest)
        {
            problem = $"a revocation list of {der.Length} octets; {Longest} are accepted";
            return null;
        }

        try
        {
            var list = new RevocationList();
            problem = list.Read(der.ToArray());
            return problem.Length == 0 ? list : null;
        }
        catch (AsnContentException)
        {
            problem = "a revocation list that is not DER of X.509";
            return null;
        }
    }

    /// <summary>Whether it revokes a certificate, by its serial number (big-endian, without leading zeros). A number longer than RFC 5280 §4.1.2.2 allows counts as revoked.</summary>
    public bool Contains(ReadOnlySpan<byte> serial) => serial.Length > LongestSerial || serials.Contains(Pack(serial));

    /// <summary>Whether its issuer's key signed it.</summary>
    public bool IsSignedBy(VerifyingKey issuer) => issuer.Verify(algorithm, signed, signature);

    private static (UInt128 High, uint Low) Pack(ReadOnlySpan<byte> serial)
    {
        UInt128 high = 0;
        uint low = 0;
        foreach (var octet in serial)
        {
            high = (high << 8) | (low >> 24);
            low = (low << 8) | octet;
        }

        return (high, low);
    }

    private string Read(byte[] der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        signed = list.PeekEncodedValue().ToArray();
        var body = list.ReadSequence();
        var identifier = list.ReadEncodedValue();
        signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();
        if (!AlgorithmIdentifier.TryRead(identifier.Span, out algorithm, out var problem)) return $"a revocation list with {problem}";
        if (body.PeekTag() == Asn1Tag.Integer && !(body.TryReadInt32(out var version) && version == 1)) return "a revocation list that is not version 2";
        if (!body.ReadEncodedValue().Span.SequenceEqual(identifier.Span)) return "a revocation list with two different signature algorithms (RFC 5280 §5.1.1.2)";
        Issuer = body.ReadEncodedValue().ToArray();
        ThisUpdate = Time(body);
        if (!body.HasData || !IsTime(body.PeekTag())) return "a revocation list without nextUpdate (RFC 5280 §5.1.2.5)";
        NextUpdate = Time(body);
        if (body.HasData && body.PeekTag() == Asn1Tag.Sequence)
        {
            problem = Entries(body.ReadSequence());
            if (problem.Length > 0) return problem;
        }

        var tag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (body.HasData)
        {
            var wrapped = body.ReadSequence(tag);
            problem = Extensions(wrapped.ReadSequence());
            wrapped.ThrowIfNotEmpty();
        }

        body.ThrowIfNotEmpty();
        return problem;
    }

    private string Entries(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serial = entry.ReadIntegerBytes().Span.TrimStart((byte)0);
            if (serial.Length > LongestSerial) return $"a revocation list with a serial number of {serial.Length} octets";
            Time(entry);
            if (entry.HasData && Extensions(entry.ReadSequence()) is { Length: > 0 } problem) return problem;
            entry.ThrowIfNotEmpty();
            serials.Add(Pack(serial));
        }

        return "";
    }

    // A critical extension says that the list means something else than a plain one (RFC 5280 §5.2): delta, indirect, for a part. A delta list may not pass for a whole one.
    private static string Extensions(AsnReader extensions)
    {
        for (var i = 0; extensions.HasData; i++)
        {
            if (i >= MostExtensions) throw new AsnContentException();
            var extension = extensions.ReadSequence();
            var identifier = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean();
            extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (identifier is "2.5.29.27") return "a delta revocation list: whole ones are understood alone";
            if (critical && identifier is not ("2.5.29.20" or "2.5.29.21" or "2.5.29.24" or "2.5.29.35"))
                return $"a revocation list with critical extension {(identifier is "2.5.29.28" ? "issuingDistributionPoint" : Shorten(identifier))}, which is not understood: give a complete list";
        }

        return "";
    }

    private static string Shorten(string identifier) => identifier.Length <= 64 ? identifier : identifier[..64] + "…";

    private static bool IsTime(Asn1Tag tag) => tag == Asn1Tag.UtcTime || tag == Asn1Tag.GeneralizedTime;

    private static DateTimeOffset Time(AsnReader from) => from.PeekTag() == Asn1Tag.UtcTime ? from.ReadUtcTime() : from.ReadGeneralizedTime();
}
