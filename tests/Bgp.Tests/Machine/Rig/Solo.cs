using System.Net;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine.Rig;

/// <summary>One speaker in AS 65001 with the neighbour "n" (192.0.2.9, AS 65009), which the test plays by hand.</summary>
internal sealed class Solo
{
    public const string Address = "192.0.2.9";
    public const uint As = 65009;
    public static readonly uint Identifier = Id("9.9.9.9");

    public Solo(Func<NeighborConfiguration, NeighborConfiguration>? neighbor = null, Func<BgpConfiguration, BgpConfiguration>? all = null, bool restarted = false)
    {
        Net = new Net { Connects = (_, _) => Rig.Net.NoAnswer };
        Speaker = Net.Add("s", "192.0.2.1");
        Configuration = (all ?? (c => c))(Speaks(65001, "1.1.1.1", (neighbor ?? (n => n))(To("n", Address, As))));
        Speaker.Configure(Configuration, restarted);
        Net.Run();
    }

    public Net Net { get; }

    public Speaker Speaker { get; }

    public BgpConfiguration Configuration { get; }

    public SessionState State => Speaker.StateOf("n");

    public NeighborStatus Status => Speaker.Status("n");

    public string Reason => Speaker.Changes.Last().Reason;

    /// <summary>The test connects.</summary>
    public Hand Dial(string from = Address)
    {
        var hand = Net.Dial(Speaker, from);
        Net.Run();
        return hand;
    }

    /// <summary>The speaker's attempt to connect reaches the test.</summary>
    public Hand Answer()
    {
        var hand = Net.Answer(Speaker, "n");
        Net.Run();
        return hand;
    }

    /// <summary>A session in Established.</summary>
    public Hand Establish(Capabilities? capabilities = null, ushort hold = 90)
    {
        var hand = Dial().Establish(As, Identifier, capabilities, hold);
        Assert.Equal(SessionState.Established, State);
        return hand;
    }

    /// <summary>An UPDATE that announces prefixes of IPv4 with good attributes.</summary>
    public static byte[] Announce(params string[] prefixes) => Hand.Update([], Hand.Attributes(As, Address), Nlri(prefixes));

    public static byte[] Nlri(params string[] prefixes) => [.. prefixes.SelectMany(Octets)];

    private static IEnumerable<byte> Octets(string prefix)
    {
        var network = IPNetwork.Parse(prefix);
        return [(byte)network.PrefixLength, .. network.BaseAddress.GetAddressBytes()[..((network.PrefixLength + 7) / 8)]];
    }
}
