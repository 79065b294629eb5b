using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Api;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Ike;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.CustomerEdge;

/// <summary>Two customer edges: from routes with an identity to SAs, and back to nothing but a discard. Loopback sockets, no packets.</summary>
[Collection(Node.Addresses)]
public sealed class EdgeTests
{
    private const string A = "10.1.0.0/16", B = "10.2.0.0/16";

    private static (EdgeNode A, EdgeNode B) Two(string more = "") => (new EdgeNode(Node.Loopback(0), A, more), new EdgeNode(Node.Loopback(1), B, more));

    private static string Tunnel(EdgeNode to) => $"[{SecurityGateways.TunnelName(to.Identity)}]";

    private static void LearnBoth(EdgeNode a, EdgeNode b)
    {
        a.Learn((B, b.Identity.ToString()));
        b.Learn((A, a.Identity.ToString()));
    }

    private static Task UpAsync(EdgeNode a, EdgeNode b) => Waiting.For(() => a.Sas(b.Identity) is { Inbound.Length: 1, Outbound.Length: 1 } here && b.Sas(a.Identity) is { Inbound.Length: 1, Outbound.Length: 1 } there
        && here.Outbound[0] == there.Inbound[0] && here.Inbound[0] == there.Outbound[0], $"one child between the two\n{a.Log.All}\n---\n{b.Log.All}");

    [SkippableFact]
    public async Task Draft_7_1_1_TheFirstPacketMakesTheSaOfAPrefixThatARouteBrought()
    {
        var (a, b) = Two();
        using (a)
        using (b)
        {
            a.Learn((B, b.Identity.ToString()), ("10.3.0.0/24", b.Identity.ToString()), ("fd00:2::/48", b.Identity.ToString()));
            b.Learn((A, a.Identity.ToString()));
            Assert.Equal((Tunnel(b), Tunnel(b), Tunnel(a)), (a.Way("10.2.0.9"), a.Way("10.3.0.9"), b.Way("10.1.0.9")));
            Assert.Empty(a.Sas(b.Identity).Outbound);
            a.PacketWaits(b.Identity, "10.1.0.9", "10.2.0.9");
            await UpAsync(a, b);
            var slot = a.On(() => a.Gateway.TunnelSlots[SecurityGateways.TunnelName(b.Identity)]);
            Assert.Equal(a.Sas(b.Identity).Outbound[0], a.Region.OutboundSa(a.Region.Tunnel(slot).OutboundSas[0]).Spi);
            Assert.Equal((b.Identity, a.Identity), (a.Region.OutboundSa(a.Region.Tunnel(slot).OutboundSas[0]).Destination, a.Region.OutboundSa(a.Region.Tunnel(slot).OutboundSas[0]).Source));
            Assert.Equal(1, a.Region.Tunnel(slot).CheckSourceRoute);
        }
    }

    [SkippableFact]
    public async Task Draft_7_1_2_PreEstablishedSasComeWithTheRouteAndGoWithTheLast()
    {
        var (a, b) = Two("  tunnel: { establish: always, mode: iiptran, esp: [aes-128-gcm] }");
        using (a)
        using (b)
        {
            LearnBoth(a, b);
            await UpAsync(a, b);
            a.Learn((B, null));
            Assert.Equal("[discard!]", a.Way("10.2.0.9"));
            Assert.Single(a.Sas(b.Identity).Outbound);

            // A route that flaps ends nothing.
            a.Pass(4000);
            a.Learn((B, b.Identity.ToString()));
            a.Pass(60_000);
            Assert.Equal(Tunnel(b), a.Way("10.2.0.9"));
            await UpAsync(a, b);

            a.Learn((B, null));
            b.Learn((A, null));
            a.Pass(60_000);
            b.Pass(60_000);
            await Waiting.For(() => a.Established == 0 && b.Established == 0, $"no IKE SA\n{a.Log.All}\n---\n{b.Log.All}");
            a.Pass(60_000);
            await Waiting.For(() => a.On(() => a.Gateway.TunnelSlots.Count) == 0 && a.On(() => a.Gateway.Sas.Count) == 0, $"no tunnel\n{a.Log.All}");
            Assert.Equal("[discard!]", a.Way("10.2.0.9"));
            Assert.Equal(B, string.Join(' ', a.Edge.Decisions.Remembered));
        }
    }

