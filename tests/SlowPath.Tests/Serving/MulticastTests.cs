using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Groups;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>Multicast inside a group, from what BGP and the configuration say to the lists of members in the region.</summary>
public sealed class MulticastTests
{
    private static readonly string[] Outer = ["192.0.2.1", "2001:db8:1::1"];

    private static GroupConfiguration Mesh { get; } = new() { Name = "mesh", Local = [.. Outer.Select(FakeKernel.Ip)], Neighbors = ["gw"] };

    private static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, host: false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    private static Bench Make()
    {
        var bench = new Bench(adapt: c => c with
        {
            Groups = [Mesh],
            Tunnels = [.. c.Tunnels, .. Outer.Select(FakeKernel.Ip).Select(o => new TunnelConfiguration { Name = GroupConfiguration.TunnelName("mesh", o.IsV4), Group = "mesh", Local = o })],
        });
        bench.Kernel.Address(3, Outer[1], 64);
        bench.KernelChanged();
        return bench;
    }

    private sealed class Inner : IRouteIntake
    {
        public List<RoutedPrefix> Learned { get; } = [];

        public void Learn(IReadOnlyList<RoutedPrefix> batch) => Learned.AddRange(batch);

        public void Complete()
        {
        }
    }

    private static (Wired Routes, Inner Inner) Wire(Bench bench, Gateway? gateway = null)
    {
        var inner = new Inner();
        var routes = new GroupRoutes(gateway ?? bench.Gateway, NullLogger.Instance) { Inner = inner };
        var multicast = new MulticastRoutes(routes, gateway ?? bench.Gateway, NullLogger.Instance);
        routes.Multicast = multicast.Learn;
        return (new Wired(routes, multicast), inner);
    }

    private sealed record Wired(GroupRoutes Members, MulticastRoutes Multicast)
    {
        public void Use(IReadOnlyList<GroupConfiguration> groups)
        {
            Members.Use(groups, []);
            Multicast.Use(groups);
        }

        public void Learn(IReadOnlyList<RoutedPrefix> batch) => Members.Learn(batch);
    }

    private static RoutedPath From(string neighbor, params string[] egress) =>
        new(FakeKernel.Ip(egress[0]), IpAddress.Any, neighbor, neighbor.Length == 0, [.. egress.Select(FakeKernel.Ip)]);

    private static void Do(Bench bench, Action what) => bench.On(() =>
    {
        what();
        bench.Gateway.Settle();
        return true;
    });

    private static string Members(Bench bench, string address) => bench.On(() => Members(bench.Region, address));

    private static string Members(Region region, string address)
    {
        var slot = RegionText.Slot(region, FakeKernel.Ip(address));
        if (slot == 0) return "none";
        if (region.NextHop(slot) is not { Kind: NextHopKind.Replicate, State: SlotState.Live, Protected: 1 }) return region.NextHop(slot).Kind.ToString();
        var text = new List<string>();
        for (var at = region.Replicate(slot).First; at != 0; at = region.ReplicateBlock(at).Next)
        {
            ref var block = ref region.ReplicateBlock(at);
            if (block.State != SlotState.Live || block.Kind != NextHopKind.None || block.Count is 0 or > MemberSlots.Size) return "bad block";
            for (var i = 0; i < block.Count; i++)
            {
                ref var hop = ref region.NextHop(block.Members[i]);
                if (hop.State != SlotState.Live || hop.Kind != NextHopKind.Tunnel) return "bad member";
                text.Add($"{region.Tunnel(hop.Tunnel).Name.Get()}>{hop.Address}@{(hop.Adjacency == 0 ? "nobody" : region.Adjacency(hop.Adjacency).Neighbour.ToString())}");
            }
        }

        return $"[{string.Join(' ', text)}] ports {region.Replicate(slot).Ports:x}";
    }

    private static string Wanted(Bench bench) => bench.On(() => string.Join(' ', Enumerable.Range(0, Region.MaximumMulticastPrefixes).Select(i => bench.Region.MulticastPrefix(i)).Where(p => !p.Address.IsAny).Select(p => $"{p.Address}/{p.Length}")));

