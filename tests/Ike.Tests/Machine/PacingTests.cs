using System.Net;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>Many peers that shall all be there from the start.</summary>
public class PacingTests
{
    private const int Peers = 200;

    [Fact]
    public void ManyPeersAreBegunAFewAtOnceAndAllComeUp()
    {
        var net = new Net().Start(Many(), With(PeerA() with { RemoteIdentity = IdentityPattern.Any }));
        Assert.Equal(Tuning.AttemptsAtOnce, net.A.Outbox.Count);
        net.Run();
        Assert.Equal(Peers, net.A.Machine.Sas.Count(s => s.State == "established"));
        Assert.Equal(4 * Peers, net.Seen.Count);
    }

    [Fact]
    public void PeersThatDoNotAnswerHoldUpNobodyForLong()
    {
        var net = new Net { Path = f => Is(f, AddressB) ? [f] : [] };
        net.Start(Many(silent: Peers - 1), With(PeerA() with { RemoteIdentity = IdentityPattern.Any }));
        net.Pass(Peers / Tuning.AttemptsAtOnce * Tuning.AttemptCounts);
        Assert.Equal($"p{Peers - 1}", Assert.Single(net.A.Machine.Sas, s => s.State == "established").Peer);
    }

    [Fact]
    public void WhomAPacketWaitsForGoesFirst()
    {
        var net = new Net { Path = f => Is(f, AddressB) ? [f] : [] };
        var many = Many(silent: Peers - 1);
        var last = many.Peers[^1] with { Children = [many.Peers[^1].Children[0] with { Start = ChildStart.OnDemand }] };
        net.Start(many with { Peers = [.. many.Peers.SkipLast(1), last] }, With(PeerA() with { RemoteIdentity = IdentityPattern.Any }));
        var packet = new TrafficSelector(6, 1000, 1000, IPAddress.Parse("10.1.2.3"), IPAddress.Parse("10.1.2.3"));
        net.A.Do(new PacketWaits(last.Children[0].Name, packet, packet with { Low = IPAddress.Parse("10.2.2.3"), High = IPAddress.Parse("10.2.2.3") }));
        net.Pass(Tuning.AttemptCounts);
        Assert.Equal(last.Name, Assert.Single(net.A.Machine.Sas, s => s.State == "established").Peer);
    }

    [Fact]
    public void Rfc7296_2_4_InitialContactIsNotSentForIdentitiesOfSeveralEntries()
    {
        var one = PeerB();
        var other = one with { Name = "other", Remote = [AddressB, IPAddress.Parse("198.51.100.9")], Children = [one.Children[0] with { Name = "other" }] };
        var net = new Net().Start(With(one, other), With(PeerA() with { Unique = false })).Run();
        Assert.Equal(2, net.A.Machine.All.Count);
        Assert.Equal(2, net.B.Machine.All.Count);
    }

    private static bool Is(Flight flight, IPAddress address) => flight.Local.Address.Equals(address) || flight.Remote.Address.Equals(address);

    /// <summary>The first ones are at an address where nobody is.</summary>
    private static IkeConfiguration Many(int silent = 0) => With([.. Enumerable.Range(0, Peers).Select(i => PeerB() with
    {
        Name = $"p{i}", Remote = [i < silent ? IPAddress.Parse("203.0.113.1") : AddressB], LocalIdentity = Identity.Fqdn($"a{i}.example.org"), Children = [PeerB().Children[0] with { Name = $"t{i}" }],
    })]);
}