    [SkippableFact]
    public async Task ASuccessorKeepsTunnelsSasAndWhatIsRemembered()
    {
        var (a, b) = Two();
        using (a)
        using (b)
        {
            LearnBoth(a, b);
            a.Learn(("10.7.0.0/16", b.Identity.ToString()), ("10.7.0.0/16", null));
            a.PacketWaits(b.Identity, "10.1.0.9", "10.2.0.9");
            await UpAsync(a, b);
            var before = a.Sas(b.Identity);
            a.Restart();
            Assert.Equal((Tunnel(b), "[discard!]"), (a.Way("10.2.0.9"), a.Way("10.7.0.9")));
            Assert.Equal((before.Inbound[0], before.Outbound[0]), (Assert.Single(a.Sas(b.Identity).Inbound), Assert.Single(a.Sas(b.Identity).Outbound)));
            Assert.Equal(1, a.Established);
            a.Pass(600_000);
            LearnBoth(a, b);
            a.On(() =>
            {
                a.Edge.Complete();
                return true;
            });
            a.Pass(600_000);
            Assert.Equal((before.Inbound[0], before.Outbound[0]), (Assert.Single(a.Sas(b.Identity).Inbound), Assert.Single(a.Sas(b.Identity).Outbound)));
            Assert.Equal((Tunnel(b), "[discard!]"), (a.Way("10.2.0.9"), a.Way("10.7.0.9")));
        }
    }

    [SkippableFact]
    public async Task WhatASuccessorDoesNotLearnAgainIsDiscarded()
    {
        using var a = new EdgeNode(Node.Loopback(0), A);
        a.Learn((B, "198.51.100.1"), ("10.3.0.0/24", "198.51.100.2"));
        a.Restart();
        Assert.Equal(("[ce-198.51.100.1]", "[ce-198.51.100.2]"), (a.Way("10.2.0.9"), a.Way("10.3.0.9")));
        a.Learn((B, "198.51.100.1"));
        a.On(() =>
        {
            a.Edge.Complete();
            return true;
        });
        Assert.Equal(("[ce-198.51.100.1]", "[discard!]"), (a.Way("10.2.0.9"), a.Way("10.3.0.9")));
        a.Pass(60_000);
        await Waiting.For(() => a.On(() => a.Edge.Pad([]).Count) == 1, "one entry in the PAD");
        a.Pass(60_000);
        await Waiting.For(() => a.On(() => string.Join(' ', a.Gateway.TunnelSlots.Keys)) == "ce-198.51.100.1", "one tunnel");
    }

    [SkippableFact]
    public void Issue4_2_AfterAPowerCutTheFourCasesHoldFromTheFirstRouteOn()
    {
        using var a = new EdgeNode(Node.Loopback(0), A);
        a.Learn((B, "198.51.100.1"));
        a.Learn((B, null));
        Assert.True(a.Edge.Finish());
        a.Restart();
        Assert.Equal("[discard!]", a.Way("10.2.0.9"));
        a.Learn((B, "plain"), ("10.2.0.0/24", "plain"), ("10.0.0.0/8", "plain"), ("10.2.3.0/24", "plain"));
        Assert.Equal(("[discard!]", "[discard!]", "[discard!]", "[192.0.2.254]"), (a.Way("10.2.9.9"), a.Way("10.2.0.9"), a.Way("10.2.3.9"), a.Way("10.9.0.9")));
    }

