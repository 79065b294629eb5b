using System.Net;
using System.Text;
using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>Who somebody says to be (RFC 7296 §3.5): type and octets as they go over the wire. Compared by value.</summary>
public sealed record Identity(IdentificationType Type, byte[] Data)
{
    /// <summary>A fully qualified domain name.</summary>
    public static Identity Fqdn(string name) => new(IdentificationType.Fqdn, Encoding.ASCII.GetBytes(name));

    /// <summary>An e-mail address.</summary>
    public static Identity Email(string address) => new(IdentificationType.Rfc822Address, Encoding.ASCII.GetBytes(address));

    /// <summary>An IP address.</summary>
    public static Identity Address(IPAddress address) =>
        new(address.IsV4() ? IdentificationType.Ipv4Address : IdentificationType.Ipv6Address, address.GetAddressBytes());

    /// <inheritdoc/>
    public bool Equals(Identity? other) => other is not null && Type == other.Type && Data.AsSpan().SequenceEqual(other.Data);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Type);
        hash.AddBytes(Data);
        return hash.ToHashCode();
    }

    /// <summary>As people write it; octets that are no printable text in hexadecimal.</summary>
    public override string ToString() => IdentityText.Format(this);
}

/// <summary>What a PAD entry accepts as an identity.</summary>
/// <param name="Type">Type that it must have; null for any.</param>
/// <param name="Pattern">
/// Octets that must be equal. For names, a leading <c>*</c> stands for anything without end (<c>*.example.org</c>, <c>*@example.org</c>); letters compare without case,
/// distinguished names attribute by attribute. Null: any.
/// </param>
public sealed record IdentityPattern(IdentificationType? Type, byte[]? Pattern)
{
    /// <summary>Everybody who can authenticate.</summary>
    public static IdentityPattern Any { get; } = new(null, null);

    /// <summary>Exactly one.</summary>
    public static IdentityPattern Exactly(Identity identity) => new(identity.Type, identity.Data);

    /// <summary>Whether it accepts an identity.</summary>
    public bool Matches(Identity identity)
    {
        if (Type is { } type && type != identity.Type) return false;
        if (Pattern is null) return true;
        if (Type == IdentificationType.DistinguishedName) return DistinguishedNames.Same(Pattern, identity.Data);
        if (Type is not (IdentificationType.Fqdn or IdentificationType.Rfc822Address)) return Pattern.AsSpan().SequenceEqual(identity.Data);
        var (pattern, name) = (Encoding.Latin1.GetString(Pattern), Encoding.Latin1.GetString(identity.Data));
        return pattern.StartsWith('*')
            ? name.Length > pattern.Length - 1 && name.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
            : name.Equals(pattern, StringComparison.OrdinalIgnoreCase);
    }
}