    [Fact]
    public void EveryMemberThatWantsItIsInTheListWithItsNeighbourAndThePortsInsideAreWhereItIsWantedHere()
    {
        using var bench = Make();
        var (routes, inner) = Wire(bench);
        Do(bench, () => routes.Use([Mesh with { Multicast = [Prefix("239.1.0.0/16")] }]));
        Assert.Equal("[] ports 1", Members(bench, "239.1.5.5"));
        Do(bench, () => routes.Learn(
        [
            new RoutedPrefix(Prefix("239.1.1.0/24"), [From("", "192.0.2.1"), From("gw", "198.51.100.7"), From("gw", "2001:db8:1::9", "198.51.100.9"), From("gw", "198.51.100.8"), From("other", "198.51.100.66"), From("gw", "192.0.2.1")]),
            new RoutedPrefix(Prefix("10.9.0.0/16"), [From("gw", "198.51.100.7")]),
            new RoutedPrefix(Prefix("ff08:1::/32"), [From("gw", "198.51.100.7")]),
        ]));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254 mesh.v4>198.51.100.8@192.0.2.254 mesh.v6>2001:db8:1::9@2001:db8:1::9] ports 1", Members(bench, "239.1.1.1"));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254] ports 0", Members(bench, "ff08:1::1"));
        Assert.Equal("[] ports 1", Members(bench, "239.1.5.5"));
        Assert.Equal(Prefix("10.9.0.0/16"), Assert.Single(inner.Learned, r => r.Paths is not null || !AddressScope.IsMulticast(r.Prefix.Address)).Prefix);
        Assert.Equal("239.1.0.0/16 ff08:1::/32", Wanted(bench));
        Assert.Contains((3u, FakeKernel.Ip("2001:db8:1::9")), bench.Kernel.Asked);
        Do(bench, () => routes.Learn([new RoutedPrefix(Prefix("239.1.1.0/24"), null), new RoutedPrefix(Prefix("ff08:1::/32"), [From("", "192.0.2.1")])]));
        Assert.Equal("[] ports 1", Members(bench, "239.1.1.1"));
        Assert.Equal("none", Members(bench, "ff08:1::1"));
        Assert.Equal("239.1.0.0/16", Wanted(bench));
    }

    [Fact]
    public void AListOfAnyLengthIsSwappedInOneStoreAndItsBlocksComeBack()
    {
        using var bench = Make();
        var (routes, _) = Wire(bench);
        Do(bench, () => routes.Use([Mesh]));
        int[] counts = [1, 12, 13, 24, 25, 100, 3, 0];
        var slot = 0u;
        var least = bench.On(() => Live(bench));
        foreach (var count in counts)
        {
            Do(bench, () => routes.Learn([new RoutedPrefix(Prefix("239.1.1.0/24"), count == 0 ? null : [.. Enumerable.Range(1, count).Select(i => From("gw", $"198.51.100.{i}"))])]));
            if (count == 0) break;
            Assert.Equal($"[{string.Join(' ', Enumerable.Range(1, count).Select(i => $"mesh.v4>198.51.100.{i}@192.0.2.254"))}] ports 0", Members(bench, "239.1.1.1"));
            slot = bench.On(() => RegionText.Slot(bench.Region, FakeKernel.Ip("239.1.1.1")));
        }

        Assert.NotEqual(0u, slot);
        bench.KernelChanged();
        Do(bench, () => bench.Gateway.ReadKernel());
        Assert.Equal(least, bench.On(() => Live(bench)));
    }

    [Fact]
    public void ASuccessorKeepsTheListsUntilTheyAreSaidAgain()
    {
        using var bench = Make();
        var (routes, _) = Wire(bench);
        Do(bench, () => routes.Use([Mesh with { Multicast = [Prefix("239.1.0.0/16")] }]));
        Do(bench, () => routes.Learn([new RoutedPrefix(Prefix("239.1.1.0/24"), [.. Enumerable.Range(1, 30).Select(i => From("gw", $"198.51.100.{i}"))])]));
        var before = Members(bench, "239.1.1.1");
        bench.ExpectsLearned = true;
        var seen = "";
        bench.BeforeStart = _ => seen = Members(bench.Region, "239.1.1.1");
        bench.Restart();
        Assert.Equal(before, seen);
        Assert.Equal(before, Members(bench, "239.1.1.1"));
        Assert.Equal("239.1.0.0/16", Wanted(bench));
        var (again, _) = Wire(bench);
        Do(bench, () => again.Use([Mesh]));
        Do(bench, () => again.Learn([new RoutedPrefix(Prefix("239.1.1.0/24"), [From("gw", "198.51.100.3")])]));
        Assert.Equal("[mesh.v4>198.51.100.3@192.0.2.254] ports 0", Members(bench, "239.1.1.1"));
        Assert.Equal("[] ports 1", Members(bench, "239.1.5.5"));
        Assert.Equal("239.1.0.0/16", Wanted(bench));
        Do(bench, () =>
        {
            bench.Gateway.LearnedComplete();
        });
        Assert.Equal("Adjacent", Members(bench, "239.1.5.5"));
        Assert.Equal("239.1.1.0/24", Wanted(bench));
    }

    [Fact]
    public void WhatIsWantedHereTakesNoMemberAwayThatAnEarlierProcessKnew()
    {
        using var bench = Make();
        var (routes, _) = Wire(bench);
        var mesh = Mesh with { Multicast = [Prefix("239.1.0.0/16"), Prefix("239.2.0.0/16"), Prefix("239.3.0.0/16")] };
        Do(bench, () => routes.Use([mesh with { Multicast = [.. mesh.Multicast.Take(2)] }]));
        Do(bench, () => routes.Learn([new RoutedPrefix(Prefix("239.1.0.0/16"), [From("gw", "198.51.100.3")]), new RoutedPrefix(Prefix("239.2.0.0/16"), [From("gw", "198.51.100.3")])]));
        const string known = "[mesh.v4>198.51.100.3@192.0.2.254] ports 1";
        string[] wanted = ["239.1.1.1", "239.2.1.1", "239.3.1.1"];
        bench.ExpectsLearned = true;
        bench.BeforeStart = gateway => (routes, _) = Wire(bench, gateway);
        bench.Restart();
        Do(bench, () => routes.Use([mesh]));
        Assert.Equal([known, known, "[] ports 1"], wanted.Select(a => Members(bench, a)));
        Do(bench, () => routes.Learn([new RoutedPrefix(Prefix("239.1.0.0/16"), [From("gw", "198.51.100.4")])]));
        Do(bench, () => routes.Learn([new RoutedPrefix(Prefix("239.1.0.0/16"), null)]));
        Assert.Equal(["[] ports 1", known], wanted.Take(2).Select(a => Members(bench, a)));
        Do(bench, () => bench.Gateway.LearnedComplete());
        Assert.Equal(["[] ports 1", "[] ports 1", "[] ports 1"], wanted.Select(a => Members(bench, a)));
    }

    [Fact]
    public void MembersOfTheConfigurationGetCopiesAndNoRouteOfTheKernelsStopsThem()
    {
        using var bench = Make();
        var (routes, _) = Wire(bench);
        Do(bench, () => routes.Use([Mesh with { Members = [new GroupMember(Prefix("239.1.1.0/24"), FakeKernel.Ip("198.51.100.7")), new GroupMember(Prefix("239.1.1.0/24"), FakeKernel.Ip("198.51.100.8"))] }]));
        Assert.Equal("[mesh.v4>198.51.100.7@192.0.2.254 mesh.v4>198.51.100.8@192.0.2.254] ports 0", Members(bench, "239.1.1.1"));
        Assert.DoesNotContain(bench.Kernel.Routes, r => AddressScope.IsMulticast(r.Prefix.Address));
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Route && c.Route.Prefix.Length == 0);
        bench.KernelChanged();
        Assert.Equal("[] ports 0", Members(bench, "239.1.1.1"));
    }

    /// <summary>Live records among the next hops.</summary>
    private static int Live(Bench bench) => Enumerable.Range(1, bench.Region.Counts.NextHops - 1).Count(s => bench.Region.NextHop((uint)s).State == SlotState.Live);
}
