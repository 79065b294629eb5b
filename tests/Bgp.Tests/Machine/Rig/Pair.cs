using Appliance.Machine;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine.Rig;

/// <summary>Two speakers back to back: A in AS 65001, B in AS 65002; or both in one.</summary>
internal sealed class Pair
{
    public Pair(int seed = 1, IRecordingFormat<BgpEvent, BgpAction>? format = null)
    {
        Net = new Net(seed);
        (A, B) = (Net.Add("a", "192.0.2.1", format), Net.Add("b", "192.0.2.2", format));
    }

    public Net Net { get; }

    public Speaker A { get; }

    public Speaker B { get; }

    public BgpConfiguration ConfigurationA { get; private set; } = new();

    public BgpConfiguration ConfigurationB { get; private set; } = new();

    /// <summary>Starts both. What is changed in both neighbours, and in each configuration.</summary>
    public Pair Start(Func<NeighborConfiguration, NeighborConfiguration>? neighbor = null, Func<BgpConfiguration, BgpConfiguration>? a = null, Func<BgpConfiguration, BgpConfiguration>? b = null, uint asOfB = 65002)
    {
        neighbor ??= n => n;
        ConfigurationA = (a ?? (c => c))(Speaks(65001, "1.1.1.1", neighbor(To("b", "192.0.2.2", asOfB))));
        ConfigurationB = (b ?? (c => c))(Speaks(asOfB, "2.2.2.2", neighbor(To("a", "192.0.2.1", 65001))));
        B.Configure(ConfigurationB);
        A.Configure(ConfigurationA);
        Net.Run();
        return this;
    }

    public Pair Established()
    {
        Assert.Equal((SessionState.Established, SessionState.Established), (A.StateOf("b"), B.StateOf("a")));
        return this;
    }
}
