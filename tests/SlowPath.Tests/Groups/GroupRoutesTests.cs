using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Groups;
using Appliance.SlowPath.Tests.Serving;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Groups;

/// <summary>Best routes to members of groups beside all others: who gets a prefix, and what it leads to at every moment while it moves.</summary>
public sealed class GroupRoutesTests : IDisposable
{
    private const string P = "10.7.0.0/16", A = "198.51.100.7", B = "198.51.100.8", A6 = "2001:db8:7::1";
    private static readonly GroupConfiguration Mesh = Group("mesh", ["192.0.2.1", "2001:db8:1::1"], "gw");
    private readonly Tables tables = new();
    private readonly GroupRoutes routes;
    private readonly string folder = Directory.CreateDirectory($"/dev/shm/group-routes-{Environment.ProcessId}-{Guid.NewGuid():N}").FullName;

    public GroupRoutesTests()
    {
        routes = new GroupRoutes(tables, NullLogger.Instance);
        routes.Use([Mesh], [Tables.Prefix("10.64.0.0/10")]);
    }

    public void Dispose() => Directory.Delete(folder, true);

    private static GroupConfiguration Group(string name, string[] local, params string[] neighbors) => new() { Name = name, Local = [.. local.Select(FakeKernel.Ip)], Neighbors = neighbors };

    private static RoutedPath To(string neighbor, params string[] ends) => new(FakeKernel.Ip(A), default, neighbor, false, [.. ends.Select(FakeKernel.Ip)]);

    private static RoutedPath Plain(string neighbor = "gw") => new(FakeKernel.Ip("192.0.2.254"), default, neighbor, false);

    private static RoutedPath Identified(string gateway) => new(FakeKernel.Ip("192.0.2.254"), FakeKernel.Ip(gateway), "pe1", false);

    private void Learn(string prefix, params RoutedPath[] paths) => routes.Learn([new RoutedPrefix(Tables.Prefix(prefix), paths.Length == 0 ? null : paths)]);

    /// <summary>In place of plain routes: a real customer edge, with real memory.</summary>
    private SecurityGatewayService Edge(out IDisposable end)
    {
        const string Text = """
            ports:
              - { name: lan, device: lan0, side: protected }
              - { name: wan, device: wan0, side: unprotected }
            ce:
              gateway: 192.0.2.1
              trusted_subnets: [10.1.0.0/16]
              peer: { psk: "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" }
              accept:
                - { neighbors: [pe1], gateways: any, prefixes: ["10.0.0.0/8 le 24"] }
            """;
        var loaded = ConfigurationReader.Read(Text, folder, out var problems) ?? throw new InvalidOperationException(string.Join("\n", problems.Select(p => p.Format("ce"))));
        var edge = new SecurityGatewayService(loaded, ProtectedFile.Open(Path.Combine(folder, "state"), false, out _), [], routes.Behind, NullLogger.Instance);
        routes.Inner = edge;
        end = edge;
        edge.Start();
        return edge;
    }

    [Fact]
    public void APathWithTheEncapsulationFromANeighbourOfAGroupLeadsToTheMember()
    {
        Learn(P, To("gw", A, A6));
        Learn("fd00:7::/32", To("gw", A6, A));
        Learn("10.8.0.0/16", To("pe1", A));
        Learn("10.9.0.0/16", Plain());
        Assert.Equal($"member mesh.v4>{A}", tables.At(P));
        Assert.Equal($"member mesh.v6>{A6}", tables.At("fd00:7::/32"));
        Assert.Equal($"via {A}", tables.At("10.8.0.0/16"));
        Assert.Equal("via 192.0.2.254", tables.At("10.9.0.0/16"));
        Learn(P);
        Assert.Equal("none", tables.At(P));
    }

    [Fact]
    public void TheFirstEndOfAFamilyOfOursCountsNeverOurOwnAndEachMemberOnce()
    {
        routes.Use([Mesh with { Local = [FakeKernel.Ip("2001:db8:1::1")] }], []);
        Learn(P, To("gw", A, "2001:db8:1::1", A6), To("gw", A6), To("gw", "2001:db8:8::1"), Plain());
        Assert.Equal($"member mesh.v6>{A6} mesh.v6>2001:db8:8::1", tables.At(P));

        // Nothing that we could send to: not in the clear either.
        Learn(P, To("gw", A));
        Assert.Equal("discard", tables.At(P));
    }

