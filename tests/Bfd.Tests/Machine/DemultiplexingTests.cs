using System.Net;
using Appliance.Bfd.Tests.Rig;

namespace Appliance.Bfd.Tests.Machine;

[Trait("RFC", "5880")]
public sealed class DemultiplexingTests
{
    private readonly Node node = new("A", 9);

    [Theory]
    [InlineData(254, PacketProblem.Ttl)]
    [InlineData(0, PacketProblem.Ttl)]
    [InlineData(255, PacketProblem.None)]
    public void Rfc5881_5_ASingleHopHasTheHighestTtl(int ttl, PacketProblem problem)
    {
        node.Want(Node.Path(true));
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Down), ttl: ttl));
        Assert.Equal(problem == PacketProblem.None ? BfdState.Init : BfdState.Down, node.Session.State);
        if (problem != PacketProblem.None) Assert.Equal(1, node.Machine.Dropped(problem));
    }

    [Theory]
    [InlineData(0, 3, true)]
    [InlineData(250, 249, false)]
    [InlineData(250, 250, true)]
    public void Rfc5883_AMultihopSessionHasTheTtlThatWasAskedFor(int minimum, int ttl, bool taken)
    {
        var path = Node.Path(true, multihop: true);
        node.Step(new BfdSessionWanted("n", path, new BfdIntervals(50, 50, 3)) { MinimumTtl = minimum });
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Down), path, ttl));
        Assert.Equal(taken ? BfdState.Init : BfdState.Down, node.Session.State);
    }

    [Fact]
    public void Rfc5881_3_WithoutADiscriminatorAddressesSelectTheSession()
    {
        var stranger = Node.Path(true) with { Remote = IPAddress.Parse("192.0.2.9") };
        node.Want(Node.Path(true));
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Down), stranger));
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Down), Node.Path(true, multihop: true)));
        Assert.Equal((2L, 0L), (node.Machine.Dropped(PacketProblem.Neighbor), node.Session.Received));
        Assert.Single(node.Machine.Status(default));
    }

    [Fact]
    public void Rfc5880_6_8_6_ADiscriminatorMustBeOursAndTheNeighbours()
    {
        node.Want(Node.Path(true));
        var ours = node.Session.Discriminator;
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Init) with { YourDiscriminator = ours ^ 1 }));
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Init) with { YourDiscriminator = ours }, Node.Path(true) with { Remote = IPAddress.Parse("192.0.2.9") }));
        Assert.Equal((2L, BfdState.Down), (node.Machine.Dropped(PacketProblem.YourDiscriminator), node.Session.State));
        node.Step(SessionTests.Packet(SessionTests.Hello(BfdState.Init) with { YourDiscriminator = ours }));
        Assert.Equal(BfdState.Up, node.Session.State);
    }

    [Theory]
    [InlineData(BfdState.Init)]
    [InlineData(BfdState.Up)]
    public void Rfc5880_6_8_6_WhoKnowsUsNotIsDown(BfdState state)
    {
        node.Want(Node.Path(true));
        node.Step(SessionTests.Packet(SessionTests.Hello(state)));
        Assert.Equal((1L, BfdState.Down), (node.Machine.Dropped(PacketProblem.State), node.Session.State));
    }

    [Fact]
    public void Rfc5880_6_8_6_AuthenticationThatIsNotInUseIsRefused()
    {
        node.Want(Node.Path(true));
        var packet = SessionTests.Packet(SessionTests.Hello(BfdState.Down));
        byte[] octets = [.. packet.Octets.Span, 1, 4, 7, 0];
        octets[1] |= 4;
        octets[3] = 28;
        node.Step(packet with { Octets = octets });
        Assert.Equal((1L, BfdState.Down), (node.Machine.Dropped(PacketProblem.Authentication), node.Session.State));
    }

    [Fact]
    public void Rfc5882_4_4_WhoWantsTheSamePathSharesTheSession()
    {
        var pair = new Pair();
        pair.A.Want(Node.Path(true), 300, 5, "bgp");
        pair.A.Want(Node.Path(true), 100, 3, "operator");
        pair.B.Want(Node.Path(false), 50);
        pair.Run(3000);
        Assert.Equal(["bgp", "operator"], pair.A.Session.Keys.Order());
        Assert.Equal((100, 3), (pair.A.Session.TransmitMilliseconds, pair.A.Session.DetectMult));
        Assert.Equal(["bgp", "operator"], pair.A.Changes.Select(c => c.Change.Key).Order());
        pair.A.Step(new BfdSessionUnwanted("operator"));
        pair.Run(3000);
        Assert.Equal((300, 5, BfdState.Up), (pair.A.Session.TransmitMilliseconds, pair.A.Session.DetectMult, pair.B.Session.State));
        pair.A.Want(Node.Path(true), 300, 5, "late");
        Assert.True(pair.A.Changes[^1].Change is { Key: "late", IsUp: true });
    }

    [Fact]
    public void AKeyThatMovesToAnotherPathLeavesTheFirst()
    {
        var pair = Pair.Up();
        pair.A.Want(Node.Path(true) with { Remote = IPAddress.Parse("192.0.2.9") });
        pair.Run(10);
        Assert.Equal((BfdState.AdminDown, BfdState.Down), (pair.A.Machine.Status(default)[0].State, pair.A.Machine.Status(default)[1].State));
        Assert.True(pair.B.Changes[^1].Change.IsAdministrative);
        pair.Run(10_000);
        Assert.Single(pair.A.Machine.Status(default));
    }

    [Fact]
    public void SessionsAreBounded()
    {
        for (var i = 0; i <= BfdMachine.MostSessions; i++) node.Want(Node.Path(true) with { Remote = new IPAddress(0x0a000000L + i) }, key: $"n{i}");
        Assert.Equal($"n{BfdMachine.MostSessions}", Assert.Single(node.Refusals).Key);
        Assert.Equal(BfdMachine.MostSessions, node.Machine.Status(default).Select(s => s.Discriminator).Distinct().Count());
    }

    [Theory]
    [InlineData(9, 50, 3)]
    [InlineData(50, 60_001, 3)]
    [InlineData(50, 50, 0)]
    [InlineData(50, 50, 256)]
    public void IntervalsOutOfTheirLimitsAreRefused(int transmit, int receive, int multiplier)
    {
        node.Step(new BfdSessionWanted("n", Node.Path(true), new BfdIntervals(transmit, receive, multiplier)));
        Assert.Single(node.Refusals);
        Assert.Empty(node.Machine.Status(default));
    }
}
