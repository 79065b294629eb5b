using Appliance.Shared;

namespace Appliance.Policy.Tests;

/// <summary>One tunnel at a time leads to the same tables as everything anew.</summary>
public class TablePlanTests
{
    private static readonly TunnelConfiguration Template = new() { Name = "clients", Peer = "clients", IsTemplate = true, Routes = [Inputs.Prefix("10.9.0.0/16"), Inputs.Prefix("172.20.0.0/16")] };

    private static readonly GatewayConfiguration Configuration = Inputs.Configuration with { Tunnels = [.. Inputs.Configuration.Tunnels, Template] };

    private static TunnelConfiguration Instance(int number, params string[] prefixes) => Template with
    {
        Name = $"clients/{number}", Template = "clients", IsTemplate = false, Local = Inputs.Ip("192.0.2.1"), Remote = Inputs.Ip($"198.51.100.{number}"), Routes = [.. prefixes.Select(Inputs.Prefix)],
    };

    private static string Shown(TableContents contents) => string.Join('\n',
        contents.Routes.OrderBy(r => r.Key).Select(r => $"{r.Key} {r.Value}").Concat(contents.Tunnels.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => t.Value.ToString()))
            .Concat(contents.Adjacencies.Keys.Select(k => k.ToString()).Order(StringComparer.Ordinal)));

    [Fact]
    public void ATemplateIsNoTunnelAndItsPrefixesAreDiscarded()
    {
        var contents = Inputs.Build(Configuration);
        Assert.DoesNotContain("clients", contents.Tunnels.Keys);
        Assert.Equal(NextHop.Discard(isProtected: true), contents.Routes[Inputs.Prefix("172.20.0.0/16")]);
    }

    [Fact]
    public void AnInstanceDoesNotTakeWhatTheConfigurationGave()
    {
        var plan = new TablePlan(new PolicyInputs(Configuration, Inputs.Kernel));
        plan.Set(Instance(1, "10.2.0.0/16", "10.1.0.1/32", "10.9.0.1/32"), TunnelFacts.None);
        Assert.Equal("to-b", plan.Contents.Routes[Inputs.Prefix("10.2.0.0/16")].Tunnel);
        Assert.Equal(NextHopKind.Local, plan.Contents.Routes[Inputs.Prefix("10.1.0.1/32")].Kind);
        Assert.Equal("clients/1", plan.Contents.Routes[Inputs.Prefix("10.9.0.1/32")].Tunnel);
    }

    [Fact]
    public void ManyChangesEqualAPlanMadeAnew()
    {
        var random = new Random(7);
        var plan = new TablePlan(new PolicyInputs(Configuration, Inputs.Kernel));
        var there = new List<TunnelConfiguration>();
        for (var i = 0; i < 300; i++)
        {
            var number = random.Next(1, 12);
            var old = there.FindIndex(t => t.Name == $"clients/{number}");
            if (old >= 0) there.RemoveAt(old);
            if (random.Next(3) == 0)
            {
                plan.Remove($"clients/{number}");
            }
            else
            {
                // The newest claim wins: an instance is made anew, not changed, so that its place in the order is the last.
                plan.Remove($"clients/{number}");
                there.Add(Instance(number, $"10.9.0.{random.Next(6)}/32", $"10.9.{random.Next(4)}.0/24", "10.9.0.0/16"));
                plan.Set(there[^1], TunnelFacts.None);
            }

            Assert.Equal(Shown(new TablePlan(new PolicyInputs(Configuration, Inputs.Kernel) { Effective = [.. Configuration.Tunnels, .. there] }).Contents), Shown(plan.Contents));
        }
    }

    [Fact]
    public void TheKernelHearsOfAnInstanceOnlyWhereItsTemplateDoesNotCoverIt()
    {
        var effective = new[] { Instance(1, "10.9.0.1/32"), Instance(2, "203.0.113.0/24") };
        var routes = KernelRoutes.Wanted(Configuration, Inputs.Door, [.. Configuration.Tunnels, .. effective]);
        Assert.DoesNotContain(routes, r => r.Prefix == Inputs.Prefix("10.9.0.1/32"));
        Assert.Contains(routes, r => r.Prefix == Inputs.Prefix("203.0.113.0/24") && r.Kind == KernelRouteKind.Discard);
        Assert.Contains(routes, r => r.Prefix == Inputs.Prefix("10.9.0.0/16") && r.Kind == KernelRouteKind.Discard);
    }

    [Fact]
    public void Rfc4271_5_1_3_ANextHopAtTheEndOfATransportModeTunnelIsTheNeighbourItself()
    {
        TunnelConfiguration To(string name, string remote, TunnelKind kind) => new() { Name = name, Kind = kind, Local = Inputs.Ip("192.0.2.1"), Remote = Inputs.Ip(remote) };
        var plan = new TablePlan(new PolicyInputs(Inputs.Configuration with
        {
            Tunnels = [To("pe", "192.0.2.254", TunnelKind.Transport), To("unknown", "192.0.2.77", TunnelKind.Transport), To("site", "198.51.100.1", TunnelKind.Tunnel)],
        }, Inputs.Kernel));
        var wan = plan.Contents.Ports.First(p => p.Name == "wan").Index;
        Assert.Equal(NextHop.To(new AdjacencyKey(wan, Inputs.Ip("192.0.2.254"))), plan.ForForwarding(NextHop.Into("pe")));
        Assert.Equal(NextHop.Glean(wan, Inputs.Ip("192.0.2.77")), plan.ForForwarding(NextHop.Into("unknown")));
        Assert.Equal(NextHop.Into("site"), plan.ForForwarding(NextHop.Into("site")));
        Assert.Equal(NextHop.Local, plan.ForForwarding(NextHop.Local));
    }
}
