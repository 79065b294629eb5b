using Appliance.Cli.Labs;
using Appliance.Shared;

namespace Appliance.Interop.Rig;

/// <summary>Processes are replaceable: what the wire says while they are killed one after the other.</summary>
[Trait("peer", "lab")]
[Collection("lab")]
public sealed class RestartTests
{
    /// <summary>Design, rule 1; RFC 4106 §2: an IV is never used twice under one key.</summary>
    [SkippableFact]
    public void DataPlaneKilledUnderTraffic_IsBackWithinTwoSeconds_AndRepeatsNoSequenceNumberAndNoIv()
    {
        using var rig = new RigLab();
        using var capture = new EspCapture(rig, "router", "to-a");
        using var ping = new PingProbe(rig.Space("host-a"), RigLab.Server, "0.01");
        using var load = new TcpProbe(rig.Space("host-b"), rig.Space("host-a"), RigLab.Server, 0);
        Thread.Sleep(2000);
        foreach (var gateway in new[] { "gw-a", "gw-b", "gw-a" })
        {
            var starts = rig.Header(gateway, h => h.DataPlaneStarts);
            var before = ping.Figures.Received;
            rig.Kill(rig.Header(gateway, h => h.DataPlaneProcess));
            rig.Eventually(5, () => rig.Header(gateway, h => h.DataPlaneStarts) > starts, $"the supervisor of {gateway} did not start another data plane");
            rig.Eventually(5, () => ping.Figures.Received > before + 20, "traffic did not come back");
            Thread.Sleep(1500);
        }

        load.Stop();
        var figures = ping.Stop();
        var packets = capture.Stop();
        Assert.True(figures.LongestGapSeconds < 2, $"traffic was away for {figures.LongestGapSeconds} s");
        Assert.True(packets.Count > 1000, $"only {packets.Count} packets were seen");
        Assert.Equal(2, packets.Select(p => p.Spi).Distinct().Count());
        foreach (var sa in packets.GroupBy(p => p.Spi))
        {
            Assert.Equal(sa.Count(), sa.Select(p => p.Sequence).Distinct().Count());
            Assert.Equal(sa.Count(), sa.Select(p => p.Iv).Distinct().Count());
        }
    }

    [SkippableFact]
    public async Task SlowPathKilled_NoPacketIsLost_AndItsSuccessorAdoptsTheSas()
    {
        using var rig = new RigLab();
        var sas = Spis(rig);
        var pings = new[] { rig.CountedPing("host-a", RigLab.Server, 1200), rig.CountedPing("host-a", RigLab.Server6, 1200), rig.CountedPing("host-b", "10.1.0.2", 1200) };
        foreach (var gateway in new[] { "gw-a", "gw-b" })
        {
            await Task.Delay(1500);
            var starts = rig.Header(gateway, h => h.SlowPathStarts);
            rig.Kill(rig.Header(gateway, h => h.SlowPathProcess));
            rig.Eventually(5, () => rig.Header(gateway, h => h.SlowPathStarts) > starts, $"the supervisor of {gateway} did not start another slow path");
        }

        foreach (var (sent, received) in await Task.WhenAll(pings)) Assert.Equal((1200, 1200), (sent, received));
        foreach (var gateway in new[] { "gw-a", "gw-b" }) rig.Eventually(20, () => (string?)rig.Health(gateway)["status"] == "ok", $"{gateway} is not well again");
        Assert.Equal(sas, Spis(rig));
        rig.WaitForTraffic();
    }

