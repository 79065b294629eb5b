using System.Diagnostics;
using System.Globalization;
using System.Net;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Ike;

/// <summary>Two slow paths that negotiate: how many IKE SAs with a child in a second, what each costs, and whether an honest peer gets through a flood.</summary>
internal sealed class IkeSuite : ISuite
{
    private const int DefaultSas = 10_000, PacketsPerSa = 4, Attempts = 10;
    private const double DefaultSeconds = 60, QuietSeconds = 2, FloodLead = 10;
    private const string Established = "state=\"established\"";

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            yield return new Row { Suite = "ike", Case = "psk", Note = "needs root for network namespaces: sudo make perf SUITE=ike" };
            yield break;
        }

        var count = options.Sas > 0 ? options.Sas : DefaultSas;
        var seconds = options.Seconds > 0 ? options.Seconds : DefaultSeconds;
        using (var link = new IkeLink()) yield return Negotiate(link, "psk", count, seconds, IkeConfigurations.SharedKey(count));
        using (var link = new IkeLink()) yield return Negotiate(link, "certificate", count, seconds, IkeConfigurations.Certificate(count, Path.Combine(link.Folder, "pki")));
        using (var link = new IkeLink()) yield return Flood(link, IkeConfigurations.SharedKey(1, "on-demand"));
    }

    /// <summary>From the first datagram to the last that makes an IKE SA; what happens later (liveness, retransmissions that nobody needs) is not counted.</summary>
    private static Row Negotiate(IkeLink link, string name, int count, double seconds, IkeConfigurations configurations)
    {
        var responder = new SlowPathNode(link, link.Responder, "responder", configurations.Responder);
        var initiator = new SlowPathNode(link, link.Initiator, "initiator", configurations.Initiator, awaitReady: false);
        using var precedence = new Precedence(Environment.ProcessId, initiator.ProcessId, responder.ProcessId);
        var before = (Initiator: new Sample(initiator), Responder: new Sample(responder));
        var traffic = link.Traffic();
        var first = traffic;
        for (var waited = Stopwatch.StartNew(); traffic.Sent < 8; traffic = link.Traffic())
        {
            // A few packets of the link itself (neighbours) come before.
            before = (new Sample(initiator), new Sample(responder));
            first = traffic;
            if (waited.Elapsed.TotalSeconds > seconds || initiator.HasExited) throw initiator.Failed("sends nothing");
            Thread.Sleep(1);
        }

        var clock = Stopwatch.StartNew();
        var (last, seen, shown) = (TimeSpan.Zero, traffic.Sent + traffic.Received, 0L);
        var after = before;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            Thread.Sleep(10);
            traffic = link.Traffic();
            var packets = traffic.Sent + traffic.Received;
            if (packets > seen) (last, seen, after) = (clock.Elapsed, packets, (new Sample(initiator), new Sample(responder)));
            else if ((clock.Elapsed - last).TotalSeconds > QuietSeconds) break;
            var done = (packets - first.Sent - first.Received) / PacketsPerSa;
            if (done >= count && clock.Elapsed - last > TimeSpan.FromMilliseconds(200)) break;
            if (done < shown + count / 10) continue;
            shown = done;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {done} of {count} in {clock.Elapsed.TotalSeconds:0.0} s"));
        }

        var (there, children) = ((int)responder.Metric("appliance_ike_sas", Established), (int)responder.Metric("appliance_ike_children"));
        there = Math.Min(there, (int)initiator.Metric("appliance_ike_sas", Established));
        if (there == 0) throw initiator.Failed($"established nothing; {responder.Failed("says").Message}");
        return new Row
        {
            Suite = "ike",
            Case = name,
            Cipher = "aes-256-gcm",
            Sas = there,
            SasPerSecond = Math.Round(there / last.TotalSeconds, 1),
            CpuMsInitiator = Math.Round((after.Initiator.Cpu - before.Initiator.Cpu) * 1000 / there, 3),
            CpuMsResponder = Math.Round((after.Responder.Cpu - before.Responder.Cpu) * 1000 / there, 3),
            BytesPerSa = Math.Max(new Sample(initiator).Memory - before.Initiator.Memory, new Sample(responder).Memory - before.Responder.Memory) / there,
            Failures = count - there,
            Note = string.Create(CultureInfo.InvariantCulture,
                $"x25519, aes-256-gcm, {children} children; {initiator.Metric("appliance_ike_log_total", "retransmit")} retransmissions, in {last.TotalSeconds:0.0} s"),
        };
    }

    /// <summary>The flood runs for a while, then an honest peer comes and goes again and again.</summary>
    private static Row Flood(IkeLink link, IkeConfigurations configurations)
    {
        var responder = new SlowPathNode(link, link.Responder, "responder", configurations.Responder);
        var initiator = new SlowPathNode(link, link.Initiator, "initiator", configurations.Initiator);
        using var precedence = new Precedence(Environment.ProcessId, initiator.ProcessId, responder.ProcessId);
        using var flood = new ForgedInits(link.Stranger, IPAddress.Parse(IkeLink.ResponderAddress));
        Thread.Sleep(TimeSpan.FromSeconds(FloodLead));
        // Once, so that code that is compiled at its first use does not count.
        initiator.Ask("up", "t0");
        initiator.Ask("down", "p0");
        Thread.Sleep(TimeSpan.FromSeconds(1));
        var (memory, clock, sent, received) = (responder.Memory, Stopwatch.StartNew(), flood.Sent, responder.Metric("appliance_ike_messages_received_total"));
        var times = new List<double>();
        for (var i = 0; i < Attempts; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            initiator.Ask("up", "t0");
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"flood: connected in {times[^1]:0} ms"));
            initiator.Ask("down", "p0");
            Thread.Sleep(200);
        }

        var (elapsed, growth) = (clock.Elapsed.TotalSeconds, responder.Memory - memory);
        var (rate, heard) = ((flood.Sent - sent) / elapsed, (responder.Metric("appliance_ike_messages_received_total") - received) / elapsed);
        flood.Stop();
        times.Sort();
        return new Row
        {
            Suite = "ike",
            Case = "flood",
            ConnectMs = Math.Round(times[^1], 1),
            MemoryGrowthBytes = growth,
            Note = string.Create(CultureInfo.InvariantCulture, $"longest of {Attempts}, median {times[Attempts / 2]:0} ms; {rate:0} forged IKE_SA_INIT a second sent, {heard:0} taken"),
        };
    }

    private readonly record struct Sample(double Cpu, long Memory)
    {
        public Sample(SlowPathNode node) : this(node.CpuSeconds, node.Memory)
        {
        }
    }
}
