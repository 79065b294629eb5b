using System.Net;
using System.Text;

namespace Appliance.Ike.Messages;

/// <summary>
/// The data of REDIRECT and REDIRECTED_FROM (RFC 5685 §9): a gateway by address or by name, and in an answer of IKE_SA_INIT the initiator's nonce behind it.
/// </summary>
/// <param name="Address">Its address; null when a name stands there.</param>
/// <param name="Name">Its domain name; null when an address stands there.</param>
/// <param name="Nonce">Nonce data, empty for none.</param>
internal sealed record GatewayIdentity(IPAddress? Address, string? Name, byte[] Nonce)
{
    private const byte Ipv4 = 1, Ipv6 = 2, Fqdn = 3;

    /// <summary>What an operator wrote: an address, else a name.</summary>
    public static GatewayIdentity Of(string text) => IPAddress.TryParse(text, out var address) ? Of(address) : new GatewayIdentity(null, text, []);

    /// <summary>A gateway by its address.</summary>
    public static GatewayIdentity Of(IPAddress address) => new(address, null, []);

    /// <summary>Reads the data of a notify. False: it is no gateway that RFC 5685 §9.2 knows.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out GatewayIdentity gateway)
    {
        gateway = new GatewayIdentity(null, null, []);
        if (data.Length < 2 || data.Length - 2 < data[1]) return false;
        var identity = data.Slice(2, data[1]);
        var nonce = data[(2 + data[1])..].ToArray();
        gateway = data[0] switch
        {
            Ipv4 when identity.Length == 4 => new GatewayIdentity(new IPAddress(identity), null, nonce),
            Ipv6 when identity.Length == 16 => new GatewayIdentity(new IPAddress(identity), null, nonce),
            Fqdn when identity.Length > 0 && IsName(identity) => new GatewayIdentity(null, Encoding.ASCII.GetString(identity), nonce),
            _ => gateway,
        };
        return gateway.Address is not null || gateway.Name is not null;
    }

    /// <summary>As the data of a notify.</summary>
    public byte[] Write()
    {
        var identity = Address?.GetAddressBytes() ?? Encoding.ASCII.GetBytes(Name!);
        return [Address is null ? Fqdn : identity.Length == 4 ? Ipv4 : Ipv6, (byte)identity.Length, .. identity, .. Nonce];
    }

    /// <inheritdoc/>
    public override string ToString() => Address?.ToString() ?? Name ?? "";

    // It goes into logs and to resolvers: letters, digits, '-', '_' and '.', nothing else.
    private static bool IsName(ReadOnlySpan<byte> identity)
    {
        foreach (var octet in identity)
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_' or (byte)'.')) return false;
        return true;
    }
}
