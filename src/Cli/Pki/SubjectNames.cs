using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Cli.Pki;

/// <summary>Names of certificates and files: checked, since they become paths and identities of IKE.</summary>
internal static class SubjectNames
{
    private const int LongestCommonName = 64;
    private const int LongestDnsName = 253;

    /// <summary>A name that can be a file's and a certificate's: letters, digits, '-', '_', '.', '@'.</summary>
    public static string File(string name) =>
        name.Length is > 0 and <= LongestCommonName && name[0] is not ('.' or '-') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@') ? name
            : throw Bad($"'{name}' is no name", $"up to {LongestCommonName} letters, digits, '-', '_', '.' and '@', starting with a letter or digit");

    /// <summary>A distinguished name with that common name alone.</summary>
    public static X500DistinguishedName Distinguished(string commonName)
    {
        if (commonName.Length is 0 or > LongestCommonName || commonName.Any(char.IsControl)) throw Bad($"'{commonName}' is no common name", $"1 to {LongestCommonName} characters");
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(commonName);
        return builder.Build();
    }

    /// <summary>subjectAltName of <c>dns:NAME</c>, <c>ip:ADDRESS</c> and <c>email:ADDRESS</c>.</summary>
    public static X509Extension Alternative(IReadOnlyList<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            var (kind, value) = name.Split(':', 2) is [var k, var v] ? (k, v) : ("", name);
            switch (kind)
            {
                case "dns" when IsDnsName(value):
                    builder.AddDnsName(value);
                    break;
                case "email" when value.Split('@') is [{ Length: > 0 }, var domain] && IsDnsName(domain) && value.All(c => c is > ' ' and < '\x7f'):
                    builder.AddEmailAddress(value);
                    break;
                case "ip" when IPAddress.TryParse(value, out var address) && !value.Contains('%', StringComparison.Ordinal):
                    builder.AddIpAddress(address);
                    break;
                default:
                    throw Bad($"'{name}' is no name for a certificate", "write --san dns:gw-a.example.org, --san ip:192.0.2.1 or --san email:user@example.org");
            }
        }

        return builder.Build();
    }

    private static bool IsDnsName(string name) =>
        name.Length is > 0 and <= LongestDnsName && name.Split('.').All(l => l.Length is > 0 and <= 63 && l.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));

    private static Failure Bad(string what, string todo) => new(what, "the command line", "it stands in a certificate, and peers compare it", todo, Failure.BadInput);
}
