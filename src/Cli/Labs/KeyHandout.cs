using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;

namespace Appliance.Cli.Labs;

/// <summary>Makes a key set and hands it to both ends; it is never stored, shown or used again.</summary>
internal static class KeyHandout
{
    /// <summary>Hands fresh keys to both gateways of the set.</summary>
    /// <exception cref="Failure">A gateway refuses.</exception>
    public static void Send(LabState state, LabKeys keys)
    {
        var (toB, toA) = (Direction(keys.Cipher), Direction(keys.Cipher));
        Post(state, keys.NodeB, keys.TunnelB, Body(keys, outbound: toA, inbound: toB));
        Post(state, keys.NodeA, keys.TunnelA, Body(keys, outbound: toB, inbound: toA));
    }

    private static JsonObject Direction(string cipher) => new() { ["spi"] = CipherKeys.FreshSpi(), ["key"] = CipherKeys.Fresh(cipher) };

    private static JsonObject Body(LabKeys keys, JsonObject outbound, JsonObject inbound) => new()
    {
        ["cipher"] = keys.Cipher,
        ["esn"] = keys.Esn,
        ["replay_window"] = keys.ReplayWindow,
        ["outbound"] = outbound.DeepClone(),
        ["inbound"] = inbound.DeepClone(),
    };

    private static void Post(LabState state, string node, string tunnel, JsonObject body)
    {
        using var api = new ApiClient(state.Paths(state.Node(node)).ApiSocket);
        api.Send(HttpMethod.Post, $"/tunnels/{tunnel}/keys", JsonSerializer.SerializeToUtf8Bytes(body));
    }
}
