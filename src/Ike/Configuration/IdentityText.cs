using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>How an identity is written for people; what came from outside never brings control characters into a log.</summary>
internal static class IdentityText
{
    private const int Longest = 256;

    public static string Format(Identity identity) => identity.Type switch
    {
        IdentificationType.Fqdn or IdentificationType.Rfc822Address => Printable(identity.Data),
        IdentificationType.Ipv4Address when identity.Data.Length == 4 => new IPAddress(identity.Data).ToString(),
        IdentificationType.Ipv6Address when identity.Data.Length == 16 => new IPAddress(identity.Data).ToString(),
        IdentificationType.DistinguishedName => DistinguishedName(identity.Data),
        _ => $"{identity.Type}:{Hexadecimal(identity.Data)}",
    };

    private static string Printable(byte[] data) =>
        data.Length is > 0 and <= Longest && data.All(o => o is > 0x20 and < 0x7f) ? Encoding.ASCII.GetString(data) : Hexadecimal(data);

    private static string DistinguishedName(byte[] data)
    {
        try
        {
            var name = new X500DistinguishedName(data).Name;
            return name.Length <= Longest && !name.Any(char.IsControl) ? name : Hexadecimal(data);
        }
        catch (CryptographicException)
        {
            return Hexadecimal(data);
        }
    }

    private static string Hexadecimal(byte[] data) => "0x" + Convert.ToHexStringLower(data.AsSpan(0, Math.Min(data.Length, Longest)));
}
