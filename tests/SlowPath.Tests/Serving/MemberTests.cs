using System.Diagnostics;
using System.Text.Json.Nodes;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>Routes to members of a group with a multi-point SA: outer destination and neighbour stand in the next hop, from the underlay alone.</summary>
public sealed class MemberTests
{
    private const string Big = """
        region: { sas: 64, tunnels: 16, ipv4_groups: 1024, ipv6_nodes: 256, spd_rules: 64, adjacencies: 64, next_hops: 32768 }
        """;

    private static readonly string[] Outer = ["192.0.2.1", "2001:db8:1::1"];

    private static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, host: false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    internal static LearnedTarget To(params string[] members) =>
        new(LearnedKind.Member, [.. members.Select(FakeKernel.Ip)], [.. members.Select(m => GroupConfiguration.TunnelName("mesh", FakeKernel.Ip(m).IsV4))]);

    internal static GatewayConfiguration WithGroup(GatewayConfiguration configuration) => WithGroup(configuration, []);

    private static GatewayConfiguration WithGroup(GatewayConfiguration configuration, params (string Prefix, string Member)[] members) => configuration with
    {
        Groups = [new GroupConfiguration { Name = "mesh", Local = [.. Outer.Select(FakeKernel.Ip)], Members = [.. members.Select(m => new GroupMember(Prefix(m.Prefix), FakeKernel.Ip(m.Member)))] }],
        Tunnels = [.. configuration.Tunnels, .. Outer.Select(FakeKernel.Ip).Select(o => new TunnelConfiguration { Name = GroupConfiguration.TunnelName("mesh", o.IsV4), Group = "mesh", Local = o })],
    };

    private static Bench Make(params (string Prefix, string Member)[] members)
    {
        var bench = new Bench(adapt: c => WithGroup(c, members));
        bench.Kernel.Address(3, Outer[1], 64);
        bench.KernelChanged();
        return bench;
    }

    private static void Learn(Bench bench, params (string Prefix, LearnedTarget? Target)[] changes) => bench.On(() =>
    {
        bench.Gateway.Learn([.. changes.Select(c => new LearnedChange(Prefix(c.Prefix), c.Target))]);
        bench.Gateway.Settle();
        return true;
    });

    private static string Way(Bench bench, string address) => bench.On(() => RegionText.Way(bench.Region, FakeKernel.Ip(address)));

