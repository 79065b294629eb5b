using Appliance.Cli;
using Appliance.Cli.Show;
using Appliance.Shared;

namespace Appliance.CliTests;

public sealed class ShowTests : IDisposable
{
    private static readonly RegionSizes Small = new() { OutboundSas = 8, InboundSas = 8, Tunnels = 2, NextHops = 8, Adjacencies = 8, SpdRules = 8, Ipv4Groups = 2, Ipv6Nodes = 16, EventsPerWorker = 16 };

    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void Health_ComesFromTheRegion_WhenTheSlowPathIsSilent()
    {
        var paths = RuntimePaths.At(scratch.Path);
        using var region = Region.CreateOrOpen(paths.Region, Small, 1, out _);
        region.Header.DataPlaneReady = 1;
        region.Header.DataPlaneProcess = 4711;
        region.Header.DataPlaneHeartbeat = Environment.TickCount64;
        region.Port(1).Name.Set("wan");
        region.Port(1).Running = PortState.Lost;
        region.Port(1).State = SlotState.Live;
        var health = HealthView.Ask(paths);
        Assert.Equal("degraded", (string?)health["status"]);
        Assert.Equal("region", (string?)health["source"]);
        Assert.Equal(4711, (int?)health["processes"]!["data_plane"]!["process"]);
        var problems = health["problems"]!.AsArray().Select(p => (string?)p!["what"]).ToList();
        Assert.Equal(["the slow path does not answer", "port wan is lost"], problems);

        region.Header.DataPlaneHeartbeat = Environment.TickCount64 - 10_000;
        Assert.Equal("down", (string?)HealthView.Ask(paths)["status"]);
        var text = HealthView.Text(HealthView.Ask(paths), 80);
        Assert.Contains("the data plane does not run", text, StringComparison.Ordinal);
        Assert.Contains("status: down", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Health_WithoutSlowPathAndRegion_IsAFailureThatSaysWhatToDo()
    {
        var failure = Assert.Throws<Failure>(() => HealthView.Ask(RuntimePaths.At(scratch.Path)));
        Assert.Equal(Failure.AtRunTime, failure.ExitCode);
        Assert.Contains("appliance run", failure.Todo, StringComparison.Ordinal);
        Assert.Contains("where:", failure.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_AddUpLiveSasAndDropsOfAllWorkers()
    {
        using var region = Region.CreateOrOpen(RuntimePaths.At(scratch.Path).Region, Small, 2, out _);
        for (uint i = 0; i < 3; i++)
        {
            region.OutboundSa(i).State = i == 2 ? SlotState.Retired : SlotState.Live;
            region.OutboundState(i).Packets = 10;
            region.OutboundState(i).Bytes = 1000;
        }

        region.InboundSa(7).State = SlotState.Live;
        region.InboundState(7).Packets = 3;
        region.Worker(0).Drops[(int)DropReason.Replayed] = 4;
        region.Worker(1).Drops[(int)DropReason.Replayed] = 1;
        region.Worker(1).Drops[(int)DropReason.NoRoute] = 9;
        var figures = GatewayFigures.Read(region);
        Assert.Equal((2, 1, 20UL, 3UL, 2000UL), (figures.OutboundSas, figures.InboundSas, figures.OutboundPackets, figures.InboundPackets, figures.OutboundBytes));
        Assert.Equal([(DropReason.NoRoute, 9UL), (DropReason.Replayed, 5UL)], figures.Drops);
        var line = LiveTable.Line([("gw-a", null, figures)], [("tcp", "5 Mbit/s")]);
        Assert.Equal("gw-a: SAs 2/1, encrypted 20, decrypted 3, drops 14 | tcp 5 Mbit/s", line);
        var table = LiveTable.Text([("gw-a", figures with { Tick = figures.Tick - 1000, OutboundBytes = 0 }, figures)], [], 80);
        Assert.Contains("9 no_route, 5 replayed", table, StringComparison.Ordinal);
        Assert.Contains("0.0", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(1_500, "1.5 KB")]
    [InlineData(2_000_000_000, "2.0 GB")]
    public void Bytes_InTheUnitThatFits(ulong octets, string text) => Assert.Equal(text, Units.Bytes(octets));

    [Theory]
    [InlineData(99_999, "99999")]
    [InlineData(100_000, "100.0k")]
    [InlineData(999_949, "999.9k")]
    [InlineData(999_950, "1.0M")]
    [InlineData(ulong.MaxValue, "18.4E")]
    public void Short_NeverAboveSixCharacters(ulong number, string text) => Assert.Equal(text, Units.Short(number));

    [Fact]
    public void Mbps_OfACounterThatStartedAnew_IsNothing()
    {
        Assert.Equal(8, Units.Mbps(0, 1_000_000, 1000));
        Assert.Equal(0, Units.Mbps(2_000_000, 1_000_000, 1000));
    }
}
