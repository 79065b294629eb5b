using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>Additional key exchanges in CREATE_CHILD_SA (RFC 9370 §2.2.4): IKE SA and children, both roles, lost messages, state that is gone.</summary>
public class FollowupTests
{
    private static readonly IReadOnlyList<KeyExchangeMethod>[] Two = [[KeyExchangeMethod.EcpP256], [KeyExchangeMethod.EcpP384]];

    private static IkePeer Additional(IkePeer peer) => peer with
    {
        Proposals = [peer.Proposals[0] with { KeyExchange = [KeyExchangeMethod.Curve25519], Additional = Two }],
        Children = [.. peer.Children.Select(c => c with { Proposals = [c.Proposals[0] with { KeyExchange = [KeyExchangeMethod.Curve25519], Additional = Two }] })],
    };

    private static Pair Established() => new Pair(Additional, Additional).Established();

    private static int Followups(Pair pair) => pair.Seen.Count(s => s.Header is { Exchange: ExchangeType.IkeFollowupKe, IsResponse: false });

    private static void Rekey(Pair pair, Gateway gateway, string name) => gateway.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Rekey, name));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rfc9370_2_2_4_AChildIsRekeyedWithAllKeyExchanges(bool byInitiator)
    {
        var pair = Established();
        var before = pair.A.Children.Keys.Single();
        Rekey(pair, byInitiator ? pair.A : pair.B, "net");
        pair.Run(10_000);
        Assert.Equal((1, 1), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.NotEqual(before, pair.A.Children.Keys.Single());
        Assert.All(pair.A.Children.Values.Concat(pair.B.Children.Values), c => Assert.True(c.Active));
        Assert.Equal(2, Followups(pair));
        pair.Check();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rfc9370_2_2_4_AnIkeSaIsRekeyedWithAllKeyExchanges(bool byInitiator)
    {
        var pair = Established();
        var (before, children) = (Pair.Sa(pair.A).LocalSpi, pair.A.Children.Keys.ToArray());
        var gateway = byInitiator ? pair.A : pair.B;
        gateway.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Rekey, byInitiator ? "b" : "a"));
        pair.Run(20_000);
        Assert.NotEqual(before, Pair.Sa(pair.A).LocalSpi);
        Assert.Single(pair.A.Machine.All);
        Assert.Single(pair.B.Machine.All);
        Assert.Equal([KeyExchangeMethod.EcpP256, KeyExchangeMethod.EcpP384], Pair.Sa(pair.A).Suite!.Additional);
        Assert.Equal(4, Followups(pair));
        Assert.NotEqual(children, pair.A.Children.Keys);
        pair.Check();
        // Both sides have the same keys: they hear each other.
        Rekey(pair, pair.B, "net");
        pair.Run(10_000);
        Assert.Equal(6, Followups(pair));
        pair.Check();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Rfc9370_2_2_4_LostMessagesDelayItAndNoMore(int every)
    {
        var pair = Established();
        var (before, count) = (Pair.Sa(pair.A).LocalSpi, 0);
        pair.Passes = (_, _) => ++count % every != 0;
        pair.A.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Rekey, "b"));
        pair.Run(200_000);
        pair.Passes = (_, _) => true;
        pair.Run(100_000);
        Assert.NotEqual(before, Pair.Sa(pair.A).LocalSpi);
        Assert.Single(pair.A.Children);
        pair.Check();
    }

    [Fact]
    public void Rfc9370_2_2_4_ANewChildHasAllKeyExchanges()
    {
        var pair = Established();
        pair.A.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Down, "net"));
        pair.Run(1000);
        Assert.Empty(pair.B.Children);
        pair.A.Step(pair.Now, new OperatorAsked(2, OperatorVerb.Up, "net"));
        pair.Run(1000);
        Assert.Single(pair.B.Children);
        Assert.Equal(2, Followups(pair));
        pair.Check();
    }

    [Theory]
    [InlineData("net")]
    [InlineData("")]
    public void Rfc9370_2_2_4_BothRekeyAtOnceAndOneOfThemStays(string name)
    {
        var pair = Established();
        Rekey(pair, pair.A, name.Length > 0 ? name : "b");
        Rekey(pair, pair.B, name.Length > 0 ? name : "a");
        pair.Run(30_000);
        Assert.Single(pair.A.Children);
        Assert.Single(pair.B.Children);
        Assert.Single(pair.A.Machine.All);
        Assert.Single(pair.B.Machine.All);
        Assert.True(Followups(pair) >= 2, pair.Story());
        pair.Check();
    }

    [Fact]
    public void Rfc9370_2_2_4_StateThatIsGoneFailsTheRekeyingWhichIsTriedAgain()
    {
        var pair = Established();
        var before = pair.A.Children.Keys.Single();
        pair.Passes = (_, _) =>
        {
            if (pair.Seen[^1].Header is { Exchange: ExchangeType.IkeFollowupKe, IsResponse: false } && Followups(pair) == 1) Pair.Sa(pair.B).ForgetFollowups();
            return true;
        };
        Rekey(pair, pair.A, "net");
        pair.Run(1000);
        Assert.Equal([before], pair.A.Children.Keys);
        Assert.Contains(pair.A.Log, l => l.Text.Contains("StateNotFound", StringComparison.Ordinal));
        pair.Run(10_000);
        Assert.NotEqual(before, Assert.Single(pair.A.Children.Keys));
        pair.Check();
    }

    [Fact]
    public void WhatThePeerDoesNotGoOnWithIsBoundedAndForgotten()
    {
        var pair = Established();
        var sa = Pair.Sa(pair.B);
        var step = new Step(pair.B.Machine, new StepContext(pair.Now, new Entropy(new byte[32])), []);
        using var secret = new Secret(new byte[32]);
        var kept = Enumerable.Range(0, 10).Select(_ => new PendingFollowup(Two[0], secret, null!, step)).ToArray();
        foreach (var followup in kept) sa.Keep(step, followup);
        Assert.Null(sa.TakeFollowup(kept[0].Link));
        Assert.NotNull(sa.TakeFollowup(kept[9].Link));
        Assert.Null(sa.TakeFollowup(kept[9].Link));
        pair.Run(61_000);
        Assert.Null(sa.TakeFollowup(kept[8].Link));
    }

    [Fact]
    public void APeerWithoutAdditionalKeyExchangesIsServedWhenTheyMayBeLeftOut()
    {
        IReadOnlyList<KeyExchangeMethod>[] optional = [[KeyExchangeMethod.EcpP256, KeyExchangeMethod.None]];
        var pair = new Pair(null, p => p with { Children = [p.Children[0] with { Proposals = [p.Children[0].Proposals[0] with { KeyExchange = [KeyExchangeMethod.Curve25519], Additional = optional }] }] }).Established();
        Rekey(pair, pair.A, "net");
        pair.Run(5000);
        Rekey(pair, pair.B, "net");
        pair.Run(5000);
        Assert.Equal(0, Followups(pair));
        Assert.Single(pair.A.Children);
        pair.Check();
    }
}
