using System.Net;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Exchanges;

[Trait("RFC", "4555")]
public class MobilityTests
{
    private static readonly IPAddress Elsewhere = IPAddress.Parse("192.0.2.77");

    private static Pair AnyAddress() => new Pair(a: p => p with { Local = [] }, b: p => p with { Local = [], Remote = [IPAddress.Parse("192.0.2.1")] }).Established();

    private static void Move(Pair pair, Gateway gateway)
    {
        gateway.Address = Elsewhere;
        gateway.Step(pair.Now, new AddressesChanged([Elsewhere]));
        pair.Run(5000);
    }

    [Fact]
    public void Rfc4555_3_5_TheInitiatorMoves_ChildrenGoWithItOnceThePeerHasProvenTheWay()
    {
        var pair = AnyAddress();
        var spi = pair.A.Children.Keys.Single();
        Move(pair, pair.A);
        Assert.Equal(spi, Assert.Single(pair.A.Children.Keys));
        Assert.True(pair.B.Children.Values.Single().Child.Remote.Address.Equals(Elsewhere), pair.Story());
        Assert.Equal(Elsewhere, pair.A.Children.Values.Single().Child.Local.Address);
        Assert.Equal(Elsewhere, Pair.Sa(pair.B).Remote.Address);
        pair.Check();
    }

    [Fact]
    public void Rfc4555_3_6_TheResponderMoves_TheInitiatorFollows()
    {
        var pair = AnyAddress();
        Move(pair, pair.B);
        Assert.True(pair.A.Children.Values.Single().Child.Remote.Address.Equals(Elsewhere), pair.Story());
        Assert.Equal(Elsewhere, pair.B.Children.Values.Single().Child.Local.Address);
        pair.Check();
    }

    [Fact]
    public void Rfc4555_3_7_WithoutAnAnswerFromThereTheChildrenStayWhereTheyWere()
    {
        var pair = AnyAddress();
        pair.Passes = (from, message) => from != pair.B || pair.Seen[^1].Header.IsResponse;
        Move(pair, pair.A);
        Assert.Equal(IPAddress.Parse("192.0.2.1"), pair.B.Children.Values.Single().Child.Remote.Address);
    }

    [Fact]
    public void WithoutMobikeAnAddressThatIsGoneEndsTheIkeSa()
    {
        var pair = new Pair(a: p => p with { Local = [], Mobike = false }, b: p => p with { Local = [] }).Established();
        var before = Pair.Sa(pair.A).InitiatorSpi;
        pair.A.Address = Elsewhere;
        pair.A.Step(pair.Now, new AddressesChanged([Elsewhere]));
        Assert.DoesNotContain(pair.A.Machine.All, s => s.InitiatorSpi == before);
    }

    [Fact]
    public void Rfc4555_1_3_WhoBeganFirstStillDecidesAfterThePeerRekeyedTheIkeSa()
    {
        var pair = AnyAddress();
        pair.B.Machine.Timers.Set(new(Pair.Sa(pair.B).LocalSpi, TimerKind.RekeyIke), pair.Now);
        pair.B.Step(pair.Now, TimePassed.Event);
        pair.Run(3000);
        Assert.False(Pair.Sa(pair.A).IsInitiator);
        Move(pair, pair.A);
        Assert.True(pair.B.Children.Values.Single().Child.Remote.Address.Equals(Elsewhere), pair.Story());
    }
}
