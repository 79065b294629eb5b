using System.Text;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.SlowPath.Credentials;

/// <summary>
/// Whether a certificate speaks for an identity of IKE (RFC 4945 §3.1): a name, e-mail address or IP address that stands in its subjectAltName, or the distinguished name that is its
/// subject. A common name is no host name, and a star in a certificate stands for itself.
/// </summary>
public static class IdentityBinding
{
    private const int MostShown = 8;

    /// <summary>Null when it does, else why not, with the names that the certificate has.</summary>
    public static string? Problem(Identity identity, CertificateView certificate) =>
        Speaks(identity, certificate) ? null : $"the certificate of '{certificate.Name}' does not speak for {Describe(identity.Type)} '{identity}'; it has {Names(certificate)}";

    private static bool Speaks(Identity identity, CertificateView certificate)
    {
        switch (identity.Type)
        {
            case IdentificationType.Fqdn:
                var name = Encoding.Latin1.GetString(identity.Data);
                return name.Length > 0 && certificate.DnsNames.Any(n => n.Equals(name, StringComparison.OrdinalIgnoreCase));
            case IdentificationType.Rfc822Address:
                var address = Encoding.Latin1.GetString(identity.Data);
                return address.Length > 0 && certificate.Emails.Any(n => n.Equals(address, StringComparison.OrdinalIgnoreCase));
            case IdentificationType.Ipv4Address:
                return identity.Data.Length == 4 && certificate.Addresses.Any(a => a.AsSpan().SequenceEqual(identity.Data));
            case IdentificationType.Ipv6Address:
                return identity.Data.Length == 16 && certificate.Addresses.Any(a => a.AsSpan().SequenceEqual(identity.Data));
            case IdentificationType.DistinguishedName:
                // An empty subject would be the same for all who have none.
                return identity.Data.Length > 2 && DistinguishedName.Same(identity.Data, certificate.Subject);
            default:
                return false;
        }
    }

    private static string Describe(IdentificationType type) => type switch
    {
        IdentificationType.Fqdn => "name",
        IdentificationType.Rfc822Address => "e-mail address",
        IdentificationType.Ipv4Address or IdentificationType.Ipv6Address => "address",
        IdentificationType.DistinguishedName => "distinguished name",
        _ => "identity of another type",
    };

    private static string Names(CertificateView certificate)
    {
        var names = certificate.DnsNames.Concat(certificate.Emails).Select(n => new Identity(IdentificationType.Fqdn, Encoding.Latin1.GetBytes(n)).ToString())
            .Concat(certificate.Addresses.Where(a => a.Length is 4 or 16).Select(a => new System.Net.IPAddress(a).ToString())).ToList();
        var shown = string.Join(", ", names.Take(MostShown)) + (names.Count > MostShown ? ", …" : "");
        return names.Count == 0 ? "no name but its subject" : shown;
    }
}