    /// <summary>Design, rule 5: forwarded traffic and the host's own, IPv4 and IPv6, while each process is gone, while nothing runs at all, and when all is back.</summary>
    [SkippableFact]
    public void EachProcessKilledInTurn_NotOneClearPacketOnTheWan()
    {
        using var rig = new RigLab();
        using var wan = new WanWatch(rig.State, rig.Lab.File.Wan);
        var own = rig.Space("gw-a");
        PingProbe[] pings =
        [
            new(rig.Space("host-a"), RigLab.Server, "0.02"), new(rig.Space("host-a"), RigLab.Server6, "0.02"),
            new(rig.Space("host-b"), "10.1.0.2", "0.02"), new(rig.Space("host-b"), "fd00:1::2", "0.02"),
            new(own, RigLab.Server, "0.02"), new(own, RigLab.Server6, "0.02"),
            new(own, RigLab.Server, "0.02", "10.1.255.1"), new(own, RigLab.Server6, "0.02", "fd00:1:0:ff::1"),
        ];
        try
        {
            foreach (var ping in pings) rig.Eventually(10, () => ping.Figures.Received > 10, $"ping {Array.IndexOf(pings, ping)} does not pass before anything is killed");
            rig.Kill(rig.Header("gw-a", h => h.DataPlaneProcess));
            Thread.Sleep(2500);
            rig.Kill(rig.Header("gw-a", h => h.SlowPathProcess));
            Thread.Sleep(2500);
            var children = (rig.Header("gw-a", h => h.DataPlaneProcess), rig.Header("gw-a", h => h.SlowPathProcess));
            rig.Kill(rig.Header("gw-a", h => h.SupervisorProcess));
            rig.Eventually(5, () => LinuxProcess.StartTime(children.Item1) == 0 && LinuxProcess.StartTime(children.Item2) == 0, "children outlive their supervisor");
            Thread.Sleep(2500);
            rig.Lab.StartGateway(rig.Lab.File.Node("gw-a"));
            rig.Lab.WaitUntilReady(_ => { }, CancellationToken.None);
            rig.WaitForTraffic();
            Thread.Sleep(500);
        }
        finally
        {
            foreach (var ping in pings)
            {
                ping.Stop();
                ping.Dispose();
            }
        }

        var (esp, clear, first) = wan.Stop();
        Assert.True(clear == 0, $"{clear} clear packets on the wan: {first}");
        Assert.True(esp > 500, $"only {esp} ESP packets on the wan");
    }

    [SkippableFact]
    public void PortThatDisappears_OthersGoOn_HealthSaysSo_AndItIsTakenBack()
    {
        using var rig = new RigLab();
        var own = rig.Space("gw-a");
        Tool.Require("ip", ["-n", own, "link", "del", "lan0"]);
        rig.Eventually(10, () => rig.Health("gw-a").ToJsonString().Contains("lan", StringComparison.Ordinal) && (string?)rig.Health("gw-a")["status"] == "degraded", "health does not say that the port is gone");
        Assert.True(PingOwn(own), "the host's own packets do not pass by the other port\n" + rig.Describe());

        var link = rig.Lab.File.Links.First(l => l.A.Node == "host-a");
        Topology.MakeLink(link, rig.Space("host-a"), own);
        Topology.MakeHonest(rig.Space("host-a"), link.A);
        Topology.MakeRoutes(rig.Space("host-a"), rig.Lab.File.Node("host-a"));
        rig.Eventually(20, () => (string?)rig.Health("gw-a")["status"] == "ok", "the port is not taken back");
        rig.WaitForTraffic();
    }

    private static bool PingOwn(string space) => Tool.Run("ip", Topology.Inside(space, "ping", "-n", "-c", "3", "-W", "2", "-I", "10.1.255.1", RigLab.Server)).ExitCode == 0;

    private static List<string> Spis(RigLab rig)
    {
        var found = new List<string>();
        foreach (var gateway in new[] { "gw-a", "gw-b" })
        {
            using var region = Region.Open(rig.Paths(gateway).Region);
            for (uint i = 0; i < region.Counts.OutboundSas; i++)
            {
                if (region.OutboundSa(i).State == SlotState.Live) found.Add($"{gateway} out {region.OutboundSa(i).Spi}");
            }

            for (uint i = 0; i < region.Counts.InboundSas; i++)
            {
                if (region.InboundSa(i).State == SlotState.Live) found.Add($"{gateway} in {region.InboundSa(i).Spi}");
            }
        }

        Assert.Equal(4, found.Count);
        return found;
    }
}
