using System.Diagnostics;
using System.Globalization;
using System.Net;
using Appliance.Bgp;

namespace Appliance.LineRate.Bgp;

/// <summary>
/// The RIB alone, in this process: UPDATEs read, routes taken in, decided, told to the neighbours, and one neighbour lost. Routes shared out over the neighbours, and all routes from every one.
/// Memory is the heap after a full collection, less what it was before the first route.
/// </summary>
internal sealed class RibSuite : ISuite
{
    private const int DefaultRoutes = 1_000_000, Seed = 20_261_121, Turn = 4096, MessagesInATurn = 256;
    private static readonly IRoutePolicy Everything = new Open();

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        var sets = new RouteGenerator(Seed).Make(options.Routes > 0 ? options.Routes : DefaultRoutes);
        // Once, so that what is compiled at its first use is not measured.
        _ = Measure(sets.Take(500).ToList(), new Shape(2)).Count();
        Shape[] shapes = [new Shape(1), new Shape(10), new Shape(1, Hops: 300), new Shape(10, IsEach: true), new Shape(1, To: 10)];
        foreach (var shape in shapes)
        {
            foreach (var row in Measure(sets, shape)) yield return row;
        }
    }

    private static IEnumerable<Row> Measure(IReadOnlyList<GeneratedRoutes> sets, Shape shape)
    {
        var (from, to, hops, isEach) = shape;
        var streams = Enumerable.Range(0, from).Select(n => Stream(sets.Where((_, i) => isEach || i % from == n), hops, n)).ToArray();
        var routes = sets.Sum(s => s.Prefixes.Length) * (isEach ? from : 1);
        var before = GC.GetTotalMemory(true);
        var rib = new Rib();
        rib.Configure(new BgpConfiguration { LocalAs = 65000, RouterId = 1 });
        for (var n = 0; n < from + to; n++) rib.SetPeer(Peer(n));
        for (var n = from; n < from + to; n++) rib.StartExport(n + 1, Family.Ipv4Unicast);
        var changes = 0L;
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        Load(rib, streams, ref changes);
        var seconds = clock.Elapsed.TotalSeconds;
        var used = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        var note = string.Create(CultureInfo.InvariantCulture, $"{(isEach ? "every neighbour has all" : "shared out")}; {hops} next hops each, {rib.AttributeSetCount} attribute sets, {changes} changes of best routes");
        if (to == 0)
        {
            yield return new Row { Suite = "rib", Case = "load", Routes = routes, Neighbors = from, Seconds = Math.Round(seconds, 2), CpuSeconds = Math.Round(used, 2), BytesPerRoute = Bytes(before, routes), Note = note };
        }
        else
        {
            clock.Restart();
            var (batches, told) = Export(rib, from, to);
            yield return new Row { Suite = "rib", Case = "export", Routes = routes, Neighbors = to, Seconds = Math.Round(clock.Elapsed.TotalSeconds, 2), BytesPerRoute = Bytes(before, routes), Note = string.Create(CultureInfo.InvariantCulture, $"{told} routes told in {batches} batches") };
        }

        clock.Restart();
        rib.PeerDown(1, Family.Ipv4Unicast, false);
        var atOnce = clock.Elapsed;
        while (rib.Settle(Turn, [])) ;
        yield return new Row { Suite = "rib", Case = "down", Routes = routes, Neighbors = from, Seconds = Math.Round(clock.Elapsed.TotalSeconds, 3), Note = string.Create(CultureInfo.InvariantCulture, $"{atOnce.TotalMilliseconds:0} ms of it at once") };
    }

    // A next hop for each part of the routes.
    private static byte[] Stream(IEnumerable<GeneratedRoutes> sets, int hops, int neighbor) =>
        [.. Enumerable.Range(0, hops).SelectMany(h => UpdateStream.Announce(sets.Where((_, i) => i % hops == h), 0xc633_6401u + (uint)(h * 16 + neighbor), 65001u + (uint)neighbor))];

    private static void Load(Rib rib, byte[][] streams, ref long changes)
    {
        var options = streams.Select((_, n) => new UpdateOptions { FourOctetAs = true, IsExternal = true, FirstAs = 65001u + (uint)n, Families = FamilySet.Of([Family.Ipv4Unicast]) }).ToArray();
        var caches = streams.Select(_ => new AttributeCache()).ToArray();
        var at = new int[streams.Length];
        var told = new List<BestRoutesChanged>();
        List<IPAddress> added = [], removed = [];
        for (var isMore = true; isMore;)
        {
            isMore = false;
            for (var n = 0; n < streams.Length; n++)
            {
                for (var count = 0; at[n] < streams[n].Length && count < MessagesInATurn; count++)
                {
                    var message = streams[n].AsSpan(at[n]);
                    var length = message[16] << 8 | message[17];
                    Take(rib, n + 1, message[19..length], options[n], caches[n]);
                    at[n] += length;
                }

                isMore |= at[n] < streams[n].Length;
            }

            rib.TakeNextHops(added, removed);
            if (added.Count > 0) rib.NextHops([.. added.Select(a => (a, true, 0u))]);
            added.Clear();
            while (rib.Settle(Turn, told)) ;
            foreach (var batch in told) changes += batch.Changes.Count;
            told.Clear();
        }
    }

    private static void Take(Rib rib, int peer, ReadOnlySpan<byte> body, in UpdateOptions options, AttributeCache cache)
    {
        if (!UpdateReader.TryRead(body, options, out var view)) throw new InvalidDataException(view.Why);
        var attributes = cache.Read(view, false);
        foreach (var nlri in new NlriReader(view.Announced, Family.Ipv4Unicast, false)) rib.Update(peer, Family.Ipv4Unicast, nlri, attributes);
    }

    private static (int Batches, long Told) Export(Rib rib, int from, int to)
    {
        var batches = 0;
        var told = 0L;
        for (var n = from; n < from + to; n++)
        {
            while (rib.TryNextExport(n + 1, out var batch))
            {
                batches++;
                told += batch.Nlri.Length;
            }
        }

        return (batches, told);
    }

    private static double Bytes(long before, int routes) => Math.Round((double)(GC.GetTotalMemory(true) - before) / routes, 1);

    private static RibPeer Peer(int n) => new()
    {
        Id = n + 1, Name = $"n{n}", RemoteAs = 65001u + (uint)n, LocalAs = 65000, RouterId = 2 + (uint)n,
        Address = IPAddress.Parse($"192.0.2.{n + 1}"), LocalAddress = IPAddress.Parse("192.0.2.254"),
        Families = [new RibFamily { Family = Family.Ipv4Unicast, Import = Everything, Export = Everything }],
    };

    /// <summary>How many neighbours announce, how many are told, through how many next hops each, and whether each announces all.</summary>
    private sealed record Shape(int From, int To = 0, int Hops = 1, bool IsEach = false);

    private sealed class Open : IRoutePolicy
    {
        public string Name => "everything";

        public bool DependsOnPrefix => false;

        public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes) => attributes;
    }
}
