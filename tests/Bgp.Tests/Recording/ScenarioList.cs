using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Recording;

/// <summary>What is recorded. Each scenario runs alone and ends with what must hold.</summary>
internal static class ScenarioList
{
    public static IReadOnlyDictionary<string, Action<Pair, BgpRecordingFormat>> All { get; } = new Dictionary<string, Action<Pair, BgpRecordingFormat>>
    {
        ["set-up"] = SetUp,
        ["restart"] = Restart,
        ["refresh-and-clear"] = RefreshAndClear,
        ["hold-timer"] = HoldTimer,
    };

    private static void SetUp(Pair pair, BgpRecordingFormat format)
    {
        var key = new TransportOptions { Md5Key = format.Key(1) };
        pair.Start(n => n with { Transport = key, Families = [Ipv4, Of(Family.Ipv6Unicast)] }, a: c => c with { Networks = [Route("10.1.0.0/16"), Route("10.11.0.0/16")] },
            b: c => c with { Networks = [Route("10.2.0.0/16", new PathAttributes { Med = 5, Communities = [65002u << 16 | 1] })] }).Established();
        pair.Net.Pass(40_000);
        pair.A.Configure(pair.ConfigurationA with { Networks = [Route("10.1.0.0/16")] });
        pair.Net.Run();
        Assert.Null(pair.B.Best("10.11.0.0/16"));
        Assert.NotNull(pair.A.Best("10.2.0.0/16"));
    }

    private static void Restart(Pair pair, BgpRecordingFormat format)
    {
        pair.Start(a: c => c with { RestartSeconds = 60, Networks = [Route("10.1.0.0/16"), Route("10.11.0.0/16")] }, b: c => c with { RestartSeconds = 60, Networks = [Route("10.2.0.0/16")] }).Established();
        pair.Net.Kill(pair.A);
        pair.Net.Pass(5_000);
        pair.A.Restart(pair.ConfigurationA with { Networks = [Route("10.1.0.0/16")] });
        pair.Net.Pass(15_000);
        Assert.Null(pair.B.Best("10.11.0.0/16"));
        Assert.NotNull(pair.B.Best("10.1.0.0/16"));
        pair.Established();
    }

    private static void RefreshAndClear(Pair pair, BgpRecordingFormat format)
    {
        pair.Start(a: c => c with { Networks = [Route("10.1.0.0/16")] }, asOfB: 65001).Established();
        pair.B.Do(new BgpOperatorAsked(BgpVerb.Refresh, "a"));
        pair.Net.Pass(1_000);
        pair.B.Do(new BgpOperatorAsked(BgpVerb.Clear, "*"));
        pair.Net.Pass(15_000);
        pair.Established();
    }

    private static void HoldTimer(Pair pair, BgpRecordingFormat format)
    {
        pair.Start(n => n with { HoldSeconds = 9 }, b: c => c with { Networks = [Route("10.2.0.0/16")] }).Established();
        // B's host is gone without a word: nothing is closed, nothing answers.
        pair.B.IsAlive = false;
        pair.Net.Pass(9_500);
        Assert.Equal(SessionState.Idle, pair.A.StateOf("b"));
        Assert.Null(pair.A.Best("10.2.0.0/16"));
    }
}
