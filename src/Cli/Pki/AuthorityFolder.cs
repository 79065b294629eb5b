using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Appliance.Cli.Pki;

/// <summary>
/// A certificate authority in a folder: <c>ca.crt</c>, <c>ca.key</c> (0600), <c>ca.crl</c> and <c>issued.jsonl</c>. It issues to gateways directly (path length 0).
/// </summary>
internal sealed class AuthorityFolder : IDisposable
{
    private const int SerialOctets = 16;

    // Clocks differ: what is issued is valid a little earlier.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(10);
    private static readonly string[] Usages = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2"];
    private readonly string folder;
    private readonly X509Certificate2 certificate;
    private readonly KeyPair key;

    private AuthorityFolder(string folder, X509Certificate2 certificate, KeyPair key) => (this.folder, this.certificate, this.key) = (folder, certificate, key);

    private string ListPath => Path.Combine(folder, "ca.crl");

    /// <summary>Makes an authority with an empty revocation list.</summary>
    public static PkiReport Create(string folder, string name, string keyKind, int days, int listDays, bool force)
    {
        var (crt, keyFile, crl) = (Path.Combine(folder, "ca.crt"), Path.Combine(folder, "ca.key"), Path.Combine(folder, "ca.crl"));
        var subject = SubjectNames.Distinguished(name);
        KeyedFile.Refuse(force, keyFile, crt, crl);
        CreateFolder(folder);
        IssuedList.Clear(folder);
        using var pair = KeyPair.Make(keyKind);
        var request = new CertificateRequest(subject, pair.Public, pair.Hash);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        var identifier = new X509SubjectKeyIdentifierExtension(pair.Public, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        var now = DateTimeOffset.UtcNow;
        var made = request.Create(subject, pair.Generator, now - Skew, now.AddDays(days), Serial());
        WriteKey(keyFile, pair);
        KeyedFile.Write(crt, Pem(made));
        using var authority = new AuthorityFolder(folder, made, pair);
        authority.WriteList(new CertificateRevocationListBuilder(), 1, listDays);
        return PkiReport.Of(made, keyKind, [], [("certificate", crt, "trust anchor: copy it to every gateway"), ("private_key", keyFile, "keep it off the gateways"), ("revocation_list", crl, $"copy it to every gateway, renew it within {listDays} days")]);
    }

    /// <summary>Opens an authority.</summary>
    public static AuthorityFolder Open(string folder)
    {
        var (crt, keyFile) = (Path.Combine(folder, "ca.crt"), Path.Combine(folder, "ca.key"));
        try
        {
            var octets = File.ReadAllBytes(keyFile);
            var pair = KeyPair.FromPem(octets) ?? throw new Failure("the authority's key cannot be used", keyFile, "it is no RSA or ECDSA key in PEM without passphrase", "restore it from a copy, or make a new authority: appliance pki init");
            CryptographicOperations.ZeroMemory(octets);
            var certificate = X509CertificateLoader.LoadCertificateFromFile(crt);
            if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(pair.Public.ExportSubjectPublicKeyInfo()))
                throw new Failure("the authority's key is not its certificate's", crt, "ca.crt and ca.key do not belong together", "restore both from the same copy");
            return new AuthorityFolder(folder, certificate, pair);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new Failure("there is no authority", folder, e.Message, "make one: appliance pki init DIR, or name its folder with --ca", Failure.BadInput);
        }
    }

