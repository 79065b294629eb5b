using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine;

/// <summary>A configuration changes while sessions are up: the least disturbance.</summary>
public sealed class ReloadTests
{
    public static TheoryData<string> Harmless => ["same", "hold", "messages", "passive", "restart", "retry", "limit"];

    public static TheoryData<string> OtherSession => ["as", "local as", "key", "ttl", "family", "add-path", "reflector"];

    [Theory]
    [MemberData(nameof(Harmless))]
    public void WhatDoesNotTouchTheSessionLeavesIt(string what)
    {
        var pair = new Pair().Start(b: c => c with { Networks = [Route("10.2.0.0/16")] }).Established();
        var messages = pair.A.Status("b").Sent.All;
        Reload(pair, n => what switch
        {
            "hold" => n with { HoldSeconds = 30 },
            "messages" => n with { ExtendedMessages = false },
            "passive" => n with { Passive = true },
            "restart" => n with { GracefulRestart = false },
            "retry" => n with { ConnectRetrySeconds = 99 },
            "limit" => n with { Families = [Ipv4 with { MaximumPrefixes = 10 }] },
            _ => n with { Families = [Ipv4] },
        });
        pair.Established();
        Assert.Equal((1, messages), (pair.A.Status("b").TimesEstablished, pair.A.Status("b").Sent.All));
        Assert.NotNull(pair.A.Best("10.2.0.0/16"));
    }

    [Theory]
    [MemberData(nameof(OtherSession))]
    public void WhatMakesItAnotherSessionEndsIt(string what)
    {
        var pair = new Pair().Start(n => n with { Transport = new TransportOptions { Md5Key = [1, 2] } }).Established();
        Reload(pair, n => what switch
        {
            "as" => n with { RemoteAs = 65099 },
            "local as" => n with { LocalAs = 65098 },
            "key" => n with { Transport = new TransportOptions { Md5Key = [1, 3] } },
            "ttl" => n with { Transport = n.Transport with { MinimumTtl = 255, Ttl = 255 } },
            "family" => n with { Families = [Ipv4, Of(Family.Ipv6Unicast)] },
            "add-path" => n with { Families = [Ipv4 with { AddPathReceive = true }] },
            _ => n with { ReflectorClient = true },
        });
        Assert.Equal(SessionState.Idle, pair.A.StateOf("b"));
        Assert.Contains("Other Configuration Change", pair.B.Status("a").LastNotification, StringComparison.Ordinal);
        pair.Net.Pass(15_000);
        Assert.Equal(what is "as" or "local as" ? SessionState.Idle : SessionState.Established, what is "as" or "local as" ? SessionState.Idle : pair.A.StateOf("b"));
    }

    [Fact]
    public void TheSameKeyInAnotherArrayIsTheSameKey()
    {
        var pair = new Pair().Start(n => n with { Transport = new TransportOptions { Md5Key = [1, 2] } }).Established();
        Reload(pair, n => n with { Transport = new TransportOptions { Md5Key = [1, 2] } });
        pair.Established();
    }

    [Fact]
    public void AnImportPolicyThatChangesIsAskedAgainAndASecondTimeToo()
    {
        var pair = new Pair().Start(b: c => c with { Networks = [Route("10.2.0.0/16"), Route("10.3.0.0/16")] }).Established();
        Reload(pair, n => n with { Families = [Ipv4 with { Import = new Only("10.2.0.0/16") }] });
        Assert.NotNull(pair.A.Best("10.2.0.0/16"));
        Assert.Null(pair.A.Best("10.3.0.0/16"));
        Assert.Equal((2, 1), (pair.A.Status("b").Families[0].Received, pair.A.Status("b").Families[0].Accepted));
        Reload(pair, n => n);
        Assert.NotNull(pair.A.Best("10.3.0.0/16"));
        Assert.Equal(1, pair.A.Status("b").TimesEstablished);
    }

    [Fact]
    public void AnExportPolicyThatChangesIsAskedAgain()
    {
        var pair = new Pair().Start(a: c => c with { Networks = [Route("10.1.0.0/16"), Route("10.4.0.0/16")] }).Established();
        Reload(pair, n => n with { Families = [Ipv4 with { Export = new Only("10.1.0.0/16") }] });
        Assert.NotNull(pair.B.Best("10.1.0.0/16"));
        Assert.Null(pair.B.Best("10.4.0.0/16"));
        Reload(pair, n => n);
        Assert.NotNull(pair.B.Best("10.4.0.0/16"));
        Assert.Equal(1, pair.B.Status("a").TimesEstablished);
    }

    [Fact]
    public void ALowerLimitCountsAtOnce()
    {
        var pair = new Pair().Start(b: c => c with { Networks = [Route("10.2.0.0/16"), Route("10.3.0.0/16")] }).Established();
        Reload(pair, n => n with { Families = [Ipv4 with { MaximumPrefixes = 1 }] });
        Assert.Equal(SessionState.Idle, pair.A.StateOf("b"));
        Reload(pair, n => n with { Families = [Ipv4 with { MaximumPrefixes = 2 }] });
        pair.Net.Pass(15_000);
        pair.Established();
    }

    [Fact]
    public void AnotherRouterIdEndsAllSessions()
    {
        var pair = new Pair().Start().Established();
        pair.A.Configure(pair.ConfigurationA with { RouterId = Id("1.1.1.9") });
        pair.Net.Pass(15_000);
        pair.Established();
        Assert.Equal(Id("1.1.1.9"), pair.B.Status("a").RouterId);
        Assert.Equal(2, pair.B.Status("a").TimesEstablished);
    }

    [Fact]
    public void ANeighborThatIsDisabledAndEnabled()
    {
        var pair = new Pair().Start().Established();
        Reload(pair, n => n with { Disabled = true });
        Assert.Equal(SessionState.Idle, pair.A.StateOf("b"));
        Assert.Contains("Administrative Shutdown", pair.B.Status("a").LastNotification, StringComparison.Ordinal);
        pair.Net.Pass(60_000);
        Assert.Equal(SessionState.Idle, pair.A.StateOf("b"));
        Reload(pair, n => n);
        pair.Net.Pass(60_000);
        pair.Established();
    }

    [Fact]
    public void ANewNeighborIsStartedAndTheOthersGoOn()
    {
        var pair = new Pair().Start(b: c => c with { Networks = [Route("10.2.0.0/16")] }).Established();
        pair.A.Configure(pair.ConfigurationA with { Neighbors = [.. pair.ConfigurationA.Neighbors, To("c", "192.0.2.3", 65003)] });
        pair.Net.Run();
        Assert.Equal("192.0.2.3", pair.A.Actions.OfType<OpenConnection>().Last().Remote.Address.ToString());
        Assert.Equal(1, pair.A.Status("b").TimesEstablished);
        Assert.NotNull(pair.A.Best("10.2.0.0/16"));
    }

    private static void Reload(Pair pair, Func<NeighborConfiguration, NeighborConfiguration> change)
    {
        pair.A.Configure(pair.ConfigurationA with { Neighbors = [change(pair.ConfigurationA.Neighbors[0])] });
        pair.Net.Run();
    }

    private sealed class Only(string prefix) : IRoutePolicy
    {
        public string Name => "only";

        public bool DependsOnPrefix => true;

        public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes) => nlri.ToText(family) == prefix ? attributes : null;
    }
}
