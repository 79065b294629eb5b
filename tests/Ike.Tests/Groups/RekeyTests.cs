using Appliance.Ike.Machine;

namespace Appliance.Ike.Groups;

/// <summary>When a gateway makes a new multi-point SA, and how the group goes over to it (draft-yamaya-ipsecme-mpsa-04 §3.3.3).</summary>
public class RekeyTests
{
    [Fact]
    public void BeforeTheLifetimeEndsEverybodyHasTheNextSa()
    {
        var mesh = new Mesh().UpAll();
        var first = mesh.Gateway.Sending["mesh"];
        mesh.Pass(1000L * (3600 - 90 - 60) - 1);
        Assert.Single(mesh.Gateway.Installed);
        mesh.Pass(1000);
        Assert.Equal(2, mesh.Gateway.Installed.Count);
        Assert.Equal((1ul, "lifetime"), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().LastRekey));
        mesh.IsWhole();
        mesh.Pass(7_200_000);
        Assert.Equal(3ul, mesh.Gateway.Status().Rekeys);
        mesh.IsWhole();
        Assert.DoesNotContain(("mesh", first), mesh.Gateway.Installed.Keys);
    }

    [Fact]
    public void TheGatewaySendsAfterRoll1AndDropsTheOldOneAfterRoll2()
    {
        var mesh = new Mesh(1).Up(1);
        var old = mesh.Gateway.Sending["mesh"];
        mesh.Pass(5000).Rekey();
        var next = mesh.Last(1).Put.Spi;
        Assert.Equal(["current", "next"], mesh.Gateway.Status().Sas.Select(s => s.State));
        mesh.Pass(28_990);
        Assert.Equal(old, mesh.Gateway.Sending["mesh"]);
        mesh.Pass(20);
        Assert.Equal(next, mesh.Gateway.Sending["mesh"]);
        Assert.Equal(["current", "old"], mesh.Gateway.Status().Sas.Select(s => s.State));
        mesh.Pass(59_970);
        Assert.Equal(2, mesh.Gateway.Installed.Count);
        mesh.Pass(20);
        Assert.Equal(next, Assert.Single(mesh.Gateway.Installed).Key.Spi);
    }

    [Fact]
    public void WhoIsRemovedGoesAndTheRestAreRekeyedAtOnceWithShortTimes()
    {
        var mesh = new Mesh().UpAll().Pass(10_000);
        var puts = mesh.Ledger.Puts.Count;
        mesh.Peers = [.. mesh.Peers.Where(p => p.Name != "m2")];
        mesh.Reconfigure(s => s with { Members = ["m1", "m3"] }).Run();
        Assert.Null(mesh.Members[1].Sa);
        Assert.Equal("removal of m2", mesh.Gateway.Status().LastRekey);
        Assert.Equal([Mesh.Identity(1), Mesh.Identity(3)], mesh.Ledger.Puts.Skip(puts).Select(p => p.Member).Order());
        Assert.All(mesh.Ledger.Puts.Skip(puts), p => Assert.Equal((2u, 6u), (p.Put.Rollover1Seconds, p.Put.Rollover2Seconds)));
        mesh.Pass(2000);
        Assert.Equal(mesh.Last(1).Put.Spi, mesh.Gateway.Sending["mesh"]);
        mesh.Pass(4000);
        Assert.Single(mesh.Gateway.Installed);
        Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(2)), p => p.Key == mesh.Last(1).Key);
    }

    [Fact]
    public void WhoIsExcludedGoesToo()
    {
        var mesh = new Mesh().UpAll().Pass(10_000).Reconfigure(s => s with { Excluded = [IdentityPattern.Exactly(Identity.Fqdn(Mesh.Identity(2)))] }).Run();
        Assert.Null(mesh.Members[1].Sa);
        Assert.Equal($"removal of {Mesh.Identity(2)}", mesh.Gateway.Status().LastRekey);
        Assert.Equal(2, mesh.Gateway.Status().Members);
        mesh.Up(2);
        Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(2)), p => p.Key == mesh.Last(1).Key);
    }

    [Fact]
    public void WhoseIdentityThePadRefusesHasNoIkeSaAndIsShutOut()
    {
        var mesh = new Mesh().UpAll().Pass(10_000);
        mesh.Peers = [.. mesh.Peers.Select(p => p.Name == "m2" ? p with { Refused = [IdentityPattern.Exactly(Identity.Fqdn(Mesh.Identity(2)))] } : p)];
        mesh.Reconfigure(s => s).Run();
        Assert.Null(mesh.Members[1].Sa);
        Assert.Equal($"removal of {Mesh.Identity(2)}", mesh.Gateway.Status().LastRekey);
        mesh.Up(2).Pass(10_000);
        Assert.Null(mesh.Members[1].Sa);
        Assert.Equal(2, mesh.Gateway.Status().Members);
        Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(2)), p => p.Key == mesh.Last(1).Key);
    }

    [Fact]
    public void WhoIsAwayWhenItIsRemovedHasTheKeyAndIsShutOutTheSame()
    {
        var mesh = new Mesh(2).UpAll().Pass(10_000);
        mesh.Members[1].Do(new ShutdownAsked());
        mesh.Run();
        Assert.Equal(0ul, mesh.Gateway.Status().Rekeys);
        mesh.Reconfigure(s => s with { Members = ["m1"] }).Run();
        Assert.Equal(1ul, mesh.Gateway.Status().Rekeys);
    }

    [Fact]
    public void RemovedWhileTheGatewayIsDownIsFoundOutByItsSuccessor()
    {
        var mesh = new Mesh(2).UpAll().Pass(10_000);
        mesh.Server = mesh.Server with { Members = ["m1"] };
        mesh.Gateway.Configuration = mesh.Served();
        mesh.Gateway.Restart();
        mesh.Run();
        Assert.Equal((1ul, "restart with other members"), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().LastRekey));
        Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(2)), p => p.Key == mesh.Last(1).Key);
    }

    [Theory]
    [InlineData(GroupLeave.Never, 0)]
    [InlineData(GroupLeave.Removal, 0)]
    [InlineData(GroupLeave.Departure, 1)]
    public void ADepartureRekeysWhereItIsWanted(GroupLeave leave, int rekeys)
    {
        var mesh = new Mesh(2, s => s with { RekeyOnLeave = leave }).UpAll().Pass(10_000);
        mesh.Members[1].Do(new ShutdownAsked());
        mesh.Pass(100);
        Assert.Equal((ulong)rekeys, mesh.Gateway.Status().Rekeys);
        if (leave == GroupLeave.Never) mesh.Reconfigure(s => s with { Members = ["m1"] }).Run();
        Assert.Equal((ulong)rekeys, mesh.Gateway.Status().Rekeys);
    }

    [Fact]
    public void WhoComesAndGoesHasEverybodyRekeyedAtOnceOnlyNowAndThen()
    {
        var mesh = new Mesh(2, s => s with { RekeyOnLeave = GroupLeave.Departure }).UpAll().Pass(10_000);
        for (var i = 0; i < 60; i++)
        {
            mesh.Up(2).Pass(5000);
            mesh.Members[1].Do(new ShutdownAsked());
            mesh.Pass(5000);
            mesh.Members[1].Restart(keepsRegion: false);
        }

        // At once, once in five minutes; what came in between is met by one more.
        Assert.InRange(mesh.Gateway.Status().Rekeys, 2ul, 4ul);
        var rekeys = mesh.Gateway.Status().Rekeys;
        mesh.Pass(Tuning.GroupCrowdPause);
        Assert.InRange(mesh.Gateway.Status().Rekeys, rekeys, rekeys + 1);
        Assert.Equal("departure of m2", mesh.Gateway.Status().LastRekey);
    }

    [Fact]
    public void AnIkeSaThatIsLostIsNoDeparture()
    {
        var mesh = new Mesh(2, s => s with { RekeyOnLeave = GroupLeave.Departure }, p => p with { LivenessSeconds = 10 }).UpAll().Pass(1000);
        mesh.Members[1].Restart(keepsRegion: false);
        mesh.Passes = d => !d.Remote.Address.Equals(mesh.Members[1].Address);
        mesh.Pass(120_000);
        Assert.Equal((1, 0ul), (mesh.Gateway.Status().Members, mesh.Gateway.Status().Rekeys));
        mesh.Passes = _ => true;
        mesh.Up(2);
        mesh.IsWhole();
        mesh.Members[1].Restart(keepsRegion: false);
        mesh.Up(2);
        Assert.Equal((2, 0ul), (mesh.Gateway.Status().Members, mesh.Gateway.Status().Rekeys));
    }

    [Fact]
    public void WhoJoinsGetsNoKeyOfBeforeWhereThatIsWanted()
    {
        var mesh = new Mesh(3, s => s with { RekeyOnJoin = true }).Up(1).Pass(40_000);
        var before = mesh.Last(1).Key;
        mesh.Up(2).Pass(1000);
        Assert.Equal("join of m2", mesh.Gateway.Status().LastRekey);
        Assert.DoesNotContain(mesh.Ledger.To(Mesh.Identity(2)), p => p.Key == before);
        Assert.Equal(mesh.Last(1).Key, mesh.Last(2).Key);
        // Nobody sends by it yet: one more that joins has it too, without another rekey.
        mesh.Up(3).Pass(5000);
        Assert.Equal(1ul, mesh.Gateway.Status().Rekeys);
        Assert.Equal([mesh.Last(2).Key], mesh.Ledger.To(Mesh.Identity(3)).Select(p => p.Key));
        mesh.IsWhole();
    }

    [Fact]
    public void WishesTogetherAreOneRekeyAndOneThatComesLaterFollows()
    {
        var mesh = new Mesh().UpAll().Pass(10_000);
        mesh.Passes = _ => false;
        for (var i = 0; i < 5; i++) mesh.Gateway.Do(new GroupRekeyAsked((ulong)i, "mesh"));
        mesh.Reconfigure(s => s with { Members = ["m1", "m2"] }).Pass(200);
        Assert.Equal(2ul, mesh.Gateway.Status().Rekeys + 1);
        for (var i = 0; i < 5; i++) mesh.Gateway.Do(new GroupRekeyAsked((ulong)i, "mesh"));
        mesh.Pass(600);
        Assert.Equal(1ul, mesh.Gateway.Status().Rekeys);
        mesh.Passes = _ => true;
        mesh.Pass(5000);
        Assert.Equal(2ul, mesh.Gateway.Status().Rekeys);
        Assert.Equal(0, mesh.Gateway.Status().Pending);
    }

    [Fact]
    public void OutOfSenderIdsEverybodyGetsANewSa()
    {
        var mesh = new Mesh(2, s => s with { SenderIdBits = 8, FirstSenderId = 10, LastSenderId = 17 }).UpAll();
        var key = mesh.Last(1).Key;
        Assert.Equal(2, mesh.Gateway.Status().SenderIdsLeft);
        mesh.Members[0].Restart(keepsRegion: false);
        mesh.Up(1);
        Assert.Equal((key, 0), (mesh.Last(1).Key, mesh.Gateway.Status().SenderIdsLeft));
        mesh.Members[1].Restart(keepsRegion: false);
        mesh.Up(2).Pass(1000);
        Assert.NotEqual(key, mesh.Last(2).Key);
        Assert.Equal((1ul, "sender-ids"), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().LastRekey));
        mesh.IsWhole();
    }

    /// <summary>One member cannot have everybody rekeyed again and again: it has its share, and then it waits.</summary>
    [Fact]
    public void WhoRegistersAgainAndAgainUsesUpItsShareAloneAndRekeysSeldom()
    {
        var mesh = new Mesh(2, s => s with { SenderIdBits = 8 }).UpAll();
        for (var i = 0; i < 250; i++)
        {
            mesh.Members[0].Restart(keepsRegion: false);
            mesh.Up(1, senders: 32).Pass(2000);
        }

        Assert.InRange(mesh.Gateway.Status().Rekeys, 1ul, 2ul);
        Assert.True(mesh.Gateway.Status().SenderIdsLeft > 100);
        Assert.Equal("current", mesh.Of(2).State);
        Assert.Equal("refused", mesh.Of(1).State);
        Assert.Contains("registered too often", mesh.Of(1).Problem);
        mesh.Pass(300_000);
        mesh.IsWhole();
    }

    [Fact]
    public void ARangeThatIsTooSmallForTheGroupLeavesSomebodyOutAndDoesNotRekeyForEver()
    {
        var mesh = new Mesh(3, s => s with { SenderIdBits = 8, FirstSenderId = 10, LastSenderId = 15 }).UpAll().Pass(60_000);
        Assert.Equal(0ul, mesh.Gateway.Status().Rekeys);
        var refused = Assert.Single(mesh.Gateway.Machine.GroupMembers("mesh"), m => m.State == "refused");
        Assert.Contains("widen sender_ids", refused.Problem);
    }

    [Fact]
    public void WhenOurOwnIvSpaceRunsOutWeTakeFreshSenderIdsAndRekeyWhenThereAreNone()
    {
        var mesh = new Mesh(1, s => s with { SenderIdBits = 8, FirstSenderId = 10, LastSenderId = 16 }).Up(1).Pass(5000);
        var spi = mesh.Gateway.Sending["mesh"];
        mesh.Gateway.Do(new GroupExpires("mesh", spi, false));
        mesh.Pass(10);
        Assert.Equal(0ul, mesh.Gateway.Status().Rekeys);
        Assert.Equal([14u, 15], mesh.Gateway.Installed.Values.Single().SenderIds);
        Assert.Equal(new ActivateGroupSa("mesh", spi), mesh.Gateway.Actions.OfType<ActivateGroupSa>().Last());
        mesh.Gateway.Do(new GroupExpires("mesh", spi, true));
        mesh.Pass(10);
        Assert.Equal((1ul, "sender-ids"), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().LastRekey));
        mesh.IsWhole();
    }

    [Fact]
    public void ADistributionLongerThanRoll1RaisesAnAlarm()
    {
        var mesh = new Mesh(2, s => s with { Rollover1Seconds = 3, Rollover2Seconds = 8 }).UpAll().Pass(5000);
        mesh.Passes = d => !d.Remote.Address.Equals(mesh.Members[1].Address);
        mesh.Rekey().Pass(3000);
        Assert.Contains("1 of 2 members had not acknowledged", mesh.Gateway.Status().Problem);
        Assert.Equal(1, mesh.Gateway.Status().Pending);
        Assert.Contains(mesh.Gateway.Actions.OfType<WriteLog>(), l => l is { Level: IkeLogLevel.Error, Key: "group-late" });
        mesh.Passes = _ => true;
        mesh.Pass(10_000);
        Assert.Contains("ROLL1 is 3000 ms", mesh.Gateway.Status().Problem);
        Assert.InRange(mesh.Gateway.Status().DistributionMilliseconds!.Value, 3000, 12_000);
        mesh.Rekey();
        Assert.Equal(("", 0L), (mesh.Gateway.Status().Problem, mesh.Gateway.Status().DistributionMilliseconds));
    }

    [Fact]
    public void AnotherCipherIsAnotherSa()
    {
        var mesh = new Mesh(1).Up(1).Pass(5000).Reconfigure(s => s with { Encryption = new(Messages.EncryptionTransform.ChaCha20Poly1305, 0) }).Run();
        Assert.Equal("configuration", mesh.Gateway.Status().LastRekey);
        Assert.Equal(Messages.EncryptionTransform.ChaCha20Poly1305, mesh.Last(1).Put.Encryption.Transform);
    }

    [Fact]
    public void AGroupThatIsServedNoMoreLeavesNothingBehind()
    {
        var mesh = new Mesh(1).Up(1);
        mesh.Gateway.Configure(mesh.Served() with { Groups = [] });
        Assert.Empty(mesh.Gateway.Installed);
        Assert.DoesNotContain(mesh.Gateway.Contexts.Keys, k => k <= uint.MaxValue);
        Assert.Empty(mesh.Gateway.Machine.Groups);
        mesh.Gateway.Configure(mesh.Served());
        mesh.Run();
        mesh.IsWhole();
    }

    /// <summary>Each try costs Sender-IDs: a node that cannot install must not have its group rekeyed again and again.</summary>
    [Fact]
    public void AnSaThatCanNeverBeInstalledDoesNotUseUpTheSenderIds()
    {
        var mesh = new Mesh(1, s => s with { SenderIdBits = 8 });
        mesh.Gateway.InstallProblem = "no room in the region";
        mesh.Rekey().Up(1).Pass(1_800_000);
        Assert.InRange(mesh.Gateway.Status().Rekeys, 0ul, 1ul);
        Assert.True(mesh.Gateway.Status().SenderIdsLeft > 200);
    }

    [Fact]
    public void FreshSenderIdsThatCannotBeInstalledAreTriedAgain()
    {
        var mesh = new Mesh(1).Up(1).Pass(5000);
        mesh.Gateway.InstallProblem = "no room in the region";
        mesh.Gateway.Do(new GroupExpires("mesh", mesh.Gateway.Sending["mesh"], true));
        mesh.Gateway.InstallProblem = null;
        var before = mesh.Gateway.Actions.Count;
        mesh.Pass(60_000);
        Assert.Single(mesh.Gateway.Actions.Skip(before).OfType<InstallGroupSa>());
        Assert.Equal("", mesh.Gateway.Status().Problem);
    }

    [Fact]
    public void AnSaThatCannotBeInstalledIsTriedAgainUnderFreshSenderIds()
    {
        var mesh = new Mesh(1).Up(1).Pass(5000);
        var sending = mesh.Gateway.Sending["mesh"];
        mesh.Gateway.InstallProblem = "no room in the region";
        mesh.Rekey();
        Assert.Contains("no room in the region", mesh.Gateway.Status().Problem);
        Assert.Equal(sending, mesh.Gateway.Sending["mesh"]);
        mesh.Gateway.InstallProblem = null;
        mesh.Pass(60_000);
        Assert.Equal("", mesh.Gateway.Status().Problem);
        mesh.IsWhole();
        Assert.NotEqual(sending, mesh.Gateway.Sending["mesh"]);
    }

    [Fact]
    public void RemovedOneByOneTheSasInUseAreBounded()
    {
        var mesh = new Mesh(12, s => s with { LeaveRollover1Seconds = 30, LeaveRollover2Seconds = 60 }).UpAll().Pass(5000);
        for (var left = 11; left > 0; left--)
        {
            mesh.Reconfigure(s => s with { Members = [.. s.Members.Take(left)] }).Pass(1000);
            Assert.InRange(mesh.Gateway.Installed.Count, 1, Tuning.MostGroupSas);
        }

        mesh.Pass(200_000);
        Assert.Single(mesh.Gateway.Installed);
        Assert.Equal("current", Assert.Single(mesh.Gateway.Machine.GroupMembers("mesh")).State);
        Assert.Equal(mesh.Gateway.Sending["mesh"], mesh.Members[0].Sending["mesh"]);
        Assert.All(mesh.Members.Skip(1), m => Assert.DoesNotContain(mesh.Ledger.To($"{m.Name}.example.org"), p => p.Key == mesh.Last(1).Key));
    }
}