    /// <summary>Issues a certificate with a new key: NAME.crt and NAME.key.</summary>
    public PkiReport Issue(string name, IReadOnlyList<string> names, string keyKind, int days, string output, bool force)
    {
        var (crt, keyFile) = (Path.Combine(output, $"{name}.crt"), Path.Combine(output, $"{name}.key"));
        var subject = SubjectNames.Distinguished(name);
        var alternative = SubjectNames.Alternative(names);
        KeyedFile.Refuse(force, keyFile, crt);
        CreateFolder(output);
        using var issued = IssuedList.Open(folder);
        using var pair = KeyPair.Make(keyKind);
        var request = new CertificateRequest(subject, pair.Public, key.Hash);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. Usages.Select(u => new Oid(u))], critical: false));
        request.CertificateExtensions.Add(alternative);
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(pair.Public, critical: false));
        request.CertificateExtensions.Add(AuthorityIdentifier());
        var (from, until) = Validity(days);
        using var made = request.Create(certificate.SubjectName, key.Generator, from, until, Serial());
        // Known before it exists: what nobody knows of, nobody can revoke.
        issued.Add(new IssuedCertificate(made.SerialNumber, name, until));
        WriteKey(keyFile, pair);
        KeyedFile.Write(crt, Pem(made));
        return PkiReport.Of(made, keyKind, names, [("certificate", crt, "the gateway's certificate"), ("private_key", keyFile, "the gateway's own, for nobody else")]);
    }

    /// <summary>Revokes by name or certificate file, and writes the list anew; without a name the list alone.</summary>
    public PkiReport Revoke(string? what, int listDays)
    {
        using var issued = IssuedList.Open(folder);
        BigInteger number;
        CertificateRevocationListBuilder builder;
        try
        {
            builder = CertificateRevocationListBuilder.LoadPem(File.ReadAllText(ListPath), out number);
        }
        catch (Exception e) when (e is IOException or CryptographicException or ArgumentException)
        {
            throw new Failure("the revocation list cannot be read", ListPath, e.Message, "restore it from a copy: a new one would not know what is revoked already");
        }

        var serials = what is null ? [] : Serials(what, issued);
        foreach (var serial in serials)
        {
            builder.RemoveEntry(serial);
            builder.AddEntry(serial);
        }

        WriteList(builder, number + 1, listDays);
        return PkiReport.OfList([.. serials.Select(Convert.ToHexString)], [("revocation_list", ListPath, $"copy it to every gateway and reload; renew it within {listDays} days")]);
    }

    public void Dispose()
    {
        certificate.Dispose();
        key.Dispose();
    }

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialOctets);
        // Positive and of full length (RFC 5280 §4.1.2.2).
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static byte[] Pem(X509Certificate2 certificate) => Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n");

    private static void WriteKey(string path, KeyPair pair)
    {
        var pem = pair.ToPem();
        KeyedFile.WritePrivate(path, pem);
        CryptographicOperations.ZeroMemory(pem);
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Failure("the folder cannot be made", folder, e.Message, "name another one, or check the rights");
        }
    }

    private X509AuthorityKeyIdentifierExtension AuthorityIdentifier() => certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } identifier
        ? X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier)
        : X509AuthorityKeyIdentifierExtension.CreateFromIssuerNameAndSerialNumber(certificate.SubjectName, certificate.SerialNumberBytes.Span);

    private (DateTimeOffset From, DateTimeOffset Until) Validity(int days)
    {
        var (now, first, last) = (DateTimeOffset.UtcNow, new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter));
        if (now > last) throw new Failure("the authority's certificate expired", folder, $"at {last:u}", "make a new authority: appliance pki init");
        // Nothing outlives its authority.
        return (now - Skew > first ? now - Skew : first, now.AddDays(days) < last ? now.AddDays(days) : last);
    }

    private void WriteList(CertificateRevocationListBuilder builder, BigInteger number, int days)
    {
        var now = DateTimeOffset.UtcNow;
        var list = builder.Build(certificate.SubjectName, key.Generator, number, now.AddDays(days), key.Hash, AuthorityIdentifier(), now - Skew);
        KeyedFile.Write(ListPath, [.. PemEncoding.WriteUtf8("X509 CRL"u8, list), (byte)'\n']);
    }

    private List<byte[]> Serials(string what, IssuedList issued)
    {
        var serials = issued.Certificates.Where(c => c.Name == what).Select(c => Convert.FromHexString(c.Serial)).ToList();
        return serials.Count > 0 ? serials : File.Exists(what) ? [Serial(what)]
            : throw new Failure("there is no such certificate", what, "this authority issued none of that name, and there is no file of that name", "name one that was issued, or the file of its certificate", Failure.BadInput);
    }

    private byte[] Serial(string file)
    {
        try
        {
            using var other = X509CertificateLoader.LoadCertificateFromFile(file);
            if (!other.IssuerName.RawData.AsSpan().SequenceEqual(certificate.SubjectName.RawData))
                throw new Failure("this certificate is another authority's", file, $"its issuer is {other.IssuerName.Name}", "name the authority that issued it with --ca", Failure.BadInput);
            return other.SerialNumberBytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new Failure("the certificate cannot be read", file, e.Message, "name a certificate in PEM or DER", Failure.BadInput);
        }
    }
}