    [Fact]
    public void OfSeveralBestPathsThoseToMembersCountAndOurOwnIsNobodys()
    {
        Learn(P, Plain("pe1"), To("gw", A), To("gw", B));
        Assert.Equal($"member mesh.v4>{A} mesh.v4>{B}", tables.At(P));
        Learn("10.1.0.0/16", new RoutedPath(default, default, "", true, [FakeKernel.Ip("192.0.2.1")]));
        Assert.Equal("none", tables.At("10.1.0.0/16"));
    }

    [Fact]
    public void APrefixThatMovesIsNeverWithoutARouteInBetween()
    {
        Learn(P, Plain());
        Learn(P, To("gw", A));
        Learn(P, Plain());
        Learn(P, To("gw", B));
        Learn(P);
        Assert.Equal(["via 192.0.2.254", $"member mesh.v4>{A}", "via 192.0.2.254", $"member mesh.v4>{B}", "none"], tables.History(P));
    }

    [Fact]
    public void WithinOneBatchTheLastWordCounts()
    {
        var prefix = Tables.Prefix(P);
        Learn(P, To("gw", A));
        routes.Learn([new RoutedPrefix(prefix, [Plain()]), new RoutedPrefix(prefix, [To("gw", B)])]);
        Assert.Equal($"member mesh.v4>{B}", tables.At(P));
        routes.Learn([new RoutedPrefix(prefix, [To("gw", A)]), new RoutedPrefix(prefix, [Plain()])]);
        Assert.Equal("via 192.0.2.254", tables.At(P));
        routes.Learn([new RoutedPrefix(prefix, [To("gw", A)]), new RoutedPrefix(prefix, null)]);
        Assert.Equal("none", tables.At(P));
        Assert.DoesNotContain("none", tables.History(P).SkipLast(1));
    }

    [Fact]
    public void AReloadOfGroupsLooksAtTheirRoutesAnew()
    {
        Learn(P, To("gw", A, A6));
        Learn("10.8.0.0/16", To("pe1", B));
        routes.Use([Group("other", ["2001:db8:1::1"], "gw"), Group("mesh", ["192.0.2.1"], "pe*")], []);
        Assert.Equal($"member other.v6>{A6}", tables.At(P));
        Assert.Equal($"member mesh.v4>{B}", tables.At("10.8.0.0/16"));
        routes.Use([], []);
        Assert.Equal($"via {A}", tables.At(P));
        Assert.Equal($"via {A}", tables.At("10.8.0.0/16"));
        routes.Complete();
        Assert.True(tables.IsComplete);
    }

    [Fact]
    public void TheMachinesOwnPacketsToMembersAreStoppedOrLedToTheDoor()
    {
        routes.Behind.Remember([Tables.Prefix("10.99.0.0/16")]);
        Learn(P, To("gw", A));
        Learn("10.65.0.0/16", To("gw", A));
        Learn("10.8.0.0/16", Plain());
        Assert.Equal(["10.99.0.0/16", P], tables.Remembered.Select(p => p.ToString()));
        Learn(P, Plain());
        Assert.Equal(["10.99.0.0/16"], tables.Remembered.Select(p => p.ToString()));
        routes.Learn([.. Enumerable.Range(0, 5000).Select(i => new RoutedPrefix(new IpPrefix(IpAddress.FromV4(0x1400_0000u + ((uint)i << 8)), 24), [To("gw", B)]))]);
        Assert.Equal(GroupRoutes.MaximumInKernel + 1, tables.Remembered.Count());
    }

    [Fact]
    public void MulticastPrefixesAreHandedOverWithAllTheirPathsAndAgainWhenGroupsChange()
    {
        var taken = new List<RoutedPrefix>();
        routes.Multicast = taken.AddRange;
        routes.Learn([new RoutedPrefix(Tables.Prefix("239.1.0.0/16"), [To("gw", A), Plain("pe1")]), new RoutedPrefix(Tables.Prefix(P), [To("gw", A)]), new RoutedPrefix(Tables.Prefix("ff0e::/32"), null)]);
        Assert.Equal(["239.1.0.0/16", "ff0e::/32"], taken.Select(t => t.Prefix.ToString()));
        Assert.Equal(2, taken[0].Paths!.Count);
        Assert.Equal(("none", $"member mesh.v4>{A}"), (tables.At("239.1.0.0/16"), tables.At(P)));
        routes.Use([], []);
        Assert.Equal("239.1.0.0/16", taken[2].Prefix.ToString());
        Assert.Equal(3, taken.Count);
        Assert.True(GroupRoutes.TryMember(Mesh, To("gw", "192.0.2.1", A6), out var member, out var tunnel));
        Assert.Equal((A6, "mesh.v6"), (member.ToString(), tunnel));
        Assert.False(GroupRoutes.TryMember(Mesh, Plain(), out _, out _));
    }

