using System.Formats.Asn1;

namespace Appliance.Crypto;

/// <summary>
/// What IKE wants to know of an X.509 certificate (RFC 5280) and the BCL does not tell or not strictly: names, key, signature algorithm, usages. Says nothing about trust.
/// </summary>
public sealed class CertificateView
{
    private const int MostNames = 256;
    private const int MostUsages = 64;
    private const int MostExtensions = 64;

    // id-kp-ipsecIKE, ikeIntermediate, any, serverAuth, clientAuth (RFC 4945 §5.1.3.12 and what people issue).
    private static readonly string[] IkeUsages = ["1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2", "2.5.29.37.0", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

    private readonly List<string> dnsNames = [];
    private readonly List<string> emails = [];
    private readonly List<byte[]> addresses = [];

    private CertificateView()
    {
    }

    /// <summary>Longest certificate that is looked at, in octets.</summary>
    public const int Longest = 16 * 1024;

    /// <summary>Subject in DER.</summary>
    public byte[] Subject { get; private set; } = [];

    /// <summary>Issuer in DER.</summary>
    public byte[] Issuer { get; private set; } = [];

    /// <summary>Serial number, big-endian without leading zeros.</summary>
    public byte[] Serial { get; private set; } = [];

    /// <summary>Valid from then on.</summary>
    public DateTimeOffset NotBefore { get; private set; }

    /// <summary>Valid until then.</summary>
    public DateTimeOffset NotAfter { get; private set; }

    /// <summary>SubjectPublicKeyInfo in DER.</summary>
    public byte[] PublicKey { get; private set; } = [];

    /// <summary>AlgorithmIdentifier of the issuer's signature in DER.</summary>
    public byte[] SignatureAlgorithm { get; private set; } = [];

    /// <summary>basicConstraints says cA.</summary>
    public bool IsAuthority { get; private set; }

    /// <summary>It may sign AUTH: no keyUsage, or digitalSignature or nonRepudiation in it (RFC 4945 §5.1.3.2).</summary>
    public bool MaySign { get; private set; } = true;

    /// <summary>It may sign revocation lists: no keyUsage, or cRLSign in it.</summary>
    public bool MaySignRevocation { get; private set; } = true;

    /// <summary>It may be used for IKE: no extendedKeyUsage, or ipsecIKE, ikeIntermediate, any, serverAuth or clientAuth in it.</summary>
    public bool IsForIke { get; private set; } = true;

    /// <summary>DNS names of subjectAltName.</summary>
    public IReadOnlyList<string> DnsNames => dnsNames;

    /// <summary>E-mail addresses of subjectAltName.</summary>
    public IReadOnlyList<string> Emails => emails;

    /// <summary>IP addresses of subjectAltName, 4 or 16 octets.</summary>
    public IReadOnlyList<byte[]> Addresses => addresses;

    /// <summary>Subject for people.</summary>
    public string Name => DistinguishedName.Text(Subject);

    /// <summary>Reads DER of a certificate. Null with a text for the log.</summary>
    public static CertificateView? TryRead(ReadOnlySpan<byte> der, out string problem)
    {
        problem = "";
        if (der.Length > Longest)
        {
            problem = $"a certificate of {der.Length} octets; {Longest} are accepted";
            return null;
        }

        try
        {
            var view = new CertificateView();
            var outer = new AsnReader(der.ToArray(), AsnEncodingRules.DER);
            var certificate = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            view.Read(certificate.ReadSequence());
            if (!certificate.ReadEncodedValue().Span.SequenceEqual(view.SignatureAlgorithm)) problem = "a certificate with two different signature algorithms (RFC 5280 §4.1.1.2)";
            certificate.ReadBitString(out _);
            certificate.ThrowIfNotEmpty();
            return problem.Length == 0 ? view : null;
        }
        catch (AsnContentException)
        {
            problem = "a certificate that is not DER of X.509";
            return null;
        }
    }

    private void Read(AsnReader body)
    {
        var version = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (body.PeekTag() == version) body.ReadSequence(version);
        Serial = body.ReadIntegerBytes().Span.TrimStart((byte)0).ToArray();
        SignatureAlgorithm = body.ReadEncodedValue().ToArray();
        Issuer = body.ReadEncodedValue().ToArray();
        var validity = body.ReadSequence();
        (NotBefore, NotAfter) = (Time(validity), Time(validity));
        Subject = body.ReadEncodedValue().ToArray();
        PublicKey = body.ReadEncodedValue().ToArray();
        var extensions = new Asn1Tag(TagClass.ContextSpecific, 3, isConstructed: true);
        while (body.HasData)
        {
            if (body.PeekTag() != extensions)
            {
                body.ReadEncodedValue();
                continue;
            }

            var wrapped = body.ReadSequence(extensions);
            var list = wrapped.ReadSequence();
            wrapped.ThrowIfNotEmpty();
            var seen = new HashSet<string>();
            while (list.HasData)
            {
                var extension = list.ReadSequence();
                var identifier = extension.ReadObjectIdentifier();
                if (extension.PeekTag() == Asn1Tag.Boolean) extension.ReadBoolean();
                // One of each (RFC 5280 §4.2): with two, whoever reads the first and whoever reads the last would disagree.
                if (!seen.Add(identifier) || seen.Count > MostExtensions) throw new AsnContentException();
                Extension(identifier, extension.ReadOctetString());
                extension.ThrowIfNotEmpty();
            }
        }
    }

    private static DateTimeOffset Time(AsnReader from) => from.PeekTag() == Asn1Tag.UtcTime ? from.ReadUtcTime() : from.ReadGeneralizedTime();

    private void Extension(string identifier, byte[] value)
    {
        var outer = new AsnReader(value, AsnEncodingRules.DER);
        switch (identifier)
        {
            case "2.5.29.15":
                var bits = outer.ReadBitString(out _);
                var first = bits.Length > 0 ? bits[0] : 0;
                MaySign = (first & 0xc0) != 0;
                MaySignRevocation = (first & 0x02) != 0;
                break;
            case "2.5.29.17":
                Names(outer.ReadSequence());
                break;
            case "2.5.29.19":
                var constraints = outer.ReadSequence();
                IsAuthority = constraints.HasData && constraints.PeekTag() == Asn1Tag.Boolean && constraints.ReadBoolean();
                break;
            case "2.5.29.37":
                Usages(outer.ReadSequence());
                break;
            default:
                return;
        }

        outer.ThrowIfNotEmpty();
    }

    private void Usages(AsnReader usages)
    {
        IsForIke = false;
        for (var i = 0; usages.HasData; i++)
        {
            if (i >= MostUsages) throw new AsnContentException();
            if (IkeUsages.Contains(usages.ReadObjectIdentifier())) IsForIke = true;
        }
    }

    private void Names(AsnReader names)
    {
        for (var i = 0; names.HasData; i++)
        {
            if (i >= MostNames) throw new AsnContentException();
            var tag = names.PeekTag();
            switch (tag.TagClass == TagClass.ContextSpecific ? tag.TagValue : -1)
            {
                case 1:
                    emails.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    break;
                case 2:
                    dnsNames.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    break;
                case 7:
                    addresses.Add(names.ReadOctetString(tag));
                    break;
                default:
                    names.ReadEncodedValue();
                    break;
            }
        }
    }
}
