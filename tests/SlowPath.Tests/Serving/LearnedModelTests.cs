using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>Learned routes, kernel, configuration and successors change at random; the region must say what the definition says.</summary>
public sealed class LearnedModelTests
{
    private static readonly string[] NextHopPool = ["192.0.2.254", "192.0.2.7", "10.1.0.9", "20.0.0.1", "20.1.0.1", "20.1.1.1", "10.2.0.7", "10.9.9.9", "2001:db8::1", "2001:db8:1::1", "77.0.0.1"];
    private static readonly string[] Tunnels = ["to-b", "to-c", "to-nobody"];
    private readonly Random random;
    private readonly Dictionary<IpPrefix, LearnedTarget> learned = [];

    public LearnedModelTests() => random = new Random(20261121);

    [Fact]
    public void TheRegionSaysWhatTheDefinitionSays()
    {
        using var bench = new Bench(Bench.Configuration.Replace("ipv4_groups: 64, ipv6_nodes: 256", "ipv4_groups: 4096, ipv6_nodes: 8192", StringComparison.Ordinal).Replace("next_hops: 128", "next_hops: 2048", StringComparison.Ordinal), MemberTests.WithGroup) { ExpectsLearned = true };
        var flaps = new List<KernelChange>
        {
            Neighbour(3, "192.0.2.7"), Neighbour(2, "10.1.0.9"), Route("20.0.0.0/8", 3, "192.0.2.7"), Route("20.1.0.0/16", 2, "10.1.0.9"), Route("10.9.0.0/16", 3, "192.0.2.254"), Route("77.0.0.0/8", 3, "192.0.2.7"),
            Route("2001:db8::/32", 3, "2001:db8:ffff::1"),
        };
        for (var round = 0; round < 120; round++)
        {
            var what = random.Next(20);
            if (what == 0) bench.Restart();
            else if (what < 5) Flap(bench, flaps[random.Next(flaps.Count)]);
            else if (what == 5) Reprotect(bench);
            var changes = Enumerable.Range(0, random.Next(1, 12)).Select(_ => Change()).ToList();

            // A successor knows nothing: everything comes again, then what it did not hear of goes.
            if (what == 0) changes.InsertRange(0, learned.Select(l => new LearnedChange(l.Key, l.Value)));
            foreach (var change in changes)
                if (change.Target is null) learned.Remove(change.Prefix);
                else learned[change.Prefix] = change.Target;
            bench.On(() =>
            {
                bench.Gateway.Learn(changes);
                if (what == 0) bench.Gateway.LearnedComplete();
                bench.Gateway.Settle();
                return true;
            });
            Check(bench, round);
        }
    }

    private static KernelChange Neighbour(uint link, string address) =>
        new() { Kind = KernelChangeKind.Neighbour, Neighbour = new KernelNeighbour(link, FakeKernel.Ip(address), 0xab00_0000_0002), NeighbourState = NeighbourState.Reachable };

    private static KernelChange Route(string prefix, uint link, string gateway) =>
        new() { Kind = KernelChangeKind.Route, Table = 254, Route = new KernelRoute(Prefix(prefix), KernelRouteKind.Unicast, link, FakeKernel.Ip(gateway), 5, 3, default) };

    private static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, host: false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    private static void Flap(Bench bench, KernelChange change)
    {
        if (!bench.Kernel.Holds.Remove(change)) bench.Kernel.Holds.Add(change);
        bench.KernelChanged();
    }

    private void Reprotect(Bench bench)
    {
        var text = File.ReadAllText(bench.File);
        string[] wanted = ["protected: [10.0.0.0/8]", "protected: [20.1.0.0/16]", "protected: [10.0.0.0/8, 2001:db8:1::/48]"];
        var now = wanted.First(w => text.Contains(w + "\n", StringComparison.Ordinal));
        File.WriteAllText(bench.File, text.Replace(now + "\n", wanted[random.Next(wanted.Length)] + "\n", StringComparison.Ordinal));
        bench.Reload();
    }

