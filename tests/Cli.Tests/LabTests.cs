using System.Text.Json.Nodes;
using Appliance.Shared;

namespace Appliance.CliTests;

/// <summary>A lab leaves nothing behind, however it ends.</summary>
public sealed class LabTests : IDisposable
{
    private readonly LabRig rig = new();

    public LabTests() => LabRig.SkipUnlessRoot();

    public void Dispose() => rig.Dispose();

    [SkippableFact]
    public void UpExecDown_LeavesNothing_TwiceInARow_AndTwoAtOnce()
    {
        for (var round = 0; round < 2; round++)
        {
            var first = rig.Up(LabRig.LabFile("unprotected.yaml"));
            var second = rig.Up(LabRig.LabFile("unprotected.yaml"));
            Assert.Equal(10, rig.Namespaces().Count);
            foreach (var lab in new[] { first, second })
            {
                var id = (string)lab["id"]!;
                Assert.Equal(0, rig.Run("lab", "exec", "--lab", id, "host-a", "--", "ping", "-c", "1", "-W", "2", "10.2.0.2").ExitCode);
                Assert.Equal(0, rig.Run("lab", "exec", "--lab", id, "host-b", "--", "ping", "-c", "1", "-W", "2", "fd00:1::2").ExitCode);
                Assert.Equal(7, rig.Run("lab", "exec", "--lab", id, "host-a", "--", "sh", "-c", "exit 7").ExitCode);
            }

            var ambiguous = rig.Run("lab", "exec", "host-a", "--", "true");
            Assert.Equal(2, ambiguous.ExitCode);
            Assert.Contains((string)first["id"]!, ambiguous.Error, StringComparison.Ordinal);
            // A process inside must not keep the namespace.
            Assert.Equal(0, rig.Run("lab", "exec", "--lab", (string)first["id"]!, "host-a", "--", "sh", "-c", "sleep 1000 >/dev/null 2>&1 &").ExitCode);
            Assert.Equal(0, rig.Run("lab", "down", (string)first["id"]!).ExitCode);
            Assert.Equal(5, rig.Namespaces().Count);
            Assert.Equal(0, rig.Run("lab", "down").ExitCode);
            Assert.Empty(rig.Namespaces());
            Assert.Empty(Directory.GetDirectories(rig.Labs));
        }
    }

    /// <summary>The judge must be able to fail: routers instead of gateways send everything in the clear.</summary>
    [SkippableFact]
    public void Run_CountsClearPackets_WhereNothingProtects()
    {
        var (code, output, error) = rig.Run("lab", "run", LabRig.LabFile("unprotected.yaml"), "--seconds", "2", "--format", "json");
        var figures = JsonNode.Parse(output.TrimEnd().Split('\n')[^1])!;
        Assert.True(code == 1, error);
        Assert.True((long)figures["clear_packets_on_wan"]! > 1000, output);
        Assert.Equal(0, (long)figures["esp_packets_on_wan"]!);
        Assert.Equal(0, (double)figures["ping_loss_pct"]!);
        Assert.Equal(0, (double)figures["ping6_loss_pct"]!);
        Assert.True((double)figures["tcp_mbps"]! > 10, output);
        Assert.Empty(rig.Namespaces());
    }

    [SkippableTheory]
    [InlineData(LinuxProcess.Terminate)]
    [InlineData(LinuxProcess.Interrupt)]
    [InlineData(LinuxProcess.Hangup)]
    public void Run_EndedByASignal_LeavesNothing(int signal)
    {
        using var process = rig.Start("lab", "run", LabRig.LabFile("unprotected.yaml"));
        WaitForTraffic(process);
        Assert.True(LinuxProcess.Signal(process.Id, signal));
        Assert.True(process.WaitForExit(20_000));
        Assert.Empty(rig.Namespaces());
        Assert.Empty(Directory.GetDirectories(rig.Labs));
    }

    [SkippableFact]
    public void Run_ThatWasKilled_IsRemovedByTheNextCommand()
    {
        using var process = rig.Start("lab", "run", LabRig.LabFile("unprotected.yaml"));
        WaitForTraffic(process);
        Assert.True(LinuxProcess.Signal(process.Id, LinuxProcess.Kill));
        process.WaitForExit();
        Assert.Equal(5, rig.Namespaces().Count);
        var next = rig.Up(LabRig.LabFile("unprotected.yaml"));
        Assert.Equal(5, rig.Namespaces().Count);
        Assert.Equal(0, rig.Run("lab", "down", (string)next["id"]!).ExitCode);
        Assert.Empty(rig.Namespaces());
    }

    /// <summary>The third link of this lab names a device that cannot be: what was made before is removed again.</summary>
    [SkippableFact]
    public void Up_ThatFailsInTheMiddle_LeavesNothing()
    {
        var text = File.ReadAllText(LabRig.LabFile("unprotected.yaml")).Replace("via: 198.51.100.254", "via: 203.0.113.254", StringComparison.Ordinal);
        var (code, _, error) = rig.Run("lab", "up", rig.Write("broken.yaml", text));
        Assert.Equal(1, code);
        Assert.Contains("203.0.113.254", error, StringComparison.Ordinal);
        Assert.Contains("do:", error, StringComparison.Ordinal);
        Assert.Empty(rig.Namespaces());
        Assert.Empty(Directory.GetDirectories(rig.Labs));
    }

    /// <summary>A gateway that refuses its configuration: the command says why, with line and column, and with its exit code.</summary>
    [SkippableFact]
    public void Up_WithAGatewayThatRefusesItsConfiguration_LeavesNothing()
    {
        var gateway = rig.Write("gw.yaml", "instance: gw\nworkers: [0]\nnonsense: true\n");
        var lab = rig.Write("bad.yaml", "lab: bad\nnodes:\n  - { name: gw, kind: gateway, configuration: gw.yaml }\n");
        var (code, _, error) = rig.Run("lab", "up", lab);
        Assert.True(code == 2, error);
        Assert.Contains($"{gateway}:3:1", error, StringComparison.Ordinal);
        Assert.Empty(rig.Namespaces());
        Assert.Empty(Directory.GetDirectories(rig.Labs));
    }

    private static void WaitForTraffic(System.Diagnostics.Process process)
    {
        while (process.StandardError.ReadLine() is { } line)
        {
            if (line.Contains("traffic passes", StringComparison.Ordinal)) return;
        }

        Assert.Fail("the lab ended before traffic passed");
    }
}
