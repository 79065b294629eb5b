using Appliance.Ike;

namespace Appliance.SlowPath.Tests.Ike;

/// <summary>Two IKE daemons of ours over loopback sockets.</summary>
[Collection(Node.Addresses)]
public sealed class TwoNodesTests
{
    private static readonly string A = Node.Loopback(0), B = Node.Loopback(1);

    [SkippableFact]
    public async Task OperatorBringsUpAPeerWithAPresharedKey()
    {
        using var a = new Node(A, B, Configuration("gw-b", "192.0.2.1", "198.51.100.1"));
        using var b = new Node(B, A, Configuration("gw-a", "198.51.100.1", "192.0.2.1"));
        await Up(a, b, () => a.AskAsync(OperatorVerb.Up, "gw-b"));
        var (here, there) = (Assert.Single(a.Children.All), Assert.Single(b.Children.All));
        Assert.Equal(here.Child.InboundSpi, there.Child.OutboundSpi);
        Assert.Equal(here.Inbound, there.Outbound);
        Assert.Equal(here.Outbound, there.Inbound);
        Assert.NotEqual(here.Inbound, here.Outbound);
        Assert.Single(File.ReadAllLines(a.ExportFile));
        Assert.Equal(2, File.ReadAllLines(a.ExportFile + ".esp").Length);
    }

    [SkippableFact]
    public async Task DownDeletesOnBothSides()
    {
        using var a = new Node(A, B, Configuration("gw-b", "192.0.2.1", "198.51.100.1"));
        using var b = new Node(B, A, Configuration("gw-a", "198.51.100.1", "192.0.2.1"));
        await Up(a, b, () => a.AskAsync(OperatorVerb.Up, "gw-b"));
        await a.AskAsync(OperatorVerb.Down, "gw-b");
        await Waiting.For(() => a.Sas.Count == 0 && b.Sas.Count == 0 && b.Children.All.Count == 0, $"no IKE SA\n{a.Log.All}\n---\n{b.Log.All}");
    }

    [SkippableFact]
    public async Task SuccessorGoesOnWithTheSameIkeSa()
    {
        using var a = new Node(A, B, Configuration("gw-b", "192.0.2.1", "198.51.100.1"));
        using var b = new Node(B, A, Configuration("gw-a", "198.51.100.1", "192.0.2.1"));
        await Up(a, b, () => a.AskAsync(OperatorVerb.Up, "gw-b"));
        var before = Assert.Single(a.Sas);
        a.Restart();
        var after = Assert.Single(a.Sas);
        Assert.Equal((before.InitiatorSpi, before.ResponderSpi, "established"), (after.InitiatorSpi, after.ResponderSpi, after.State));
        Assert.Equal(before.Children.Select(c => c.Child.InboundSpi), after.Children.Select(c => c.Child.InboundSpi));
        b.Restart();

        // The successors talk to each other under the keys of their predecessors.
        Assert.True(await a.AskAsync(OperatorVerb.Rekey, "gw-b"), a.Log.All);
        var child = before.Children[0].Child.InboundSpi;
        await Waiting.For(() => a.Children.All is [var one] && one.Child.InboundSpi != child && b.Children.All is [var other] && other.Child.OutboundSpi == one.Child.InboundSpi,
            $"the rekeyed child\n{a.Log.All}\n---\n{b.Log.All}");
    }

    [SkippableFact]
    public async Task WrongKeyIsRefusedAndSaid()
    {
        using var a = new Node(A, B, Configuration("gw-b", "192.0.2.1", "198.51.100.1", "0x0101010101010101010101010101010101010101010101010101010101010101"));
        using var b = new Node(B, A, Configuration("gw-a", "198.51.100.1", "192.0.2.1"));
        var refused = await Assert.ThrowsAsync<Appliance.SlowPath.Sas.RefusedException>(() => a.AskAsync(OperatorVerb.Up, "gw-b"));
        Assert.Contains("AUTHENTICATION_FAILED", refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(a.Sas.Concat(b.Sas), s => s.State == "established");
        Assert.Empty(b.Children.All);
    }

    private static async Task Up(Node a, Node b, Func<Task<bool>> ask)
    {
        try
        {
            Assert.True(await ask());
            await Waiting.For(() => a.IsUp && b.IsUp, "both ends up");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{a.Log.All}\n---\n{b.Log.All}", exception);
        }
    }

    internal static string Configuration(string peer, string local, string remote, string key = "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff") => $$"""
        ports:
          - { name: lan, device: lan0, side: protected }
          - { name: wan, device: wan0, side: unprotected }
        peers:
          - { name: {{peer}}, local: {{local}}, remote: {{remote}}, auth: psk, psk: "{{key}}" }
        tunnels:
          - { name: to-{{peer}}, peer: {{peer}}, local_selectors: [10.1.0.0/16], remote_selectors: [10.1.0.0/16], routes: [10.1.0.0/16], start: passive }

        """;
}
