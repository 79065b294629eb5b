using Appliance.Ike.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// The group heals from whatever is lost and wherever the gateway dies; and in all of it no Sender-ID belongs to two, nor comes twice (<see cref="Ledger"/> asserts it over everything that was ever told or
/// installed).
/// </summary>
public class FaultTests
{
    [Fact]
    public void EachMessageOfTheRolloverMayBeLost()
    {
        for (var lost = 0; ; lost++)
        {
            var mesh = new Mesh();
            var (count, isOver) = (0, true);
            mesh.UpAll().Pass(5000);
            mesh.Passes = _ =>
            {
                if (count++ != lost) return true;
                isOver = false;
                return false;
            };
            mesh.Rekey().Pass(100_000);
            mesh.IsRolledOver();
            Assert.Equal((1ul, ""), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().Problem));
            if (isOver) break;
        }
    }

    [Fact]
    public void TheGatewayMayDieAtEachActionOfARekey()
    {
        for (var at = 0; ; at++)
        {
            var mesh = new Mesh().UpAll().Pass(5000);
            var died = false;
            mesh.Resting = () =>
            {
                if (!mesh.Gateway.IsDead) return;
                died = true;
                mesh.Gateway.Restart();
                mesh.Run();
            };
            mesh.Gateway.DiesAfter = at;
            mesh.Gateway.Do(new GroupRekeyAsked(1, "mesh"));
            mesh.Pass(200_000);
            Assert.True(at < 500);
            mesh.IsRolledOver();
            Assert.Equal("", mesh.Gateway.Status().Problem);
            Assert.Single(mesh.Gateway.Installed);
            if (!died) break;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheGatewayMayDieAtEachActionOfARegistration(bool rekeysOnJoin)
    {
        for (var at = 0; ; at++)
        {
            var mesh = new Mesh(2, s => s with { RekeyOnJoin = rekeysOnJoin }).Up(1).Pass(40_000);
            var before = mesh.Last(1).Key;
            mesh.Gateway.DiesAfter = at;
            mesh.Up(2).Pass(1000);
            if (!mesh.Gateway.IsDead) break;
            Assert.True(at < 500);
            mesh.Gateway.Restart();
            mesh.Pass(120_000);
            if (mesh.Members[1].Sa is null) mesh.Up(2);
            mesh.Pass(120_000);
            mesh.IsWhole();
            if (rekeysOnJoin) Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(2)), p => p.Key == before);
        }
    }

    [Fact]
    public void TheGatewayMayDieAtEachActionOfARemoval()
    {
        for (var at = 0; ; at++)
        {
            var mesh = new Mesh().UpAll().Pass(5000);
            mesh.Gateway.DiesAfter = at;
            mesh.Reconfigure(s => s with { Members = ["m1", "m2"] }).Pass(20_000);
            if (!mesh.Gateway.IsDead) break;
            Assert.True(at < 500);
            mesh.Gateway.Restart();
            mesh.Pass(100_000);
            Assert.Equal(mesh.Last(1).Key, mesh.Last(2).Key);
            Assert.Equal(2, mesh.Gateway.Machine.GroupMembers("mesh").Count(m => m.State == "current"));
            Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(3)), p => p.Key == mesh.Last(1).Key);
            Assert.Equal(mesh.Last(1).Put.Spi, mesh.Gateway.Sending["mesh"]);
        }
    }

    [Fact]
    public void ARestartAloneRekeysNothingAndTellsNobodyAnything()
    {
        var mesh = new Mesh().UpAll().Pass(5000);
        var (sent, sas) = (mesh.Ledger.Puts.Count, mesh.Gateway.Installed.Keys.ToArray());
        mesh.Gateway.Restart();
        mesh.Pass(60_000);
        Assert.Equal(sent, mesh.Ledger.Puts.Count);
        Assert.Equal(sas, mesh.Gateway.Installed.Keys);
        Assert.Equal(0ul, mesh.Gateway.Status().Rekeys);
        mesh.IsWhole();
        mesh.Rekey();
        mesh.IsWhole();
    }

    [Fact]
    public void ARestartWithAnotherConfigurationGoesOverToIt()
    {
        var mesh = new Mesh(2).UpAll().Pass(5000);
        mesh.Server = mesh.Server with { LifetimeSeconds = 1800 };
        mesh.Gateway.Configuration = mesh.Served() with { Groups = [mesh.Served().Groups[0] with { Senders = 5 }] };
        mesh.Gateway.Restart();
        // Another worker cannot wait for ROLL1.
        Assert.Equal(5, mesh.Gateway.Installed.Values.First().SenderIds.Count);
        mesh.Pass(100_000);
        Assert.Equal((1ul, "configuration"), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().LastRekey));
        mesh.IsRolledOver();
    }

    [Fact]
    public void AGroupThatIsGoneAndComesBackKnowsNothingOfItsEarlierSas()
    {
        var mesh = new Mesh(1).Up(1).Pass(5000);
        mesh.Gateway.Configure(mesh.Served() with { Groups = [] });
        var contexts = mesh.Gateway.Contexts.ToArray();
        mesh.Gateway.Configure(mesh.Served());
        foreach (var (id, context) in contexts) mesh.Gateway.Contexts[id] = context;
        mesh.Gateway.Restart();
        mesh.Pass(1000);
        mesh.IsWhole();
    }

    [Fact]
    public void ALostRegionMeansANewSaWithANewKey()
    {
        var mesh = new Mesh(2).UpAll().Pass(5000);
        var key = mesh.Last(1).Key;
        mesh.Gateway.Restart(keepsRegion: false);
        foreach (var member in mesh.Members) member.Restart(keepsRegion: false);
        mesh.UpAll();
        Assert.NotEqual(key, mesh.Last(1).Key);
        mesh.IsWhole();
    }

    [Fact]
    public void AGroupsContextThatIsLostAloneMeansTheSame()
    {
        var mesh = new Mesh(2).UpAll().Pass(5000);
        var key = mesh.Last(1).Key;
        mesh.Gateway.Contexts.Remove(mesh.Gateway.Contexts.Keys.Single(k => k <= uint.MaxValue));
        mesh.Gateway.Restart();
        mesh.Run();
        Assert.NotEqual(key, mesh.Last(1).Key);
        Assert.Equal(mesh.Last(1).Key, mesh.Last(2).Key);
        Assert.Equal(0, mesh.Gateway.Status().Pending);
    }

    [Fact]
    public void AContextOfGarbageIsForgottenAndNothingThrows()
    {
        var mesh = new Mesh(1).Up(1).Rekey();
        var (id, context) = mesh.Gateway.Contexts.Single(c => c.Key <= uint.MaxValue);
        for (var at = 0; at < context.Length; at++)
        {
            foreach (var broken in (byte[][])[context[..at], [.. context[..at], (byte)(context[at] ^ 0xff), .. context[(at + 1)..]]])
            {
                var machine = new IkeMachine(new IkeMachineOptions());
                machine.Step(new(mesh.Now, new(new byte[32])), new ContextRestored(id, broken), new List<IkeAction>());
                machine.Step(new(mesh.Now, new(new byte[32])), new ConfigurationChanged(mesh.Served()), new List<IkeAction>());
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnIkeSaThatIsRekeyedInTheMiddleOfARekeyLosesNothing(bool byGateway)
    {
        var mesh = new Mesh(2).UpAll().Pass(5000);
        var lost = 0;
        mesh.Passes = d => d.Octets[18] != 37 || lost++ >= 4;
        mesh.Gateway.Do(new GroupRekeyAsked(1, "mesh"));
        if (byGateway) mesh.Gateway.Do(new OperatorAsked(2, OperatorVerb.Rekey, "m1"));
        else mesh.Members[0].Do(new OperatorAsked(2, OperatorVerb.Rekey, "gw"));
        mesh.Pass(200_000);
        Assert.True(lost >= 4);
        mesh.IsRolledOver();
    }

    [Fact]
    public void AMemberThatSleepsThroughARekeyGetsTheCurrentSaWhenItComesBack()
    {
        var mesh = new Mesh(2, null, p => p with { LivenessSeconds = 10 }).UpAll().Pass(5000);
        mesh.Passes = d => !d.Remote.Address.Equals(mesh.Members[1].Address) && !d.Local.Address.Equals(mesh.Members[1].Address);
        mesh.Rekey().Pass(150_000);
        Assert.Equal((1, 0), (mesh.Gateway.Status().Members, mesh.Gateway.Status().Pending));
        mesh.Passes = _ => true;
        mesh.Members[1].Restart(keepsRegion: false);
        mesh.Up(2);
        mesh.IsWhole();
        Assert.Equal(mesh.Last(1).Key, mesh.Last(2).Key);
    }

    [Fact]
    public void TheClockOfTheSuccessorGoesOn()
    {
        var mesh = new Mesh(1).Up(1).Pass(1_000_000);
        mesh.Gateway.Restart();
        Assert.Equal(2600, mesh.Gateway.Status().Sas[0].LifetimeSeconds);
        mesh.Pass(1_000_000);
        mesh.Gateway.Restart();
        Assert.Equal(1600, mesh.Gateway.Status().Sas[0].LifetimeSeconds);
        mesh.Pass(1_460_000);
        Assert.Equal("lifetime", mesh.Gateway.Status().LastRekey);
    }

    [Fact]
    public void AThousandMembersAreToldAFewAStep()
    {
        var mesh = new Mesh(1000).UpAll().Pass(5000);
        mesh.Gateway.Actions.Clear();
        mesh.Gateway.Do(new GroupRekeyAsked(1, "mesh"));
        // Three steps: the wish, the key, the installation.
        Assert.InRange(mesh.Gateway.Outbox.Count, 1, 3 * Tuning.GroupPutsPerStep);
        mesh.Run();
        mesh.IsWhole();
        Assert.Equal(0, mesh.Gateway.Status().DistributionMilliseconds);
    }
}