    [Fact]
    public void WhatAnEarlierProcessLeftIsNobodysToComeBack()
    {
        tables.Learn([new LearnedChange(Tables.Prefix(P), new LearnedTarget(LearnedKind.Tunnel, [], []))]);
        Learn(P, To("gw", A));
        Learn(P);
        Assert.Equal("none", tables.At(P));
    }

    [Fact]
    public void InFrontOfTheCustomerEdgeAProtectedPrefixIsAMembersAndNeverPlain()
    {
        var edge = Edge(out var end);
        using (end)
        {
            Learn(P, Identified("198.51.100.1"));
            Assert.True(edge.Finish());
            Assert.Equal("tunnel ce-198.51.100.1", tables.At(P));
            Learn(P, To("gw", A));
            Assert.Equal($"member mesh.v4>{A}", tables.At(P));

            // It was protected once: without group and identity it is discarded.
            Learn(P, Plain());
            Assert.Equal("discard", tables.At(P));
            Learn(P, To("gw", B));
            Learn(P, Identified("198.51.100.1"));
            Assert.Equal("tunnel ce-198.51.100.1", tables.At(P));
            Learn(P, To("gw", B));
            Learn(P);
            Assert.Equal("discard", tables.At(P));
            Assert.DoesNotContain(tables.History(P), w => w == "none" || w.StartsWith("via", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void TheCustomerEdgeMayDecideLaterWhatAMembersPrefixComesBackTo()
    {
        var edge = Edge(out var end);
        using (end)
        {
            Learn(P, To("gw", A));
            Learn(P, Identified("198.51.100.1"));

            // Until it stands on the disk that the prefix is protected.
            Assert.Equal("discard", tables.At(P));
            Learn(P, To("gw", A));
            Assert.True(edge.Finish());
            Assert.Equal($"member mesh.v4>{A}", tables.At(P));
            edge.Complete();
            Assert.Equal($"member mesh.v4>{A}", tables.At(P));
            Learn(P, Identified("198.51.100.1"));
            Assert.True(edge.Finish());
            Assert.Equal("tunnel ce-198.51.100.1", tables.At(P));
        }
    }

    /// <summary>Learned routes in words, and all that each prefix ever led to.</summary>
    private sealed class Tables : IForwarding
    {
        private readonly Dictionary<IpPrefix, LearnedTarget> now = [];
        private readonly List<(IpPrefix Prefix, string Way)> history = [];

        public bool IsComplete { get; private set; }

        public static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

        public string At(string prefix) => Text(now.GetValueOrDefault(Prefix(prefix)));

        public IReadOnlyList<string> History(string prefix) => [.. history.Where(h => h.Prefix == Prefix(prefix)).Select(h => h.Way)];

        public void Learn(IReadOnlyList<LearnedChange> changes)
        {
            foreach (var (prefix, target) in changes)
            {
                if (target is null) now.Remove(prefix);
                else now[prefix] = target;
                history.Add((prefix, Text(target)));
            }
        }

        public LearnedTarget? LearnedAt(IpPrefix prefix) => now.GetValueOrDefault(prefix);

        public void LearnedComplete() => IsComplete = true;

        public void Make(IEnumerable<TunnelConfiguration> wanted)
        {
        }

        public void Unmake(IEnumerable<string> names)
        {
        }

        public IEnumerable<IpPrefix> Remembered { get; private set; } = [];

        public void Remember(IEnumerable<IpPrefix> prefixes) => Remembered = prefixes;

        public bool IsOutside(IpAddress address) => true;

        private static string Text(LearnedTarget? target) => target?.Kind switch
        {
            null => "none",
            LearnedKind.Via => "via " + string.Join(' ', target.NextHops),
            LearnedKind.Tunnel => "tunnel " + string.Join(' ', target.Tunnels),
            LearnedKind.Member => "member " + string.Join(' ', target.Tunnels.Zip(target.NextHops).Select(t => $"{t.First}>{t.Second}")),
            _ => "discard",
        };
    }
}
