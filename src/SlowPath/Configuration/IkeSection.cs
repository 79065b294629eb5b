using Appliance.Ike;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>What <c>ike:</c> says: for the machine as a whole, and by default for its peers.</summary>
internal sealed record IkeDefaults(Identity? Identity, string? Credential, IReadOnlyList<string> Authorities, IkeConfiguration Configuration);

/// <summary>Reads <c>ike:</c>.</summary>
internal sealed class IkeSection(ConfigurationErrors errors, CredentialSection credentials)
{
    /// <summary>What it says; defaults where there is none.</summary>
    public IkeDefaults Read(YamlNode? node)
    {
        var map = new MapReader(node, "ike", errors);
        var whole = new IkeConfiguration();
        var defaults = new IkeDefaults(new IdentityReader(errors).Ours(map.Text("identity")), credentials.Credential(map), credentials.Authorities(map), whole with
        {
            CookieThreshold = map.Number("cookie_threshold", whole.CookieThreshold, 0, 1_000_000),
            HalfOpenMaximum = map.Number("half_open", whole.HalfOpenMaximum, 1, 1_000_000),
            RedirectTo = Redirect(map),
        });
        credentials.Revocation(map);
        map.Done();
        if (defaults.Configuration.CookieThreshold > defaults.Configuration.HalfOpenMaximum)
            map.Wrong("cookie_threshold", "cookies would never be asked for: more than 'half_open'", "lower 'cookie_threshold' or raise 'half_open' (RFC 7296 §2.6)");
        return defaults;
    }

    /// <summary>An address or a domain name of another gateway (RFC 5685 §3: up to 255 octets).</summary>
    private string? Redirect(MapReader map)
    {
        if (map.Text("redirect") is not { } text) return null;
        if (IpPrefix.TryParseAddress(text.Text, out var address) && !address.IsAny) return address.ToString();
        if (IdentityReader.IsDomain(text.Text)) return text.Text;
        errors.Add(text.At, $"'redirect: {Spelling.Shorten(text.Text)}' is no address or domain name", "name the gateway that takes over (RFC 5685 §3)");
        return null;
    }
}
