using Appliance.Ike.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// Every single message of a rollover may be lost and a member may die wherever it likes: no packet is lost between those that are there, no Sender-ID comes twice (<see cref="Ledger"/>), and the group heals.
/// </summary>
public sealed class MemberFaultTests
{
    [Fact]
    public void EachMessageOfTheRolloverMayBeLostAndNoPacketIs()
    {
        for (var lost = 0; ; lost++)
        {
            var mesh = new Mesh().UpAll().Pass(5000);
            var traffic = new Traffic([mesh.Gateway, .. mesh.Members]);
            var (count, isOver) = (0, true);
            mesh.Resting = traffic.Flow;
            mesh.Passes = _ =>
            {
                if (count++ != lost) return true;
                isOver = false;
                return false;
            };
            mesh.Rekey().Pass(100_000);
            mesh.IsWhole();
            Assert.All(mesh.Members, m => Assert.Equal(["current"], m.Status().Sas.Select(s => s.State)));
            Assert.Equal([TwoGateways.Newest(mesh.Gateway)], mesh.Members.Select(m => m.Sending["mesh"]).Distinct());
            Assert.True(traffic.Packets > 20);
            if (isOver) break;
        }
    }

    [Fact]
    public void AMemberMayDieAtEachActionOfARollover()
    {
        for (var at = 0; ; at++)
        {
            var mesh = new Mesh().UpAll().Pass(5000);
            var traffic = new Traffic([mesh.Gateway, .. mesh.Members]);
            mesh.Resting = traffic.Flow;
            mesh.Members[0].DiesAfter = at;
            mesh.Rekey().Pass(3000);
            var died = Succeeded(mesh.Members[0]);
            mesh.Pass(100_000);
            mesh.IsWhole();
            Assert.Equal([TwoGateways.Newest(mesh.Gateway)], mesh.Members.Select(m => m.Sending["mesh"]).Distinct());
            Assert.DoesNotContain(mesh.Members[0].Texts, t => t.Contains("refused", StringComparison.Ordinal));
            if (!died) break;
            Assert.True(at < 500);
        }
    }

    [Fact]
    public void AMemberMayDieAtEachActionOfARegistration()
    {
        for (var at = 0; ; at++)
        {
            var mesh = Alert(3).Pass(5000);
            var traffic = new Traffic([mesh.Gateway, .. mesh.Members]);
            var member = mesh.Members[0];
            mesh.Resting = traffic.Flow;
            member.DiesAfter = at;
            member.Do(new GroupExpires("mesh", member.Sending["mesh"], false));
            mesh.Pass(2000);
            var died = Succeeded(member);
            mesh.Pass(60_000);
            if (member.Sa is null) member.Do(new OperatorAsked(9, OperatorVerb.Up, "gw"));
            mesh.Pass(60_000).Rekey().Pass(100_000);
            mesh.IsWhole();
            if (!died) break;
            Assert.True(at < 500);
        }
    }

    [Fact]
    public void WhoSleepsThroughARekeyGetsTheSaOfTheTimeOnItsReturn()
    {
        var mesh = new Mesh().UpAll().Pass(5000);
        var traffic = new Traffic([mesh.Gateway, .. mesh.Members]);
        var sleeper = mesh.Members[1];
        mesh.Resting = traffic.Flow;
        traffic.Away.Add(sleeper);
        mesh.Passes = s => !s.Local.Address.Equals(sleeper.Address) && !s.Remote.Address.Equals(sleeper.Address);
        mesh.Rekey().Pass(200_000);
        Assert.NotEqual(TwoGateways.Newest(mesh.Gateway), sleeper.Sending["mesh"]);
        mesh.Passes = _ => true;
        sleeper.Do(new OperatorAsked(9, OperatorVerb.Down, "gw"));
        mesh.Run();
        sleeper.Do(new OperatorAsked(9, OperatorVerb.Up, "gw"));
        mesh.Run();
        traffic.Away.Clear();
        mesh.Pass(120_000);
        mesh.IsWhole();
        Assert.Equal(TwoGateways.Newest(mesh.Gateway), sleeper.Sending["mesh"]);
    }

    [Fact]
    public void AGatewayThatLostEverythingIsJoinedAgainWithoutALostPacketBetweenMembers()
    {
        var mesh = Alert(3);
        var traffic = new Traffic(mesh.Members);
        mesh.Pass(5000);
        mesh.Resting = traffic.Flow;
        mesh.Gateway.Restart(keepsRegion: false);
        mesh.Pass(90_000);
        foreach (var member in mesh.Members) member.Do(new OperatorAsked(9, OperatorVerb.Up, "gw"));
        mesh.Pass(120_000);
        mesh.IsWhole();
        Assert.Equal([TwoGateways.Newest(mesh.Gateway)], mesh.Members.Select(m => m.Sending["mesh"]).Distinct());
    }

    /// <summary>Members that notice within seconds that the gateway is gone.</summary>
    private static Mesh Alert(int members)
    {
        var mesh = new Mesh(members, peer: p => p with { LivenessSeconds = 10 });
        for (var i = 1; i <= members; i++)
        {
            var one = Mesh.Membership(i);
            mesh.Members[i - 1].Configure(one with { Peers = [one.Peers[0] with { LivenessSeconds = 10 }] });
            mesh.Members[i - 1].Do(new OperatorAsked((ulong)i, OperatorVerb.Up, "gw"));
            mesh.Run();
        }

        return mesh;
    }

    /// <summary>A successor takes over where the process died, else it lives on. Whether it died.</summary>
    private static bool Succeeded(GroupHost host)
    {
        host.DiesAfter = null;
        if (!host.IsDead) return false;
        host.Restart();
        return true;
    }
}