    private LearnedChange Change()
    {
        var (text, lengths) = random.Next(4) == 0 ? ("2001:db8:1::1", new[] { 32, 40, 48, 64, 128 }) : (NextHopPool[random.Next(8)], new[] { 7, 8, 12, 16, 16, 24, 24, 30, 32 });
        var prefix = new IpPrefix(FakeKernel.Ip(text), lengths[random.Next(lengths.Length)]);
        LearnedTarget? target = random.Next(10) switch
        {
            < 3 => null,
            < 8 => new LearnedTarget(LearnedKind.Via, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => FakeKernel.Ip(NextHopPool[random.Next(NextHopPool.Length)]))], []),
            8 when random.Next(2) == 0 => MemberTests.To([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => NextHopPool[random.Next(NextHopPool.Length)])]),
            8 => new LearnedTarget(LearnedKind.Tunnel, [], [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Tunnels[random.Next(Tunnels.Length)])]),
            _ => LearnedTarget.Discard,
        };
        return new LearnedChange(prefix, target);
    }

    private void Check(Bench bench, int round)
    {
        var contents = bench.On(() => bench.Gateway.Contents);
        var shields = bench.Gateway.Configuration.Protected;
        var model = new Model(contents, learned, shields, bench.Kernel.Holds);
        foreach (var address in NextHopPool.Select(FakeKernel.Ip).Concat(learned.Keys.SelectMany(p => new[] { p.Address, p.Last })).Distinct())
            Assert.True(model.Way(address) == RegionText.Way(bench.Region, address), $"round {round}, {address}: model {model.Way(address)}, region {RegionText.Way(bench.Region, address)}; learned: {string.Join("; ", learned.Select(l => $"{l.Key} {l.Value.Kind} {string.Join(',', l.Value.NextHops)} {string.Join(',', l.Value.Tunnels)}"))}; static: {string.Join("; ", contents.Routes.Select(r => $"{r.Key} {r.Value.Kind} {r.Value.Port} {r.Value.Address}"))}");
        foreach (var hop in NextHopPool)
        {
            var state = bench.On(() =>
            {
                var watched = bench.Gateway.NextHops.Watch(FakeKernel.Ip(hop).ToIPAddress());
                bench.Gateway.NextHops.Unwatch(FakeKernel.Ip(hop).ToIPAddress());
                return watched;
            });
            Assert.True(model.Resolve(FakeKernel.Ip(hop), []).Hops.Count > 0 == state.IsReachable, $"round {round}: {hop} {state}");
        }

        Assert.Equal(learned.Count, bench.On(() => bench.Gateway.LearnedRoutes));
    }

    /// <summary>Every length is tried, nothing is remembered.</summary>
    private sealed class Model(TableContents contents, Dictionary<IpPrefix, LearnedTarget> learned, IReadOnlyList<IpPrefix> shields, IReadOnlyList<KernelChange> kernel)
    {
        public string Way(IpAddress address)
        {
            if (Match(address, 128) is not { } match) return "none";
            if (match.Learned is null) return Text(match.Hop);
            var members = match.Learned.Kind switch
            {
                LearnedKind.Tunnel or LearnedKind.Member => Into(match.Learned),
                LearnedKind.Via => match.Learned.NextHops.SelectMany(h => Resolve(h, []).Hops).Distinct().Where(h => !IsShielded(match.Prefix) || IsInside(h)).ToList(),
                _ => [],
            };
            if (members.Count == 0 && (match.Learned.Kind != LearnedKind.Via || IsShielded(match.Prefix))) members = [NextHop.Discard(isProtected: true)];
            return $"[{string.Join(' ', members.Select(Text))}]";
        }

        /// <summary>Where packets to an address go, and how far up a way led back that was passed over for it.</summary>
        public (List<NextHop> Hops, int Back) Resolve(IpAddress address, IpAddress[] path)
        {
            var back = int.MaxValue;
            List<NextHop> found = [];
            for (var longest = 128; Match(address, longest) is { } match; longest = match.Prefix.Length - 1)
            {
                found = [];
                var here = int.MaxValue;
                if (match.Learned is null) found = Plain(match.Hop, address);
                else if (match.Learned.Kind is LearnedKind.Tunnel or LearnedKind.Member) found = Into(match.Learned);
                else if (match.Learned.Kind == LearnedKind.Via)
                {
                    IpAddress[] further = [.. path, address];
                    foreach (var next in match.Learned.NextHops)
                    {
                        var at = Array.IndexOf(further, next);
                        var (hops, up) = at >= 0 ? ([], at) : Resolve(next, further);
                        here = Math.Min(here, up);
                        found = [.. found.Concat(hops.Where(h => !IsShielded(match.Prefix) || IsInside(h))).Distinct()];
                    }
                }

                back = Math.Min(back, here);
                if (found.Count > 0 || here == int.MaxValue) break;
            }

            return (found, back >= path.Length ? int.MaxValue : back);
        }

        private List<NextHop> Into(LearnedTarget target) => target.Kind == LearnedKind.Tunnel
            ? [.. target.Tunnels.Where(contents.Tunnels.ContainsKey).Distinct().Select(NextHop.Into)]
            : [.. target.Tunnels.Zip(target.NextHops).Where(t => contents.Tunnels.ContainsKey(t.First) && Underlay(t.Second) is not null).Distinct().Select(t => NextHop.Into(t.First, t.Second))];

        /// <summary>The neighbour that the kernel's own routes lead to outside, with a question mark where it is not known.</summary>
        private string? Underlay(IpAddress address)
        {
            if (kernel.Where(k => k.Kind == KernelChangeKind.Route && k.Route.Prefix.Contains(address)).OrderByDescending(k => k.Route.Prefix.Length).Select(k => (KernelRoute?)k.Route).FirstOrDefault() is not { } route) return null;
            if (contents.Ports.Any(p => p.InterfaceIndex == route.Link && p.Side == PortSide.Protected)) return null;
            var neighbour = route.Gateway.IsAny ? address : route.Gateway;
            return (kernel.Any(k => k.Kind == KernelChangeKind.Neighbour && k.Neighbour.Link == route.Link && k.Neighbour.Address == neighbour) ? "" : "?") + neighbour;
        }

        private (IpPrefix Prefix, NextHop Hop, LearnedTarget? Learned)? Match(IpAddress address, int longest)
        {
            for (var length = Math.Min(longest, address.IsV4 ? 32 : 128); length >= 0; length--)
            {
                var prefix = new IpPrefix(address, length);
                var isFixed = contents.Routes.TryGetValue(prefix, out var hop);
                if (learned.TryGetValue(prefix, out var target) && (!isFixed || (contents.Yielding.Contains(prefix) && target.Kind != LearnedKind.Via))) return (prefix, default, target);
                if (isFixed) return (prefix, hop, null);
            }

            return null;
        }

        private static List<NextHop> Plain(NextHop hop, IpAddress address) => hop.Kind switch
        {
            NextHopKind.Glean => [hop.Address.IsAny ? NextHop.Glean(hop.Port, address) : hop],
            NextHopKind.Adjacent or NextHopKind.Tunnel => [hop],
            _ => [],
        };

        private bool IsShielded(IpPrefix prefix) => shields.Any(s => s.Contains(prefix));

        private bool IsInside(NextHop hop) => hop.Kind == NextHopKind.Tunnel || contents.Ports.First(p => p.Index == hop.Port).Side == PortSide.Protected;

        private string Text(NextHop hop) => hop.Kind switch
        {
            NextHopKind.Adjacent => hop.Adjacency.Neighbour.ToString(),
            NextHopKind.Glean => hop.Address.IsAny ? "?" : $"?{hop.Address}",
            NextHopKind.Tunnel when hop.IsMember => $"{hop.Tunnel}>{hop.Address}@{Underlay(hop.Address)}",
            NextHopKind.Tunnel => hop.Tunnel!,
            NextHopKind.Discard => hop.Protected ? "discard!" : "discard",
            _ => hop.Kind.ToString().ToLowerInvariant(),
        };
    }
}
