using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Sas;

/// <summary>A gateway with two workers that is in group <c>mesh</c> with an ESP address of each family, beside tunnels that IKE keys.</summary>
internal static class MeshGroup
{
    public const int Workers = 2;

    public static readonly string[] Tunnels = ["mesh.v4", "mesh.v6"];

    public static IpAddress V4 => FakeKernel.Ip("192.0.2.1");

    public static IpAddress V6 => FakeKernel.Ip("2001:db8::1");

    public static Bench Bench(Func<GatewayConfiguration, GatewayConfiguration>? adapt = null) => new(Children.File, c => (adapt ?? (a => a))(Adapt(c)));

    public static GatewayConfiguration Adapt(GatewayConfiguration configuration)
    {
        var group = new GroupConfiguration { Name = "mesh", Local = [V4, V6] };
        var children = Children.Adapt(configuration);
        return children with
        {
            Workers = [0, 1],
            Groups = [group],
            Tunnels = [.. children.Tunnels, .. group.Local.Select(l => new TunnelConfiguration { Name = group.TunnelName(l.IsV4), Group = "mesh", Local = l })],
        };
    }

    public static GroupSa Of(uint spi, params uint[] senders) => new()
    {
        Group = "mesh", Gateway = "gw", Spi = spi, Encryption = new EncryptionChoice(EncryptionTransform.AesGcm16, 256), SenderIds = senders, SenderIdBits = 20, ReplayWindow = 1024,
        LifetimeMilliseconds = 3_600_000,
    };

    /// <summary>Installs it under a key of so many equal octets.</summary>
    public static string? Install(this Bench bench, GroupSa sa, byte key = 1, int length = 36)
    {
        var secret = new Secret(length);
        secret.Octets.Fill(key);
        return bench.Loop.RunAsync(() => bench.Gateway.Groups.InstallAsync(sa, secret)).GetAwaiter().GetResult();
    }

    public static void With(this Bench bench, Action<IGroupSas> work) => bench.On(() =>
    {
        work(bench.Gateway.Groups);
        bench.Gateway.Settle();
        return true;
    });

    public static SaEntry[] Entries(this Bench bench, uint spi) => bench.On(() => bench.Gateway.Sas.Where(s => s.Group is not null && s.Spi == spi).OrderBy(s => s.Tunnel, StringComparer.Ordinal).ThenBy(s => s.IsOutbound).ThenBy(s => s.Worker).ToArray());

    /// <summary>Sender-IDs of the records that workers send by, tunnel by tunnel; null where there is none.</summary>
    public static uint?[] Sending(this Bench bench) =>
        [.. Tunnels.SelectMany(t => Enumerable.Range(0, Workers).Select(w => bench.Region.Tunnel(bench.On(() => bench.Gateway.TunnelSlots[t])).OutboundSas[w]).Select(s => s == TunnelRecord.NoSa ? null : GroupRecords.SenderIdOf(bench.Region.OutboundSa(s))))];

    public static uint Found(this Bench bench, uint spi, IpAddress destination, string source = "203.0.113.77") => bench.Region.SaLookup.Find(spi, destination, FakeKernel.Ip(source));
}
