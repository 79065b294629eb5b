using Appliance.Cli;
using Appliance.Cli.Labs;

namespace Appliance.CliTests;

public sealed class ScenarioReaderTests : IDisposable
{
    private const string Good = """
        lab: three
        nodes:
          - { name: host-a, kind: host }
          - { name: host-b, kind: host }
          - { name: host-c, kind: host }
          - { name: gw-a, kind: gateway, configuration: gw-a.yaml }
          - { name: gw-b, kind: gateway, configuration: gw-b.yaml }
          - { name: gw-c, kind: gateway, configuration: gw-c.yaml, starts: later, export_keys: true }
        links:
          - { a: { node: host-a, device: eth0 }, b: { node: gw-a, device: lan0 } }
        wan: [ gw-a/lan0 ]
        traffic:
          sites:
            - { gateway: gw-a, host: host-a, addresses: [ 10.1.0.2, "fd00:1::2" ], outer: [ 192.0.2.1 ] }
            - { gateway: gw-b, host: host-b, addresses: [ 10.2.0.2 ], outer: [ "2001:db8::1" ] }
            - { gateway: gw-c, host: host-c, addresses: [ 10.3.0.2 ], outer: [ 192.0.2.3 ] }
        phases:
          - { do: direct }
          - { do: command, name: rekey, node: gw-a, command: [ ike, rekey, to-b ], seconds: 4, new_spi: true }
          - { do: join, node: gw-c, within_ms: 2000 }
          - { do: leave, node: gw-c, at: gw-a, replace: "excluded: []", by: "excluded: [ c ]", after_ms: 1500, seconds: 2 }
        """;

    private readonly Scratch scratch = new();

    public ScenarioReaderTests()
    {
        foreach (var name in new[] { "a", "b", "c" }) scratch.Write($"gw-{name}.yaml", $"instance: gw-{name}\nexcluded: []\n");
    }

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void SitesAndPhases_AreRead()
    {
        var lab = LabReader.Read(scratch.Write("lab.yaml", Good));
        Assert.Equal((true, true), (lab.Node("gw-c").Later, lab.Node("gw-c").ExportKeys));
        Assert.Equal((false, false), (lab.Node("gw-a").Later, lab.Node("gw-a").ExportKeys));
        Assert.Equal(["gw-a", "gw-b", "gw-c"], lab.Traffic!.Sites.Select(s => s.Gateway));
        // Those that start later ping nobody until they are there.
        Assert.Equal([new LabPing("host-a host-b", "host-a", "10.2.0.2"), new LabPing("host-b host-a", "host-b", "10.1.0.2")], lab.Traffic.Pings);
        Assert.Equal(6, ScenarioReader.Pairs(lab.Traffic.Sites).Count());
        Assert.Equal(["direct", "rekey", "join", "leave"], lab.Phases.Select(p => p.Name));
        var command = Assert.IsType<CommandPhase>(lab.Phases[1]);
        Assert.Equal(("gw-a", 4, true), (command.Node, command.Seconds, command.NewSpi));
        Assert.Equal(["ike", "rekey", "to-b"], command.Command);
        Assert.Equal(new JoinPhase("join", "gw-c", 2000), lab.Phases[2]);
        Assert.Equal(new LeavePhase("leave", "gw-c", "gw-a", "excluded: []", "excluded: [ c ]", 1500, 2), lab.Phases[3]);
    }

    [Theory]
    [InlineData("do: direct", "do: nothing", "'nothing' is no phase")]
    [InlineData("name: rekey", "name: direct", "there are two phases 'direct'")]
    [InlineData("join, node: gw-c", "join, node: gw-b", "gw-b is started with the lab")]
    [InlineData("leave, node: gw-c", "leave, node: gw-b", "gw-b does not export its keys")]
    [InlineData("replace: \"excluded: []\"", "replace: \"left out: []\"", "does not contain it")]
    [InlineData("at: gw-a,", "at: host-a,", "host-a is no gateway")]
    [InlineData("command: [ ike, rekey, to-b ]", "command: []", "no command")]
    [InlineData("outer: [ 192.0.2.1 ]", "outer: []", "one address a family")]
    [InlineData("gateway: gw-b, host", "gateway: gw-a, host", "there are two sites of 'gw-a'")]
    [InlineData("configuration: gw-b.yaml", "configuration: gw-b.yaml, starts: later", "two sites or more")]
    [InlineData("host-b, kind: host", "host-b, kind: host, starts: later", "only a gateway can start later")]
    [InlineData("host-b, kind: host", "host-b, kind: host, export_keys: true", "only a gateway has keys")]
    [InlineData("wan: [ gw-a/lan0 ]", "wan: []", "the lab names none")]
    [InlineData("seconds: 4", "seconds: 1", "seconds must be a number from 2 to 600")]
    public void WhatIsWrong_IsRefused(string right, string wrong, string said)
    {
        Assert.Contains(right, Good, StringComparison.Ordinal);
        var failure = Assert.Throws<Failure>(() => LabReader.Read(scratch.Write("lab.yaml", Good.Replace(right, wrong, StringComparison.Ordinal))));
        Assert.Contains(said, failure.Why, StringComparison.Ordinal);
        Assert.Equal(Failure.BadInput, failure.ExitCode);
    }
}
