using System.Text.Json.Nodes;
using Appliance.Shared;

namespace Appliance.Cli.Show;

/// <summary>Health out of the region alone, for as long as the slow path does not answer: traffic goes on with the SAs that are there.</summary>
internal static class HealthFromRegion
{
    private const long StaleMilliseconds = 3000;

    /// <summary>Reads what processes, workers and ports say of themselves. <paramref name="why"/>: why the slow path was not asked.</summary>
    public static JsonObject Read(Region region, string why)
    {
        var problems = new JsonArray { Problem("the slow path does not answer", "API socket", why, "the supervisor starts it again; if this stays, look at its output") };
        var now = Environment.TickCount64;
        ref var header = ref region.Header;
        var dataPlane = header.DataPlaneReady == 1 && now - Volatile.Read(ref header.DataPlaneHeartbeat) < StaleMilliseconds;
        if (!dataPlane) problems.Add(Problem("the data plane does not run", $"process {header.DataPlaneProcess}", "its heartbeat is old", "nothing is forwarded until the supervisor has started it again"));
        var ports = new JsonArray();
        for (var i = 0; i < PortRecord.Maximum; i++)
        {
            ref var port = ref region.Port(i);
            if (Volatile.Read(ref port.State) != SlotState.Live) continue;
            var name = port.Name.Get();
            var running = port.Running.ToString().ToLowerInvariant();
            ports.Add(new JsonObject { ["name"] = name, ["running"] = running, ["mode"] = port.Mode.ToString().ToLowerInvariant(), ["queues"] = port.Queues, ["losses"] = port.Losses });
            if (port.Running != PortState.Up) problems.Add(Problem($"port {name} is {running}", name, "its device is gone or down", "bring the device back; the port is taken back by itself"));
        }

        return new JsonObject
        {
            ["status"] = dataPlane ? "degraded" : "down",
            ["problems"] = problems,
            ["source"] = "region",
            ["processes"] = new JsonObject
            {
                ["supervisor"] = Process(header.SupervisorProcess, Alive(header.SupervisorProcess), ready: true, 1),
                ["data_plane"] = Process(header.DataPlaneProcess, dataPlane, header.DataPlaneReady == 1, header.DataPlaneStarts),
                ["slow_path"] = Process(header.SlowPathProcess, Alive(header.SlowPathProcess), ready: false, header.SlowPathStarts),
            },
            ["ports"] = ports,
        };
    }

    private static bool Alive(int process) => process > 0 && Directory.Exists($"/proc/{process}");

    private static JsonObject Process(int process, bool alive, bool ready, uint starts) => new() { ["process"] = process, ["alive"] = alive, ["ready"] = ready, ["starts"] = starts };

    private static JsonObject Problem(string what, string where, string why, string todo) => new() { ["what"] = what, ["where"] = where, ["why"] = why, ["todo"] = todo };
}
