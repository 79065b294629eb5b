using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// Reads identities (RFC 7296 §3.5): an address, <c>user@host</c>, a distinguished name (whatever has a '=', in the order of RFC 4514: <c>CN=gw, O=Example</c>), else a domain name.
/// </summary>
internal sealed class IdentityReader(ConfigurationErrors errors)
{
    private const int Longest = 255;
    private const string Hint = "write gw.example.org, user@example.org, an address, or \"CN=gw, O=Example\"";

    /// <summary>Who we are.</summary>
    public Identity? Ours(YamlText? text)
    {
        if (text is null) return null;
        var identity = Parse(text.Text);
        if (identity is null) errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no identity", Hint);
        return identity;
    }

    /// <summary>Who a peer may be: an identity, a name with a leading '*', or <c>any</c>.</summary>
    public IdentityPattern? Theirs(YamlText? text)
    {
        if (text is null) return null;
        if (text.Text == "any") return IdentityPattern.Any;
        var wild = text.Text.StartsWith('*');
        var identity = Parse(wild ? "x" + text.Text[1..] : text.Text);
        var name = identity?.Type is IdentificationType.Fqdn or IdentificationType.Rfc822Address;
        if (identity is not null && (!wild || (name && text.Text.Length > 1 && text.Text[1] is '.' or '@'))) return wild ? identity.Type == IdentificationType.Fqdn
            ? new IdentityPattern(identity.Type, Identity.Fqdn(text.Text).Data) : new IdentityPattern(identity.Type, Identity.Email(text.Text).Data) : IdentityPattern.Exactly(identity);
        errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no identity or pattern", Hint + "; \"*.example.org\" and \"*@example.org\" stand for many, any for all");
        return null;
    }

    private static Identity? Parse(string text)
    {
        if (text.Length is 0 or > Longest || text.Any(c => c is < ' ' or > '~')) return null;
        if (IpPrefix.TryParseAddress(text, out var address)) return Identity.Address(address.ToIPAddress());
        if (text.Contains('=', StringComparison.Ordinal)) return DistinguishedName(text);
        if (text.Contains(' ', StringComparison.Ordinal)) return null;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0) return IsDomain(text) ? Identity.Fqdn(text) : null;
        return at > 0 && IsDomain(text[(at + 1)..]) ? Identity.Email(text) : null;
    }

    /// <summary>Whether it can be a domain name: letters, digits, "-", "_" and dots, at most 255.</summary>
    public static bool IsDomain(string text) =>
        text.Length is > 0 and <= Longest && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') && !text.StartsWith('.') && !text.Contains("..", StringComparison.Ordinal) && text.Any(char.IsAsciiLetter);

    private static Identity? DistinguishedName(string text)
    {
        try
        {
            return new Identity(IdentificationType.DistinguishedName, new X500DistinguishedName(text).RawData);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
