using Appliance.Ike;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Tests.Ike;

/// <summary>A gateway of a group and a member over loopback sockets: the multi-point SA comes to the host of each, is rekeyed when an operator asks, and survives a successor.</summary>
[Collection(Node.Addresses)]
public sealed class GroupNodesTests
{
    private static readonly string A = Node.Loopback(2), B = Node.Loopback(3);

    [SkippableFact]
    public async Task TheGatewaysKeyComesToTheMemberWithOtherSenderIds()
    {
        using var gateway = Gateway();
        using var member = Member();
        await Up(gateway, member);
        var (here, there) = (gateway.Groups.All[^1], member.Groups.All[^1]);
        Assert.Equal((here.Sa.Spi, here.Sa.Encryption), (there.Sa.Spi, there.Sa.Encryption));
        Assert.Equal(here.Key, there.Key);
        Assert.Empty(here.Sa.SenderIds.Intersect(there.Sa.SenderIds));
        Assert.Equal((1, 1), (here.Sa.SenderIds.Count, there.Sa.SenderIds.Count));
        Assert.Equal("gateway", gateway.On(() => Assert.Single(gateway.Ike.Groups)).Role);
        Assert.Equal(("member", "gw"), member.On(() => (Assert.Single(member.Ike.Groups).Role, Assert.Single(member.Ike.Groups).Sas[0].Sa.Gateway)));
        await Waiting.For(() => gateway.On(() => gateway.Ike.GroupMembers("mesh").ToList()) is [{ State: "current" }], "the member has it");
        var lines = File.ReadAllLines(member.ExportFile + ".esp");
        Assert.Contains(lines, l => l.StartsWith("\"IPv6\",\"*\",\"*\",\"0x" + there.Sa.Spi.ToString("x8"), StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task AnOperatorRekeysAtTheGatewayAlone()
    {
        using var gateway = Gateway();
        using var member = Member();
        await Up(gateway, member);
        var before = member.Groups.All[^1].Sa.Spi;
        Assert.True(await gateway.RekeyGroupAsync("mesh"));
        await Waiting.For(() => member.Groups.All.Count == 2 && gateway.Groups.All.Count == 2, $"a second SA\n{gateway.Log.All}\n---\n{member.Log.All}");
        Assert.NotEqual(before, member.Groups.All.Single(s => s.Sa.Spi != before).Sa.Spi);
        Assert.Contains("ask its gateway", (await Assert.ThrowsAsync<RefusedException>(() => member.RekeyGroupAsync("mesh"))).Message, StringComparison.Ordinal);
        Assert.Contains("no group is named", (await Assert.ThrowsAsync<RefusedException>(() => gateway.RekeyGroupAsync("other"))).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task SuccessorsGoOnWithTheSameSa()
    {
        using var gateway = Gateway();
        using var member = Member();
        await Up(gateway, member);
        var (here, there) = (gateway.Groups.All[^1], member.Groups.All[^1]);
        gateway.Restart();
        member.Restart();
        Assert.Equal(here.Sa.Spi, gateway.On(() => gateway.Ike.Groups.Single().Sas[0].Sa.Spi));
        Assert.Equal((there.Sa.Spi, there.Sa.SenderIds[0]), member.On(() => (member.Ike.Groups.Single().Sas[0].Sa.Spi, member.Ike.Groups.Single().Sas[0].Sa.SenderIds[0])));
        Assert.Equal((1, 1), (gateway.Groups.All.Count, member.Groups.All.Count));
        Assert.Equal((here.Sa.SenderIds[0], there.Sa.SenderIds[0]), (gateway.Groups.All[0].Sa.SenderIds[0], member.Groups.All[0].Sa.SenderIds[0]));
    }

    private static Node Gateway() => new(A, B, TwoNodesTests.Configuration("cpe", "192.0.2.1", "198.51.100.1")
        + "groups:\n  - { name: mesh, local: 192.0.2.1, serve: { members: [cpe], lifetime: 10m, rollover: [20s, 60s] } }\n");

    private static Node Member() => new(B, A, TwoNodesTests.Configuration("gw", "198.51.100.1", "192.0.2.1") + "groups:\n  - { name: mesh, local: 198.51.100.1, gateways: [gw] }\n");

    private static async Task Up(Node gateway, Node member)
    {
        try
        {
            Assert.True(await member.AskAsync(OperatorVerb.Up, "gw"));
            await Waiting.For(() => gateway.Groups.All.Count > 0 && member.Groups.All.Count > 0, "the SA at both");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{gateway.Log.All}\n---\n{member.Log.All}", exception);
        }
    }
}
