using System.Diagnostics;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>Removes what a lab made, as its state names it: gateways, then whatever runs inside its namespaces, the namespaces, its directory.</summary>
internal static class LabRemoval
{
    private const int GraceMilliseconds = 5000;

    /// <summary>Removes a lab; what is gone already does not matter.</summary>
    public static void Remove(LabState state)
    {
        // Gateways first and by themselves: they wipe their keys and detach from their ports.
        var gateways = state.Nodes.Where(n => n.Process != 0 && LinuxProcess.StartTime(n.Process) == n.Started).ToList();
        foreach (var gateway in gateways) LinuxProcess.Signal(gateway.Process, LinuxProcess.Terminate);
        WaitUntil(() => gateways.All(g => LinuxProcess.StartTime(g.Process) != g.Started));
        foreach (var space in state.Nodes.Select(n => n.Namespace).Where(Topology.Exists))
        {
            WaitUntil(() =>
            {
                var inside = Topology.Processes(space);
                foreach (var process in inside) LinuxProcess.Signal(process, LinuxProcess.Kill);
                return inside.Count == 0;
            });
            Topology.Remove(space);
        }

        if (Directory.Exists(state.Directory)) Directory.Delete(state.Directory, recursive: true);
    }

    /// <summary>Removes labs of <c>lab run</c> whose command was killed and could not do it itself.</summary>
    public static void RemoveOrphans(Action<string> say)
    {
        foreach (var state in LabState.All().Where(s => s.Transient && !s.OwnerLives))
        {
            say($"removing {state.Id}, left behind by a command that was killed");
            Remove(state);
        }
    }

    private static void WaitUntil(Func<bool> done)
    {
        var clock = Stopwatch.StartNew();
        while (!done() && clock.ElapsedMilliseconds < GraceMilliseconds) Thread.Sleep(20);
    }
}
