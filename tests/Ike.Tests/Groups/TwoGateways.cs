using System.Net;

namespace Appliance.Ike.Groups;

/// <summary>Members of one group with two gateways, each with an SA of its own; the first is preferred.</summary>
internal sealed class TwoGateways
{
    private static readonly IPAddress SecondAddress = IPAddress.Parse("192.0.2.2");

    public TwoGateways(int members = 2, Func<GroupServer, GroupServer>? server = null)
    {
        Mesh = new Mesh(members, server, p => p with { LivenessSeconds = 10 });
        Second = Mesh.Add("second", SecondAddress);
        Second.Configure(Mesh.Served() with { Peers = [.. Mesh.Peers.Select(p => p with { Local = [SecondAddress], LocalIdentity = Identity.Fqdn("gw2.example.org") })] });
        for (var i = 1; i <= members; i++)
        {
            var one = Mesh.Membership(i);
            var peer = one.Peers[0] with { LivenessSeconds = 10 };
            var other = peer with { Name = "gw2", Remote = [SecondAddress], RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn("gw2.example.org")) };
            Mesh.Members[i - 1].Configure(one with { Peers = [peer, other], Groups = [one.Groups[0] with { Gateways = ["gw", "gw2"] }] });
            Mesh.Members[i - 1].Do(new OperatorAsked(1, OperatorVerb.Up, "gw"));
            Mesh.Members[i - 1].Do(new OperatorAsked(2, OperatorVerb.Up, "gw2"));
        }

        Traffic = new Traffic(Mesh.Members);
        Mesh.Run();
        Mesh.Resting = Traffic.Flow;
    }

    public Mesh Mesh { get; }

    public GroupHost First => Mesh.Gateway;

    public GroupHost Second { get; }

    public Traffic Traffic { get; }

    public static uint Newest(GroupHost gateway) => gateway.Machine.Servers.Find("mesh")!.Newest!.Spi;

    /// <summary>All members send by that SA.</summary>
    public void SendBy(uint spi) => Assert.All(Mesh.Members, m => Assert.Equal(spi, m.Sending["mesh"]));
}