    [Fact]
    public void TheNextHopHasTheMembersAddressAndTheNeighbourTowardsIt()
    {
        using var bench = Make();
        Learn(bench, ("10.20.0.0/16", To("198.51.100.7")), ("fd00:20::/32", To("198.51.100.7")), ("10.21.0.0/16", To("2001:db8:1::7")), ("10.22.0.0/16", To("198.51.100.7", "2001:db8:1::7")));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254]", Way(bench, "10.20.0.1"));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254]", Way(bench, "fd00:20::1"));
        Assert.Equal("[mesh.v6>2001:db8:1::7@?2001:db8:1::7]", Way(bench, "10.21.0.1"));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254 mesh.v6>2001:db8:1::7@?2001:db8:1::7]", Way(bench, "10.22.0.1"));
    }

    /// <summary>Where its tunnel ends is what a member says: it must not send us into our own networks.</summary>
    [Theory]
    [InlineData("10.1.0.9")]
    [InlineData("10.1.0.1")]
    public void AMemberThatNamesAnAddressInsideHasNoWay(string member)
    {
        using var bench = Make();
        Learn(bench, ("10.20.0.0/16", To(member)));
        Assert.Equal("[discard!]", Way(bench, "10.20.0.1"));
        Assert.False(bench.On(() => bench.Gateway.Egress.Watch(System.Net.IPAddress.Parse(member)).IsReachable));
    }

    [Fact]
    public void AnUnknownNeighbourIsAskedForAndEntersWithoutAnyRouteChanging()
    {
        using var bench = Make();
        Learn(bench, ("10.21.0.0/16", To("2001:db8:1::7")));
        Assert.Contains((3u, FakeKernel.Ip("2001:db8:1::7")), bench.Kernel.Asked);
        var slot = bench.On(() => RegionText.Slot(bench.Region, FakeKernel.Ip("10.21.0.1")));
        var hop = bench.On(() => bench.Region.NextHopGroup(slot).Members[0]);
        bench.Kernel.Neighbour(3, "2001:db8:1::7", 0xaa00_0000_0002);
        bench.KernelChanged();
        Assert.Equal("[mesh.v6>2001:db8:1::7@2001:db8:1::7]", Way(bench, "10.21.0.1"));
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Neighbour && c.Neighbour.Address == FakeKernel.Ip("2001:db8:1::7"));
        bench.KernelChanged();
        Assert.Equal("[mesh.v6>2001:db8:1::7@?2001:db8:1::7]", Way(bench, "10.21.0.1"));
        Assert.Equal(slot, bench.On(() => RegionText.Slot(bench.Region, FakeKernel.Ip("10.21.0.1"))));
        Assert.Equal(hop, bench.On(() => bench.Region.NextHopGroup(slot).Members[0]));
    }

    [Fact]
    public void TheUnderlayAloneSaysTheWay()
    {
        using var bench = Make();

        // A route of another protocol to the member's own address, and one of the group itself that covers it.
        Learn(bench, ("10.20.0.0/16", To("198.51.100.7")), ("198.51.100.0/24", To("198.51.100.7")), ("198.51.100.7/32", new LearnedTarget(LearnedKind.Tunnel, [], ["to-c"])));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254]", Way(bench, "10.20.0.1"));
        Assert.Equal("[to-c]", Way(bench, "198.51.100.7"));
        bench.Kernel.Neighbour(3, "192.0.2.7", 0xaa00_0000_0002);
        bench.Kernel.Unicast(Prefix("198.51.100.0/25"), 3, FakeKernel.Ip("192.0.2.7"));
        bench.KernelChanged();
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.7]", Way(bench, "10.20.0.1"));
    }

    [Fact]
    public void TheEndOfATunnelIsReachableByTheUnderlayAloneWhateverIsProtected()
    {
        using var bench = Make();
        var said = new List<string>();
        bench.On(() =>
        {
            bench.Gateway.Egress.Changed += changes => said.AddRange(changes.Select(c => $"{c.Hop} {c.State.IsReachable} {c.State.Metric}"));
            Assert.True(bench.Gateway.Egress.Watch(System.Net.IPAddress.Parse("10.66.0.1")).IsReachable);
            Assert.False(bench.Gateway.NextHops.Watch(System.Net.IPAddress.Parse("10.66.0.1")).IsReachable);
            Assert.False(bench.Gateway.Egress.Watch(System.Net.IPAddress.Parse("2001:db8:9::1")).IsReachable);
            return true;
        });
        Learn(bench, ("2001:db8:9::/48", To("198.51.100.7")), ("10.66.0.0/16", null));
        Assert.Empty(said);
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Route && c.Route.Prefix.Length == 0);
        bench.KernelChanged();
        Assert.Equal(["10.66.0.1 False 0"], said);
    }

    [Fact]
    public async Task TheApiNamesGroupMemberAndNeighbour()
    {
        using var bench = Make();
        Learn(bench, ("10.20.0.0/16", To("198.51.100.7")));
        using var client = bench.Client();
        var row = JsonNode.Parse(await client.GetStringAsync("/routes?to=10.20.0.1"))!.AsArray().Single()!;
        Assert.Equal(("tunnel", "mesh", "mesh.v4", "198.51.100.7", "wan", "192.0.2.254"),
            ((string?)row["kind"], (string?)row["group"], (string?)row["tunnel"], (string?)row["outer"], (string?)row["port"], (string?)row["neighbour"]));
    }

    [Fact]
    public void WithoutAWayItIsDiscardedAndWithOneAgainItGoesOn()
    {
        using var bench = Make();
        Learn(bench, ("20.0.0.0/8", To("198.51.100.7", "2001:db8:1::7")));
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Route && c.Route.Prefix.Length == 0);
        bench.KernelChanged();
        Assert.Equal("[mesh.v6>2001:db8:1::7@?2001:db8:1::7]", Way(bench, "20.0.0.1"));
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Route && !c.Route.Prefix.IsV4);
        bench.KernelChanged();
        Assert.Equal("[discard!]", Way(bench, "20.0.0.1"));
        bench.Kernel.Unicast(Prefix("0.0.0.0/0"), 3, FakeKernel.Ip("192.0.2.254"));
        bench.KernelChanged();
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254]", Way(bench, "20.0.0.1"));
    }

    [Fact]
    public void MembersOfTheConfigurationAreRoutedWithoutBgpAndStopTheMachinesOwnPackets()
    {
        using var bench = Make(("30.0.0.0/8", "198.51.100.7"), ("fd00:30::/32", "2001:db8:1::9"));
        Assert.Equal("mesh.v4>198.51.100.7@192.0.2.254", Way(bench, "30.0.0.1"));
        Assert.Equal("mesh.v6>2001:db8:1::9@?2001:db8:1::9", Way(bench, "fd00:30::1"));
        Assert.Contains((3u, FakeKernel.Ip("2001:db8:1::9")), bench.Kernel.Asked);
        Assert.Contains(bench.Kernel.Routes, r => r.Prefix == Prefix("30.0.0.0/8") && r.Kind == KernelRouteKind.Discard);
        Learn(bench, ("30.0.0.0/8", To("198.51.100.8")));
        Assert.Equal("mesh.v4>198.51.100.7@192.0.2.254", Way(bench, "30.0.0.1"));
    }

    [Fact]
    public void ASuccessorGoesOnWithTheNextHopsThatAreThere()
    {
        using var bench = Make(("30.0.0.0/8", "198.51.100.7"));
        Learn(bench, ("10.20.0.0/16", To("198.51.100.7")), ("10.21.0.0/16", To("198.51.100.8")));
        bench.ExpectsLearned = true;
        var seen = "";
        bench.BeforeStart = _ => seen = RegionText.Way(bench.Region, FakeKernel.Ip("10.20.0.1"));
        bench.Restart();
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254]", seen);
        Assert.Contains(bench.Kernel.Routes, r => r.Prefix == Prefix("10.21.0.0/16") && r.Kind == KernelRouteKind.Discard);
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254]", Way(bench, "10.20.0.1"));
        bench.Kernel.Neighbour(3, "192.0.2.7", 0xaa00_0000_0002);
        bench.Kernel.Unicast(Prefix("198.51.100.0/25"), 3, FakeKernel.Ip("192.0.2.7"));
        bench.KernelChanged();
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.7]", Way(bench, "10.20.0.1"));
        Learn(bench, ("10.20.0.0/16", To("198.51.100.7")));
        bench.On(() =>
        {
            bench.Gateway.LearnedComplete();
            return true;
        });
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.7]", Way(bench, "10.20.0.1"));
        Assert.Equal("discard!", Way(bench, "10.21.0.1"));
        bench.KernelChanged();
        Assert.DoesNotContain(bench.Kernel.Routes, r => r.Prefix == Prefix("10.21.0.0/16"));
    }

    [Fact]
    public void TenThousandMembersComeInAnyBatchesAndFollowTheUnderlayAtOnce()
    {
        const int Members = 10_000;
        using var bench = new Bench(string.Join('\n', Bench.Configuration.Split('\n').Select(l => l.StartsWith("region", StringComparison.Ordinal) ? Big.Trim() : l)), c => WithGroup(c));
        var changes = Enumerable.Range(0, Members).Select(i => new LearnedChange(new IpPrefix(IpAddress.FromV4(0x0a40_0000u + ((uint)i << 8)), 24),
            new LearnedTarget(LearnedKind.Member, [IpAddress.FromV4(0xc633_0000u + (uint)i)], ["mesh.v4"]))).ToList();
        var since = Stopwatch.GetTimestamp();
        foreach (var batch in changes.Chunk(10))
            bench.On(() =>
            {
                bench.Gateway.Learn(batch);
                return true;
            });
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0, 5);
        bench.Kernel.Neighbour(3, "192.0.2.7", 0xaa00_0000_0002);
        bench.Kernel.Unicast(Prefix("198.51.0.0/16"), 3, FakeKernel.Ip("192.0.2.7"));
        since = Stopwatch.GetTimestamp();
        bench.KernelChanged();
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0, 2);
        Assert.Equal("[mesh.v4>198.51.39.15@192.0.2.7]", Way(bench, "10.103.15.1"));

        // Whoever comes and goes leaves nothing: there is room for each only when next hops of those before are used again.
        foreach (var (round, batch) in Enumerable.Range(1, 5).SelectMany(r => changes.Chunk(1000).Select(b => (r, b))))
            bench.On(() =>
            {
                bench.Gateway.Learn([.. batch.Select(c => new LearnedChange(c.Prefix, new LearnedTarget(LearnedKind.Member, [new IpAddress(c.Target!.NextHops[0].High, c.Target.NextHops[0].Low + (ulong)(round << 16))], ["mesh.v4"])))]);
                return true;
            });
        Assert.Empty(bench.On(() => bench.Gateway.Problems.ToList()));
        Assert.Equal("[mesh.v4>198.56.39.15@192.0.2.254]", Way(bench, "10.103.15.1"));
    }
}
