using System.Diagnostics;
using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// Best routes of VRFs, written into the table of each one's device where the kernel has it; a VRF without is in the RIB alone. The kernel takes some time for each, so they wait here and are written a
/// few in each turn. Those of an earlier process go once all routes are there. Loop.
/// </summary>
internal sealed class VrfRoutes(IVrfKernel kernel, ILogger log)
{
    private const int TurnMilliseconds = 2, RefusedSeconds = 10;
    private readonly Dictionary<string, VrfTable> tables = new(StringComparer.Ordinal);
    private int seconds;

    /// <summary>What is wrong, one sentence each.</summary>
    public IEnumerable<string> Problems => tables.Values.SelectMany(t => (string?[])[t.Missing, t.Refused]).OfType<string>();

    /// <summary>The VRFs that there are now. Of one that went, routes are removed.</summary>
    public void Use(IReadOnlyList<VrfConfiguration> vrfs)
    {
        foreach (var (name, table) in tables.ToList())
        {
            if (vrfs.Any(v => v.Name == name && v.Device == table.Device)) continue;
            tables.Remove(name);
            if (table.Number is { } number)
                foreach (var prefix in Own(number)) kernel.Write(number, prefix, []);
        }

        foreach (var vrf in vrfs.Where(v => v.Device.Length > 0 && !tables.ContainsKey(v.Name)))
        {
            tables[vrf.Name] = new VrfTable(vrf.Name, vrf.Device);
            Find(tables[vrf.Name]);
        }
    }

    /// <summary>Best routes of a VRF changed.</summary>
    public void Apply(BestRoutesChanged changed)
    {
        if (!tables.TryGetValue(changed.Vrf, out var table)) return;
        foreach (var change in changed.Changes)
        {
            var prefix = RoutedPaths.Prefix(changed.Family, change.Prefix);
            IpAddress[] hops = change.Paths is null ? [] : [.. change.Paths.Paths.Where(p => !p.IsLocal).Select(p => IpAddress.From(p.Attributes.NextHop)).Distinct()];
            if (hops.Length == 0 ? table.Wanted.Remove(prefix) : table.Put(prefix, hops)) table.Changed(prefix);
        }
    }

    /// <summary>All routes of a family are there: what an earlier process wrote and nobody announced again goes.</summary>
    public void Complete(RoutesComplete complete)
    {
        if (!tables.TryGetValue(complete.Vrf, out var table)) return;
        table.IsComplete[complete.Family.Afi == 1 ? 0 : 1] = true;
        Clean(table);
    }

    /// <summary>Called every second: looks again for devices that were not there, and now and then tries again what the kernel refused.</summary>
    public void Retry()
    {
        foreach (var table in tables.Values.Where(t => t.Missing is not null)) Find(table);
        if (++seconds % RefusedSeconds != 0) return;
        foreach (var table in tables.Values.Where(t => t.Refused is not null)) table.Again();
    }

    /// <summary>Writes some of what waits. True when there is more.</summary>
    public bool Turn()
    {
        var since = Stopwatch.GetTimestamp();
        foreach (var table in tables.Values)
        {
            if (table.Number is not { } number) continue;
            while (table.TryNext(out var prefix))
            {
                var hops = table.Wanted.GetValueOrDefault(prefix) ?? [];
                var problem = kernel.Write(number, prefix, hops);
                if (problem is not null && table.Failed(prefix, $"VRF {table.Name}: the kernel refused the route to {prefix} via {string.Join(", ", hops)}: {problem}")) log.LogWarning("{Problem}", table.Refused);
                if (Stopwatch.GetElapsedTime(since).TotalMilliseconds > TurnMilliseconds) return true;
            }
        }

        return false;
    }

    private void Find(VrfTable table)
    {
        try
        {
            table.Number = kernel.TableOf(table.Device);
        }
        catch (IOException exception)
        {
            log.LogError("VRF {Vrf}: {Problem}", table.Name, exception.Message);
            return;
        }

        var before = table.Missing;
        table.Missing = table.Number is null
            ? $"VRF {table.Name}: the kernel has no VRF device '{table.Device}': its routes are in the RIB alone (ip link add {table.Device} type vrf table NUMBER, where the kernel has VRFs)"
            : null;
        if (table.Missing is not null && before is null) log.LogWarning("{Problem}", table.Missing);
        if (table.Number is null) return;
        log.LogInformation("VRF {Vrf}: its routes go to table {Table} of device {Device}", table.Name, table.Number, table.Device);
        Clean(table);
        table.Again();
    }

    private void Clean(VrfTable table)
    {
        if (table.Number is not { } number) return;
        foreach (var prefix in Own(number))
            if (table.IsComplete[prefix.IsV4 ? 0 : 1] && !table.Wanted.ContainsKey(prefix))
                table.Changed(prefix);
    }

    private IReadOnlyCollection<IpPrefix> Own(uint number)
    {
        try
        {
            return kernel.OwnRoutes(number);
        }
        catch (IOException exception)
        {
            log.LogError("routes of table {Table} cannot be read: {Problem}", number, exception.Message);
            return [];
        }
    }

    /// <summary>A VRF with a device: what its table shall hold, and what of it the kernel was not told yet.</summary>
    private sealed class VrfTable(string name, string device)
    {
        private readonly Queue<IpPrefix> changed = [];
        private readonly HashSet<IpPrefix> waiting = [], failed = [];

        public string Name => name;

        public string Device => device;

        public uint? Number { get; set; }

        public string? Missing { get; set; }

        public string? Refused { get; private set; }

        public bool[] IsComplete { get; } = new bool[2];

        public Dictionary<IpPrefix, IpAddress[]> Wanted { get; } = [];

        public bool Put(IpPrefix prefix, IpAddress[] hops)
        {
            if (Wanted.TryGetValue(prefix, out var before) && before.AsSpan().SequenceEqual(hops)) return false;
            Wanted[prefix] = hops;
            return true;
        }

        public void Changed(IpPrefix prefix)
        {
            if (waiting.Add(prefix)) changed.Enqueue(prefix);
        }

        public bool TryNext(out IpPrefix prefix)
        {
            if (!changed.TryDequeue(out prefix)) return false;
            waiting.Remove(prefix);
            if (failed.Remove(prefix) && failed.Count == 0) Refused = null;
            return true;
        }

        /// <summary>Notes a failure; true for the first of several.</summary>
        public bool Failed(IpPrefix prefix, string problem)
        {
            failed.Add(prefix);
            if (Refused is not null) return false;
            Refused = problem;
            return true;
        }

        /// <summary>Everything that failed is tried again; where nothing was written yet, all of it.</summary>
        public void Again()
        {
            foreach (var prefix in failed.Count > 0 ? failed.ToList() : Wanted.Keys.ToList()) Changed(prefix);
        }
    }
}
