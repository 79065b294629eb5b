using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

/// <summary>tshark reads what we write: every kind of message, nothing malformed.</summary>
public sealed class TsharkJudgeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("bgp-tshark-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SkippableFact]
    public void TsharkFindsNothingMalformedInWhatWeWrite()
    {
        Skip.IfNot(File.Exists("/usr/bin/tshark") && File.Exists("/usr/bin/text2pcap"), "tshark and text2pcap are not installed");
        var messages = Messages();
        var dissected = Dissect(messages);
        Assert.DoesNotContain("Malformed", dissected, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Expert Info (Error", dissected, StringComparison.OrdinalIgnoreCase);
        foreach (var type in (string[])["OPEN Message (1)", "UPDATE Message (2)", "NOTIFICATION Message (3)", "KEEPALIVE Message (4)", "ROUTE-REFRESH Message (5)"])
        {
            Assert.Contains($"Type: {type}", dissected, StringComparison.Ordinal);
        }

        Assert.Equal(messages.Count, dissected.Split('\n').Count(l => l.StartsWith("    Marker: ", StringComparison.Ordinal)));
        foreach (var text in Expected) Assert.Contains(text, dissected, StringComparison.Ordinal);
    }

    private static string[] Expected =>
    [
        "Graceful Restart capability", "Support for Additional Paths", "Enhanced route refresh capability", "Support for 4-octet AS number capability", "Extended Next Hop Encoding",
        "BGP-Extended Message", "Route refresh capability", "AS_PATH: 65001 4200000000 {65002, 65003}", "AS_PATH: 65001 23456", "AS4_PATH: 65001 4200000000", "MULTI_EXIT_DISC: 7", "LOCAL_PREF: 200",
        "Type Code: ATOMIC_AGGREGATE", "Aggregator AS: 4200000000", "COMMUNITIES: 65000:1 NO_EXPORT", "ORIGINATOR_ID: 10.7.1.2", "CLUSTER_LIST: 10.7.1.1 10.7.1.3", "LARGE_COMMUNITY: 4200000000:1:2",
        "Route Target: 65000:1", "TUNNEL_ENCAPSULATION_ATTRIBUTE", "Tunnel Egress Endpoint (12 bytes)", "NLRI prefix: 10.0.0.0", "NLRI prefix: 192.168.3.128", "IPv6 prefix: 2001:db8:5::",
        "Label Stack: 17 (bottom)", "MP Reach NLRI IPv4 prefix: 10.101.0.0", "Label Stack=18 (bottom) RD=65000:1, IPv6=2001:db8:101::/48", "Label Stack=0 (withdrawn)", "Shutdown Communication: maintenance",
    ];

    private static List<byte[]> Messages()
    {
        var messages = new List<byte[]>();
        var buffer = new byte[1 << 16];
        Add(new OpenMessage(4200000000, 90, 0x0a070101, new Capabilities
        {
            Families = Family.All,
            RouteRefresh = true,
            EnhancedRouteRefresh = true,
            ExtendedMessage = true,
            FourOctetAs = 4200000000,
            ExtendedNextHop = [new NextHopEncoding(Family.Ipv4Unicast, 2)],
            GracefulRestart = new GracefulRestart(true, false, 120, [new RestartFamily(Family.Ipv4Unicast, true)]),
            AddPath = [new AddPathFamily(Family.Ipv4Unicast, AddPathMode.Both)],
        }).Write(buffer));
        Add(KeepaliveMessage.Write(buffer));
        foreach (var subtype in Enum.GetValues<RefreshSubtype>()) Add(new RouteRefreshMessage(Family.Vpnv4, subtype).Write(buffer));
        Add(NotificationMessage.Shutdown(CeaseReason.AdministrativeShutdown, "maintenance").Write(buffer));
        Add(NotificationMessage.MaximumPrefixes(Family.Ipv4Unicast, 1000).Write(buffer));
        var attributes = new PathAttributes
        {
            AsPath = [new AsSegment(2, [65001, 4200000000]), new AsSegment(1, [65002, 65003])],
            NextHop = IPAddress.Parse("192.0.2.1"),
            Med = 7,
            LocalPref = 200,
            AtomicAggregate = true,
            Aggregator = new Aggregator(4200000000, 0x0a070101),
            Communities = [65000u << 16 | 1, Communities.NoExport],
            ExtendedCommunities = [ExtendedCommunity.RouteTarget(65000, 1), ExtendedCommunity.SecurityGateway(0x5E, 0x0a070104)],
            LargeCommunities = [new LargeCommunity(4200000000, 1, 2)],
            OriginatorId = 0x0a070102,
            ClusterList = [0x0a070101, 0x0a070103],
            TunnelEncapsulation = TunnelEncapsulation.Write([new Tunnel(TunnelType.IpInIp, [TunnelSubTlv.Endpoint(IPAddress.Parse("10.7.1.4"))])]),
        };
        var six = new PathAttributes(attributes) { NextHop = IPAddress.Parse("2001:db8::1"), LinkLocalNextHop = IPAddress.Parse("fe80::1") };
        var writer = new UpdateWriter();
        var four = new WriteOptions { FourOctetAs = true };
        Announce(Family.Ipv4Unicast, attributes, four, Wire.Route("10.0.0.0/8"), Wire.Route("192.168.3.128/25"));
        Announce(Family.Ipv4Unicast, new PathAttributes(attributes) { AsPath = [new AsSegment(2, [65001, 4200000000])] }, default, Wire.Route("10.0.0.0/8"));
        Announce(Family.Ipv6Unicast, six, four, Wire.Route("2001:db8:5::/48"));
        Announce(Family.Vpnv4, attributes, four, Wire.Route("10.101.0.0/16") with { RouteDistinguisher = 65000UL << 32 | 1, Label = 17 });
        Announce(Family.Vpnv6, new PathAttributes(six) { LinkLocalNextHop = null }, four, Wire.Route("2001:db8:101::/48") with { RouteDistinguisher = 65000UL << 32 | 1, Label = 18 });
        foreach (var family in (Family[])[Family.Ipv4Unicast, Family.Ipv6Unicast, Family.Vpnv4, Family.Vpnv6])
        {
            var route = Wire.Route(family.Afi == 1 ? "10.0.0.0/8" : "2001:db8::/32") with { RouteDistinguisher = family.IsVpn ? 1UL : 0 };
            Add(UpdateWriter.Withdraw(buffer, four, family, [route]).Octets);
            Add(UpdateWriter.EndOfRib(buffer, family));
        }

        return messages;

        void Add(int length) => messages.Add(buffer[..length]);

        void Announce(Family family, PathAttributes of, WriteOptions options, params Nlri[] nlri) => Add(writer.Announce(buffer, options, family, of, nlri).Octets);
    }

    private string Dissect(List<byte[]> messages)
    {
        var (hex, capture) = (Path.Combine(folder, "hex"), Path.Combine(folder, "pcap"));
        var text = new StringBuilder();
        foreach (var message in messages) text.Append("000000 ").AppendJoin(' ', message.Select(o => o.ToString("x2", CultureInfo.InvariantCulture))).Append('\n');
        File.WriteAllText(hex, text.ToString());
        Run("text2pcap", ["-q", "-T", "179,40000", hex, capture]);
        return Run("tshark", ["-r", capture, "-V", "-O", "bgp"]);
    }

    private static string Run(string tool, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool}: {errors.Result}");
        return output;
    }
}
