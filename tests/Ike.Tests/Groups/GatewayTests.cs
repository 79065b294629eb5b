using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>A gateway makes the multi-point SA and hands it out (draft-yamaya-ipsecme-mpsa-04 §3.3.1).</summary>
public class GatewayTests
{
    [Fact]
    public void TheSaIsThereBeforeAnyMemberConnects()
    {
        var mesh = new Mesh();
        var (key, sa) = Assert.Single(mesh.Gateway.Installed);
        Assert.Equal(sa.Spi, mesh.Gateway.Sending["mesh"]);
        Assert.True(key.Spi > 255);
        Assert.Equal([1u, 2u], sa.SenderIds);
        Assert.Equal(("mesh", "mesh", 12, 4096), (sa.Group, sa.Gateway, sa.SenderIdBits, sa.ReplayWindow));
        Assert.Equal((0, 0), (mesh.Gateway.Status().Members, mesh.Gateway.Status().Pending));
        Assert.Equal("current", Assert.Single(mesh.Gateway.Status().Sas).State);
    }

    [Fact]
    public void WhoConnectsIsToldTheSaWithSenderIdsOfItsOwn()
    {
        var mesh = new Mesh().UpAll();
        mesh.IsWhole();
        var puts = mesh.Ledger.Puts;
        Assert.Equal(3, puts.Count);
        Assert.Single(puts.Select(p => p.Key).Distinct());
        Assert.Equal([3u, 4, 5, 6, 7, 8], puts.SelectMany(p => p.Put.SenderIds));
        Assert.All(puts, p => Assert.Equal((12, "mesh"), (p.Put.SenderIdBits, p.Put.Group)));
        Assert.All(puts, p => Assert.Equal(puts[0].Put.Spi, p.Put.Spi));
        Assert.Equal([5u, 6], mesh.Of(2).SenderIds);
        Assert.Equal((Mesh.Identity(2), "current", ""), (mesh.Of(2).Identity, mesh.Of(2).State, mesh.Of(2).Problem));
        Assert.Equal((3, 0, 4095L - 8), (mesh.Gateway.Status().Members, mesh.Gateway.Status().Pending, mesh.Gateway.Status().SenderIdsLeft));
    }

    [Fact]
    public void TimesAreWhatIsLeftOnTheGatewaysClock()
    {
        var mesh = new Mesh().Up(1).Pass(1000).Rekey();
        var first = mesh.Last(1).Put;
        Assert.Equal((3600u, 30u, 90u), (first.LifetimeSeconds, first.Rollover1Seconds, first.Rollover2Seconds));
        mesh.Pass(19_000).Up(2);
        var second = mesh.Last(2).Put;
        Assert.Equal((first.Spi, 3580u, 10u, 70u), (second.Spi, second.LifetimeSeconds, second.Rollover1Seconds, second.Rollover2Seconds));
        mesh.Pass(20_000).Up(3);
        Assert.Equal((first.Spi, 3560u, 0u, 50u), (mesh.Last(3).Put.Spi, mesh.Last(3).Put.LifetimeSeconds, mesh.Last(3).Put.Rollover1Seconds, mesh.Last(3).Put.Rollover2Seconds));
    }

    [Fact]
    public void WhoJoinsInARolloverGetsBothSas()
    {
        var mesh = new Mesh(2).Up(1).Pass(1000).Rekey().Up(2);
        var spis = mesh.Gateway.Machine.Servers.Find("mesh")!.Sas.Select(s => s.Spi);
        Assert.Equal(2, spis.Count());
        Assert.Equal(spis, mesh.Ledger.To(Mesh.Identity(2)).Select(p => p.Put.Spi));
        mesh.IsWhole();
    }

    [Fact]
    public void ANewRegistrationGetsFreshSenderIds()
    {
        var mesh = new Mesh(1).Up(1);
        var first = mesh.Last(1);
        mesh.Members[0].Restart(keepsRegion: false);
        mesh.Up(1);
        var second = mesh.Last(1);
        Assert.NotEqual(first.IkeSpi, second.IkeSpi);
        Assert.Equal(first.Key, second.Key);
        Assert.Empty(first.Put.SenderIds.Intersect(second.Put.SenderIds));
        Assert.Single(mesh.Gateway.Machine.GroupMembers("mesh"));
    }

    [Fact]
    public void ARekeyedIkeSaIsTheSameRegistration()
    {
        var mesh = new Mesh(1).Up(1);
        var first = mesh.Last(1);
        mesh.Gateway.Do(new OperatorAsked(1, OperatorVerb.Rekey, "m1"));
        mesh.Pass(5000);
        Assert.NotEqual(first.IkeSpi, mesh.Gateway.Sa!.LocalSpi);
        Assert.Equal("current", mesh.Of(1).State);
        Assert.Equal(first.Put.SenderIds, mesh.Of(1).SenderIds);
        mesh.Rekey();
        Assert.Equal(mesh.Gateway.Sa.LocalSpi, mesh.Last(1).IkeSpi);
        mesh.IsWhole();
    }