    [SkippableFact]
    public void TheOperatorSeesWhatRoutesMadeAndForgetsIt()
    {
        using var a = new EdgeNode(Node.Loopback(0), A);
        a.Learn((B, "198.51.100.1"), ("10.3.0.0/24", "198.51.100.1"), ("10.3.0.0/24", "plain"), ("10.4.0.0/28", "198.51.100.1"), ("172.16.0.0/12", "plain"));
        var rules = a.On(() => EdgeViews.Rules(a.Edge, 1).ToList());
        Assert.Equal(["2 protect ce-198.51.100.1 10.1.0.0/16 10.2.0.0/16", "3 discard  any 10.3.0.0/24", "4 discard  any 10.4.0.0/28"], rules.Select(r => $"{r.Order} {r.Action} {r.Tunnel} {r.Local} {r.Remote}"));
        Assert.Equal(("198.51.100.1", "pe1"), (Assert.Single(rules[0].Gateways!), Assert.Single(rules[0].Neighbors!)));
        Assert.Contains("without the Security Gateway Identity", rules[1].Why, StringComparison.Ordinal);
        Assert.Contains("no rule of ce: accept lets this gateway announce the prefix", rules[2].Why, StringComparison.Ordinal);
        Assert.InRange(DateTimeOffset.UtcNow - rules[0].Since!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(["10.2.0.0/16 True tunnel", "10.3.0.0/24 True discard", "10.4.0.0/28 False discard"], a.On(() => EdgeViews.Protected(a.Edge).Select(v => $"{v.Prefix} {v.Remembered} {v.State}").ToList()));

        Assert.Contains("stays remembered", Assert.Throws<RefusedException>(() => a.Clear(B)).Message, StringComparison.Ordinal);
        Assert.Equal(404, Assert.Throws<RefusedException>(() => a.Clear("10.4.0.0/28")).Status);
        a.Clear("10.3.0.0/24");
        Assert.Equal("[192.0.2.254]", a.Way("10.3.0.1"));
        a.Learn((B, null));
        Assert.Equal(1, a.On(a.Edge.ClearAll));
        Assert.Equal("192.0.2.254", a.Way("10.2.0.9"));
        Assert.True(a.Edge.Finish());
        a.Restart();
        Assert.Empty(a.On(() => EdgeViews.Protected(a.Edge)));
    }

    [SkippableFact]
    public async Task TheMachinesOwnPacketsAreStoppedForWhatIsRemembered()
    {
        using var a = new EdgeNode(Node.Loopback(0), A);
        string Kernel() => a.On(() =>
        {
            a.Gateway.ReadKernel();
            return string.Join(' ', a.Kernel.Routes.Where(r => r.Protocol == KernelRoutes.OwnProtocol && r.Kind == KernelRouteKind.Discard).Select(r => r.Prefix).Order());
        });
        a.Learn((B, "198.51.100.1"), ("10.3.0.0/24", "198.51.100.1"), ("172.16.0.0/12", "plain"));
        await Waiting.For(() => Kernel() == "10.2.0.0/16 10.3.0.0/24", $"two blackholes: {Kernel()}");
        a.Learn((B, null), ("10.3.0.0/16", "198.51.100.1"));
        await Waiting.For(() => Kernel() == "10.2.0.0/16 10.3.0.0/16", $"wider ones: {Kernel()}");
        a.Clear(B);
        await Waiting.For(() => Kernel() == "10.3.0.0/16", $"what is not cleared: {Kernel()}");
        a.Restart();
        Assert.Equal("10.3.0.0/16", Kernel());
    }

    [SkippableFact]
    public async Task AThousandGatewaysAreFewReconfigurations()
    {
        using var a = new EdgeNode(Node.Loopback(0), A);
        var lines = 0;
        var changed = a.Edge.PadChanged!;
        a.On(() => a.Edge.PadChanged = () =>
        {
            lines++;
            changed();
        });
        for (var batch = 0; batch < 10; batch++)
            a.Learn([.. Enumerable.Range(batch * 100, 100).Select(i => ($"10.{3 + i / 250}.{i % 250}.0/24", (string?)$"198.51.{100 + i / 250}.{i % 250 + 1}"))]);
        await Waiting.For(() => a.On(() => a.Edge.Pad([]).Count) == 1000 && a.On(() => lines) > 0, "a thousand entries");
        Assert.InRange(a.On(() => lines), 1, 11);
        Assert.Equal("[ce-198.51.103.250]", a.Way("10.6.249.9"));
    }

    [SkippableFact]
    public void AGatewaysTunnelTakesNoRouteInThatItDidNotAnnounce()
    {
        using var a = new EdgeNode(Node.Loopback(0), A);
        a.Learn((B, "198.51.100.7"));
        a.On(() =>
        {
            // From whom ever, with a next hop behind the gateway.
            a.Edge.Learn([new RoutedPrefix(EdgeNode.Prefix("172.16.0.0/16"), [new RoutedPath(FakeKernel.Ip("10.2.0.1"), default, "pe1", false)])]);
            return true;
        });
        Assert.Equal(("[ce-198.51.100.7]", "[]"), (a.Way("10.2.0.1"), a.Way("172.16.0.1")));
    }

    [SkippableFact]
    public void WhatCannotBeWrittenDownIsNotUsed()
    {
        using var a = new EdgeNode(Node.Loopback(0), A, smallDisk: true);
        a.Learn((B, "198.51.100.7"));
        a.FillDisk();

        // More lines than the file's last block has room for.
        a.Learn([("10.2.7.0/24", "198.51.100.7"), .. Enumerable.Range(0, 250).Select(i => ($"10.3.{i}.0/24", (string?)"198.51.100.7"))]);
        Assert.Equal(("[discard!]", "[ce-198.51.100.7]"), (a.Way("10.3.9.1"), a.Way("10.2.7.1")));
        Assert.Contains(a.On(() => a.Edge.Problems.ToList()), p => p.Contains("cannot be written", StringComparison.Ordinal));
        a.FreeDisk();
        Assert.True(a.On(() => a.Edge.Finish()));
        Assert.Equal("[ce-198.51.100.7]", a.Way("10.3.9.1"));
    }
}
