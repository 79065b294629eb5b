using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>A gateway whose tunnels IKE keys: <c>to-b</c> has a peer with an address, <c>clients</c> is a template for peers from anywhere, <c>iip</c> and <c>branches</c> are the same of IIPtran, <c>by-hand</c> has none.</summary>
internal static class Children
{
    public const string File = """
        instance: bench
        region: { sas: 64, tunnels: 16, ipv4_groups: 64, ipv6_nodes: 256, spd_rules: 64, adjacencies: 64, next_hops: 128 }
        ports:
          - { name: lan, device: lan0, side: protected }
          - { name: wan, device: wan0, side: unprotected }
        tunnels:
          - { name: to-b, local: 192.0.2.1, remote: 198.51.100.1, routes: [10.2.0.0/16] }
          - { name: clients, local: 192.0.2.1, remote: 198.51.100.9, routes: [10.9.0.0/24] }
          - { name: iip, mode: iiptran, local: 192.0.2.1, remote: 198.51.100.7, routes: [10.7.0.0/16, "fd00:7::/48"] }
          - { name: branches, mode: iiptran, local: 192.0.2.1, remote: 198.51.100.6, routes: [10.6.0.0/16] }
          - { name: by-hand, local: 192.0.2.1, remote: 198.51.100.8, routes: [10.4.0.0/16] }
        policies:
          - { name: sites, action: protect, local: 10.1.0.0/16 }
        protected: [10.0.0.0/8]

        """;

    private static byte fresh;

    public static Bench Bench(string? file = null) => new(file ?? File, Adapt);

    public static GatewayConfiguration Adapt(GatewayConfiguration configuration) => configuration with
    {
        Tunnels = [.. configuration.Tunnels.Select(t => t.Name switch
        {
            "to-b" => t with { Peer = "b" },
            "iip" => t with { Peer = "iip" },
            "branches" => t with { Peer = "branches", IsTemplate = true, Local = default, Remote = default },
            "clients" => t with { Peer = "clients", IsTemplate = true, Local = default, Remote = default },
            _ => t,
        })],
    };

    public static TrafficSelector Selector(string low, string high, byte protocol = 0, ushort from = 0, ushort to = ushort.MaxValue) => new(protocol, from, to, IPAddress.Parse(low), IPAddress.Parse(high));

    public static ChildSa Of(string instance, uint inbound, uint outbound, string remote = "198.51.100.1", int port = 0) => new()
    {
        Tunnel = instance.Split('/')[0], Instance = instance, InboundSpi = inbound, OutboundSpi = outbound, Mode = ChildMode.Tunnel, Encryption = new EncryptionChoice(EncryptionTransform.AesGcm16, 128),
        Esn = true, Local = new IPEndPoint(IPAddress.Parse("192.0.2.1"), port == 0 ? 500 : 4500), Remote = new IPEndPoint(IPAddress.Parse(remote), port == 0 ? 500 : port), UdpEncapsulation = port != 0,
        LocalSelectors = [TrafficSelector.AnyV4], RemoteSelectors = [Selector("10.2.0.0", "10.2.255.255")], ReplayWindow = 1024, LifetimeMilliseconds = 3_600_000,
    };

    /// <summary>Key material that no other has.</summary>
    public static Secret Key(int length = 20)
    {
        var secret = new Secret(length);
        secret.Octets.Fill(++fresh);
        return secret;
    }

    /// <summary>Installs, with fresh keys.</summary>
    public static string? Install(this Bench bench, ChildSa child, bool activate = true)
    {
        var length = child.Encryption.Transform switch { EncryptionTransform.AesCbc => 48, EncryptionTransform.ChaCha20Poly1305 => 36, _ => 20 };
        return bench.Loop.RunAsync(() => bench.Gateway.Children.InstallAsync(child, Key(length), Key(length), activate)).GetAwaiter().GetResult();
    }

    /// <summary>Does something with the children, then what the loop's tick does.</summary>
    public static void Do(this Bench bench, Action<Appliance.SlowPath.Sas.IChildSas> work) => bench.On(() =>
    {
        work(bench.Gateway.Children);
        bench.Gateway.Settle();
        return true;
    });
}