    [Fact]
    public void AStrangerGetsPairwiseSasAlone()
    {
        var mesh = new Mesh(2, s => s with { Members = ["m1"] }).Up(1).Up(2);
        Assert.Empty(mesh.Ledger.To(Mesh.Identity(2)));
        Assert.Equal("m1", Assert.Single(mesh.Gateway.Machine.GroupMembers("mesh")).Peer);
    }

    [Fact]
    public void AMemberThatDoesNotKnowMultiPointSasIsPairwise()
    {
        var mesh = new Mesh(2).Up(1, knowsGroups: false).Up(2);
        Assert.Empty(mesh.Ledger.To(Mesh.Identity(1)));
        Assert.Equal(("pairwise", "current"), (mesh.Of(1).State, mesh.Of(2).State));
        Assert.Contains("does not know", mesh.Of(1).Problem);
        Assert.Equal(0, mesh.Gateway.Status().Pending);
        mesh.Rekey();
        Assert.Empty(mesh.Ledger.To(Mesh.Identity(1)));
        Assert.NotNull(mesh.Gateway.Status().DistributionMilliseconds);
    }

    [Fact]
    public void AnExcludedIdentityGetsNothing()
    {
        var mesh = new Mesh(2, s => s with { Excluded = [IdentityPattern.Exactly(Identity.Fqdn(Mesh.Identity(2)))] }).UpAll();
        Assert.Empty(mesh.Ledger.To(Mesh.Identity(2)));
        Assert.Single(mesh.Gateway.Machine.GroupMembers("mesh"));
        Assert.NotNull(mesh.Members[1].Sa);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhoKnowsTheDraftAloneGetsCbcAndNoCounterMode(bool cbc)
    {
        var mesh = new Mesh(1, s => cbc ? s with { Encryption = new(EncryptionTransform.AesCbc, 256), Integrity = IntegrityTransform.HmacSha256Bits128 } : s);
        // As if the member had not sent our own vendor ID.
        mesh.Passes = _ =>
        {
            foreach (var sa in mesh.Gateway.Machine.All) sa.Extensions &= ~Machine.Extensions.SenderIds;
            return true;
        };
        mesh.Up(1);
        Assert.Equal(cbc ? "current" : "pairwise", mesh.Of(1).State);
        if (!cbc)
        {
            Assert.Empty(mesh.Ledger.Puts);
            return;
        }

        var put = Assert.Single(mesh.Ledger.Puts).Put;
        Assert.Equal((0, 0, null), (put.SenderIds.Count, put.SenderIdBits, put.Group));
        Assert.Equal((0, 0), (mesh.Gateway.Installed.Values.Single().SenderIds.Count, mesh.Gateway.Installed.Values.Single().ReplayWindow));
    }

    [Fact]
    public void WhoAsksForNoSenderIdIsRefusedAndSaysWhy()
    {
        var mesh = new Mesh(1).Up(1, senders: 0);
        Assert.Empty(mesh.Ledger.Puts);
        Assert.Equal("refused", mesh.Of(1).State);
        Assert.Contains("GROUP_SENDER", mesh.Of(1).Problem);
    }

    [Fact]
    public void ARefusalOfAMemberIsSeenAndTheNextSaIsTriedAgain()
    {
        var mesh = new Mesh(2).UpAll();
        var sa = mesh.Gateway.Machine.All.Single(s => s.PeerName == "m1");
        Refuse(mesh, sa, MpsaRefusal.NoRoom);
        Assert.Equal(("refused", "it has no room for it"), (mesh.Of(1).State, mesh.Of(1).Problem));
        Assert.Contains(mesh.Gateway.Actions.OfType<WriteLog>(), l => l is { Level: IkeLogLevel.Warning, Key: "group-refused" });
        mesh.Rekey();
        Assert.Equal("current", mesh.Of(1).State);
    }

    [Fact]
    public void TheOperatorRekeysAndIsToldWhoServesNothing()
    {
        var mesh = new Mesh(1).Up(1).Rekey();
        Assert.Null(mesh.Gateway.Actions.OfType<AnswerOperator>().Last().Problem);
        Assert.Equal((1ul, "operator"), (mesh.Gateway.Status().Rekeys, mesh.Gateway.Status().LastRekey));
        mesh.Gateway.Do(new GroupRekeyAsked(1, "nothing"));
        Assert.Contains("mesh", mesh.Gateway.Actions.OfType<AnswerOperator>().Last().Problem);
        mesh.Members[0].Do(new GroupRekeyAsked(1, "mesh"));
        Assert.Contains("ask its gateway", mesh.Members[0].Actions.OfType<AnswerOperator>().Last().Problem);
    }

    private static void Refuse(Mesh mesh, IkeSa sa, MpsaRefusal reason)
    {
        var spi = BitConverter.GetBytes(mesh.Gateway.Machine.Servers.Find("mesh")!.Newest!.Spi).Reverse().ToArray();
        GroupServers.Refused(new Step(mesh.Gateway.Machine, new Appliance.Machine.StepContext(mesh.Now, new(new byte[32])), mesh.Gateway.Actions), sa, MpsaPutCodec.Refusal(spi, reason));
    }
}
