using System.Diagnostics;
using System.Globalization;
using System.Net;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Bgp;

/// <summary>
/// A full table from one neighbour and from ten: how long until every best path is in the RIB, and until a data plane finds them; memory; a withdrawal of ten thousand. The same octets go to BIRD and
/// FRR in the same run.
/// </summary>
internal sealed class BgpSuite : ISuite
{
    private const int DefaultRoutes = 1_000_000, Seed = 20_261_121, Withdrawn = 10_000, SampleEvery = 97;
    private const double LimitSeconds = 240;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            yield return new Row { Suite = "bgp", Case = "load", Note = "needs root for network namespaces: sudo make perf SUITE=bgp" };
            yield break;
        }

        var table = new Table(new RouteGenerator(Seed).Make(options.Routes > 0 ? options.Routes : DefaultRoutes));
        using (var fib = new FibBench())
            foreach (var row in fib.Run(table.Routes))
                yield return row;
        foreach (var neighbors in (int[])[1, 10])
        {
            foreach (var row in Ours(table, neighbors)) yield return row;
            yield return Theirs("bird", "/usr/sbin/bird", (link, count) => new BirdSpeaker(link, count), table, neighbors);
            yield return Theirs("frr", FrrSpeaker.Folder + "/bgpd", (link, count) => new FrrSpeaker(link, count), table, neighbors);
        }
    }

    private static List<Row> Ours(Table table, int neighbors)
    {
        using var link = new BgpLink(neighbors);
        var speaker = new ApplianceSpeaker(link, neighbors);
        using var precedence = new Precedence(speaker.ProcessId);
        var (own, region) = (speaker.OwnMemory, speaker.DataPlaneMemory);
        var sample = table.Alone.Where((_, n) => n % SampleEvery == 0).ToList();
        var there = 0.0;
        var row = Load(speaker, link, table, neighbors, out var sessions, elapsed =>
        {
            if (there == 0 && sample.TrueForAll(p => speaker.HasRoute(p.Prefix))) there = elapsed;
            return there > 0;
        });
        row = row with
        {
            SecondsToDataPlane = Math.Round(there, 3),
            BytesPerRoute = Math.Round((double)(speaker.OwnMemory - own) / table.Routes, 1),
            DataPlaneBytesPerRoute = Math.Round((double)(speaker.DataPlaneMemory - region) / table.Routes, 1),
        };
        var gone = table.Alone.Where(p => p.Prefix.Length == 24).Take(Withdrawn).ToList();
        var messages = gone.ToLookup(p => p.Set % neighbors, p => p.Prefix).Select(g => (Session: sessions[g.Key], Octets: UpdateStream.Withdraw([.. g]))).ToList();
        var clock = Stopwatch.StartNew();
        foreach (var (session, octets) in messages) session.Send(octets);
        while (gone.Exists(p => speaker.HasRoute(p.Prefix)))
            if (clock.Elapsed.TotalSeconds > LimitSeconds) throw speaker.Failed("kept routes that were withdrawn");
        var took = Math.Round(clock.Elapsed.TotalSeconds, 4);
        return [row, new Row { Suite = "bgp", Case = "withdraw", Routes = gone.Count, Neighbors = neighbors, SecondsToDataPlane = took, Note = "from the first octet sent until a data plane finds none of them" }];
    }

    private static Row Theirs(string name, string program, Func<BgpLink, int, IBgpSpeaker> start, Table table, int neighbors)
    {
        if (!File.Exists(program)) return new Row { Suite = "bgp", Case = "load", Peer = name, Neighbors = neighbors, Note = $"{program} is not installed (make setup)" };
        using var link = new BgpLink(neighbors);
        var speaker = start(link, neighbors);
        var before = speaker.Memory;
        var row = Load(speaker, link, table, neighbors, out _, _ => true);
        return row with { Peer = name, BytesPerRoute = Math.Round((double)(speaker.Memory - before) / table.Routes, 1) };
    }

    /// <summary>Sends everything from all neighbours at once, and looks at the speaker now and then until it has it.</summary>
    private static Row Load(IBgpSpeaker speaker, BgpLink link, Table table, int neighbors, out Neighbor[] sessions, Func<double, bool> also)
    {
        var made = sessions = [.. Enumerable.Range(0, neighbors).Select(n => Neighbor.Establish(link, n))];
        var streams = Enumerable.Range(0, neighbors).Select(n => UpdateStream.Announce(table.Of(n, neighbors), AddressOf(n), BgpLink.NeighborAs(n))).ToArray();
        var cpu = speaker.CpuSeconds;
        var clock = Stopwatch.StartNew();
        var senders = made.Select((session, n) => new Thread(() => session.Send(streams[n]))).ToList();
        foreach (var sender in senders) sender.Start();
        double inRib = 0;
        while (true)
        {
            Thread.Sleep(Poll);
            var done = also(clock.Elapsed.TotalSeconds);
            var prefixes = inRib > 0 ? table.Routes : speaker.Prefixes;
            if (inRib == 0 && prefixes >= table.Routes) inRib = clock.Elapsed.TotalSeconds;
            if (inRib > 0 && done) break;
            if (clock.Elapsed.TotalSeconds > LimitSeconds) throw speaker.Failed($"has {prefixes} of {table.Routes} prefixes after {LimitSeconds} s");
        }

        foreach (var sender in senders) sender.Join();
        return new Row
        {
            Suite = "bgp", Case = "load", Routes = table.Routes, Neighbors = neighbors, Seconds = Math.Round(inRib, 2), CpuSeconds = Math.Round(speaker.CpuSeconds - cpu, 2),
            Note = string.Create(CultureInfo.InvariantCulture, $"{table.Sets.Count} attribute sets, {streams.Sum(s => (long)s.Length) >> 20} MiB of UPDATEs"),
        };
    }

    private static uint AddressOf(int neighbor) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(BgpLink.NeighborAddress(neighbor)).GetAddressBytes());

    /// <summary>The routes of a run, shared out over the neighbours by attribute set.</summary>
    private sealed class Table(IReadOnlyList<GeneratedRoutes> sets)
    {
        public IReadOnlyList<GeneratedRoutes> Sets => sets;

        public int Routes { get; } = sets.Sum(s => s.Prefixes.Length);

        /// <summary>Prefixes of /24 and shorter whose first address no other prefix covers: whether a data plane has them can be seen.</summary>
        public IReadOnlyList<(GeneratedPrefix Prefix, int Set)> Alone { get; } = FindAlone(sets);

        public IEnumerable<GeneratedRoutes> Of(int neighbor, int neighbors) => sets.Where((_, n) => n % neighbors == neighbor);

        private static List<(GeneratedPrefix, int)> FindAlone(IReadOnlyList<GeneratedRoutes> sets)
        {
            var all = sets.SelectMany(s => s.Prefixes).ToHashSet();
            bool Covered(GeneratedPrefix prefix)
            {
                for (var length = 8; length <= 32; length++)
                    if (length != prefix.Length && all.Contains(new GeneratedPrefix(prefix.Address & (uint.MaxValue << (32 - length)), (byte)length)))
                        return true;
                return false;
            }

            return [.. sets.SelectMany((s, n) => s.Prefixes.Where(p => p.Length <= 24).Select(p => (Prefix: p, Set: n))).Where((p, n) => n % 7 == 0 && !Covered(p.Prefix))];
        }
    }
}
