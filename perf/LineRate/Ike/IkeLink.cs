using System.Globalization;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Ike;

/// <summary>
/// Three network namespaces: the initiator and the responder on one veth, and a stranger on another, by which the responder reaches every address that the stranger may
/// forge.
/// </summary>
internal sealed class IkeLink : TemporaryNamespaces
{
    /// <summary>Outer address of the initiator.</summary>
    public const string InitiatorAddress = "192.0.2.1";

    /// <summary>Outer address of the responder.</summary>
    public const string ResponderAddress = "192.0.2.2";

    /// <summary>Device of initiator and responder towards each other.</summary>
    public const string Device = "wan0";

    /// <summary>Device between the stranger and the responder, of the same name on both sides.</summary>
    private const string StrangerDevice = "out0";

    public IkeLink() : base("ikeperf", 3) => Try(() =>
    {
        Ip("link", "add", Device, "netns", Initiator.Name, "type", "veth", "peer", "name", Device, "netns", Responder.Name);
        Ip("link", "add", StrangerDevice, "netns", Stranger.Name, "type", "veth", "peer", "name", StrangerDevice, "netns", Responder.Name);
        Ip("-n", Initiator.Name, "addr", "add", InitiatorAddress + "/24", "dev", Device);
        Ip("-n", Responder.Name, "addr", "add", ResponderAddress + "/24", "dev", Device);
        Ip("-n", Stranger.Name, "addr", "add", "203.0.113.1/24", "dev", StrangerDevice);
        Ip("-n", Responder.Name, "addr", "add", "203.0.113.2/24", "dev", StrangerDevice);
        foreach (var (space, device) in ((NetworkNamespace, string)[])[(Initiator, Device), (Responder, Device), (Responder, StrangerDevice), (Stranger, StrangerDevice)])
            Ip("-n", space.Name, "link", "set", device, "up");
        Ip("-n", Responder.Name, "route", "add", ForgedInits.Network, "via", "203.0.113.1");
        Ip("-n", Stranger.Name, "route", "add", ResponderAddress + "/32", "via", "203.0.113.2");
    });

    /// <summary>Who begins.</summary>
    public NetworkNamespace Initiator => this[0];

    /// <summary>Who answers.</summary>
    public NetworkNamespace Responder => this[1];

    /// <summary>Who floods.</summary>
    public NetworkNamespace Stranger => this[2];

    /// <summary>Datagrams that the initiator sent and received.</summary>
    public (long Sent, long Received) Traffic() => Initiator.Ask(() =>
    {
        // One thread's namespace is another's than the process's: its own /proc entry says which.
        var words = File.ReadLines("/proc/thread-self/net/dev").First(l => l.TrimStart().StartsWith(Device + ":", StringComparison.Ordinal)).Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
        return (long.Parse(words[10], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture));
    });
}
