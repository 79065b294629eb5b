using Appliance.Ike.Machine;
using static Appliance.Ike.Groups.TwoGateways;

namespace Appliance.Ike.Groups;

/// <summary>Two gateways of one group: both SAs are taken in, the first one's is sent by; when it fails the other takes over before a packet is lost.</summary>
public sealed class TwoGatewayTests
{
    [Fact]
    public void BothAreTakenInAndTheFirstIsSentBy()
    {
        var two = new TwoGateways();
        two.SendBy(Newest(two.First));
        two.Mesh.Pass(31_000);
        Assert.All(two.Mesh.Members, m => Assert.Equal(["current", "spare"], m.Status().Sas.Select(s => s.State)));
        Assert.All(two.Mesh.Members, m => Assert.Equal(["gw", "gw2"], m.Status().Sas.Select(s => s.Sa.Gateway)));
        Assert.Equal(two.Mesh.Members.Count, two.First.Machine.GroupMembers("mesh").Count(m => m.State == "current"));
    }

    [Fact]
    public void ARekeyOfEitherDoesNotTouchTheOthersSa()
    {
        var two = new TwoGateways();
        var (first, second) = (Newest(two.First), Newest(two.Second));
        two.Second.Do(new GroupRekeyAsked(1, "mesh"));
        two.Mesh.Pass(120_000);
        two.SendBy(first);
        Assert.NotEqual(second, Newest(two.Second));
        Assert.All(two.Mesh.Members, m => Assert.Equal([first, Newest(two.Second)], m.Status().Sas.Select(s => s.Sa.Spi)));
        two.First.Do(new GroupRekeyAsked(1, "mesh"));
        two.Mesh.Pass(120_000);
        two.SendBy(Newest(two.First));
        Assert.All(two.Mesh.Members, m => Assert.Equal([Newest(two.First), Newest(two.Second)], m.Status().Sas.Select(s => s.Sa.Spi)));
        Assert.True(two.Traffic.Packets > 0);
    }

    [Fact]
    public void WhenTheFirstFailsTheOthersSaIsSentByBeforeTheFirstOnesEnds()
    {
        var two = new TwoGateways(3, s => s with { LifetimeSeconds = 600 });
        var first = Newest(two.First);
        two.Mesh.Passes = s => !s.Remote.Address.Equals(two.First.Address) && !s.Local.Address.Equals(two.First.Address);
        two.Mesh.Pass(500_000);
        two.SendBy(first);
        two.Mesh.Pass(600_000 - 500_000 - Tuning.GroupFallback - 1000);
        two.SendBy(first);
        two.Mesh.Pass(1000);
        Assert.DoesNotContain(two.Mesh.Members, m => m.Sending["mesh"] == first);
        Assert.All(two.Mesh.Members, m => Assert.Contains(("mesh", first), m.Installed.Keys));
        two.Mesh.Pass(1_800_000);
        two.SendBy(two.Second.Sending["mesh"]);
        Assert.True(two.Traffic.Packets > 100);
    }

    [Fact]
    public void WhenTheFirstComesBackItsSaIsSentByAgainAfterRoll1()
    {
        var two = new TwoGateways(3, s => s with { LifetimeSeconds = 600 });
        two.Mesh.Passes = s => !s.Remote.Address.Equals(two.First.Address) && !s.Local.Address.Equals(two.First.Address);
        two.Mesh.Pass(700_000);
        Assert.All(two.Mesh.Members, m => Assert.Equal(["gw2"], m.Status().Sas.Select(s => s.Sa.Gateway).Distinct()));
        two.Mesh.Passes = _ => true;
        two.First.Restart(keepsRegion: false);
        // One after the other, so that the last member gets the SA when the first one has had it for a while.
        foreach (var member in two.Mesh.Members)
        {
            member.Do(new OperatorAsked(7, OperatorVerb.Up, "gw"));
            two.Mesh.Pass(5000);
        }

        two.Mesh.Pass(30_000);
        two.SendBy(Newest(two.First));
    }

    [Fact]
    public void WhenTheFirstOnesIvsAreUsedUpTheOthersSaIsSentBy()
    {
        var two = new TwoGateways();
        var member = two.Mesh.Members[0];
        member.Do(new GroupExpires("mesh", Newest(two.First), true));
        Assert.Equal(Newest(two.Second), member.Sending["mesh"]);
        two.Mesh.Pass(1000);
        // Fresh Sender-IDs came with a new IKE SA.
        Assert.Equal(Newest(two.First), member.Sending["mesh"]);
        Assert.Equal(2, two.Mesh.Ledger.To(Mesh.Identity(1)).Where(p => p.Gateway == two.First).Select(p => p.Put.SenderIds[0]).Distinct().Count());
    }
}
