using System.Net;
using System.Security.Cryptography;
using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>How TCP connections with a neighbour are made: <c>local_address</c>, <c>device</c>, <c>password</c>, <c>ttl_security</c>.</summary>
internal sealed class NeighborTransport(ConfigurationErrors errors, ConfigurationFiles files)
{
    /// <summary>What Linux takes (TCP_MD5SIG_MAXKEYLEN).</summary>
    private const int LongestKey = 80;
    private const int ShortestKey = 12, MaximumTtl = 255, PlainTtl = 64, LongestDevice = 15;
    private readonly SecretReader secrets = new(errors, files);

    /// <summary>The options; <paramref name="address"/> is the neighbour's or one of its range, null where it is wrong.</summary>
    public TransportOptions Read(MapReader map, IPAddress? address, int multihop, bool isInternal)
    {
        var (local, device) = (BgpText.Address(map, "local_address", errors), map.Text("device")?.Text ?? "");
        var hops = SecurityHops(map);
        if (local is not null && address is not null && local.IsV4() != address.IsV4()) map.Wrong("local_address", "our address and the neighbour's are of different families", "both IPv4 or both IPv6");
        if (local is not null && local.Equals(address) && map.Has("address")) map.Wrong("local_address", $"{local} is the neighbour's address too", "'local_address' is an address of this machine");
        if (device.Length > LongestDevice || device.Any(c => c is <= ' ' or > '~' or '/')) map.Wrong("device", $"'{Spelling.Shorten(device)}' is no device", "as 'ip link' shows it");
        if (device.Length == 0 && address is { IsIPv6LinkLocal: true }) errors.Add(map.PositionOf(map.Has("address") ? "address" : "range"), $"{address} is link-local: on which link?", "write device: eth0");
        if (hops > 0 && map.Node("multihop") is not null) map.Wrong("ttl_security", "'ttl_security' beside 'multihop'", $"keep one: ttl_security: {multihop} takes a neighbour up to so many hops away (RFC 5082)");
        return new TransportOptions
        {
            Local = local,
            Device = device,
            Md5Key = Key(map),
            Ttl = hops > 0 ? MaximumTtl : isInternal ? PlainTtl : multihop,
            MinimumTtl = hops > 0 ? MaximumTtl + 1 - hops : 0,
        };
    }

    private byte[]? Key(MapReader map)
    {
        var key = secrets.Read(map, "password", "password_file", ShortestKey, "RFC 3562 §3.2");
        if (key is null || key.Length <= LongestKey) return key;
        map.Wrong(map.Node("password") is null ? "password_file" : "password", $"a key of {key.Length} octets", $"TCP-MD5 takes up to {LongestKey}");
        CryptographicOperations.ZeroMemory(key);
        return null;
    }

    private static int SecurityHops(MapReader map) => map.Text("ttl_security") switch
    {
        null or { Text: "off" or "false" } => 0,
        { Text: "on" or "true" } => 1,
        var text => map.NumberOf(text, "ttl_security", 0, 1, 254, "hops, or on"),
    };
}
