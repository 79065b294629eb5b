using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Appliance.Shared;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Wire;

/// <summary>
/// The product as it runs, on veth: one gateway of the lab api-keys that encrypts, or decrypts, what a generator on the other core sends it, and one TCP stream
/// through both. What leaves the measured gateway is counted by the next node and dropped there, so that nobody else needs a core.
/// </summary>
internal sealed class WireSuite : ISuite
{
    private const string Cipher = "aes-128-gcm", HostA = "10.1.0.2", HostB = "10.2.0.2", GatewayA = "192.0.2.1", GatewayB = "198.51.100.1";
    private const double DefaultSeconds = 20, SettleSeconds = 0.5;
    private const int CoreA = 0, CoreB = 1, KeyOctets = 20;
    private static readonly int[] DefaultSizes = [64, 1420];

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            yield return new Row { Suite = "wire", Case = "encrypt", Note = "needs root for network namespaces and AF_XDP: sudo make perf SUITE=wire" };
            yield break;
        }

        var sizes = options.Sizes.Count > 0 ? options.Sizes : DefaultSizes;
        var seconds = options.Seconds > 0 ? options.Seconds : DefaultSeconds;
        using var lab = new WireLab();
        using var precedence = new Precedence(Environment.ProcessId, DataPlaneOf(lab, "gw-a"), DataPlaneOf(lab, "gw-b"));
        lab.Inside("host-a", ["ping", "-c", "3", "-i", "0.2", "-w", "10", HostB]);
        yield return Tcp(lab, (int)Math.Max(1, seconds / 2));
        Discard(lab, "router", "to-a");
        Discard(lab, "host-b", "eth0");
        var slice = seconds / 2 / (2 * sizes.Count);
        foreach (var size in sizes)
        {
            yield return Encrypt(lab, size, slice);
            yield return Decrypt(lab, size, slice);
        }
    }

    private static Row Encrypt(WireLab lab, int size, double seconds)
    {
        var mac = MacOf(lab, "gw-a", "lan0");
        return Measure(lab, "encrypt", size, seconds, new Way("host-a", "eth0", Frames.Clear(mac, HostA, HostB, size), CoreB, "gw-a", "lan0", "wan", "router", "to-a"));
    }

    /// <summary>The generator repeats one packet, so the SA of this case has its replay window off.</summary>
    private static Row Decrypt(WireLab lab, int size, double seconds)
    {
        var (key, spi) = (RandomNumberGenerator.GetBytes(KeyOctets), FreshSpi());
        var keys = new JsonObject
        {
            ["cipher"] = Cipher,
            ["esn"] = false,
            ["replay_window"] = 0,
            ["inbound"] = new JsonObject { ["spi"] = spi, ["key"] = Convert.ToHexStringLower(key) },
            ["outbound"] = new JsonObject { ["spi"] = FreshSpi(), ["key"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyOctets)) },
        };
        lab.Inside("gw-b", ["appliance", "sa", "keys", "to-a", "--instance", "gw-b"], keys.ToJsonString());
        var frame = Frames.Protected(MacOf(lab, "gw-b", "wan0"), GatewayA, GatewayB, spi, key, HostA, HostB, size);
        return Measure(lab, "decrypt", size, seconds, new Way("router", "to-b", frame, CoreA, "gw-b", "wan0", "lan", "host-b", "eth0"));
    }

    private static Row Measure(WireLab lab, string name, int size, double seconds, Way way)
    {
        using var region = lab.Open(way.Gateway);
        var (port, mode) = FindPort(region, way.Port);
        using var generator = new Generator(lab.Space(way.From), way.FromDevice, way.Frame, way.Core);
        Thread.Sleep(TimeSpan.FromSeconds(SettleSeconds));
        var process = region.Header.DataPlaneProcess;
        var clock = Stopwatch.StartNew();
        var (ran, offered, sent, seen) = (Precedence.SecondsOf(process, "worker-0"), Seen(lab, way.Gateway, way.Device), Sent(region, port), Seen(lab, way.To, way.ToDevice));
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        sent = Sent(region, port) - sent;
        var elapsed = clock.Elapsed.TotalSeconds;
        (ran, offered) = (Precedence.SecondsOf(process, "worker-0") - ran, Seen(lab, way.Gateway, way.Device) - offered);
        seen = Seen(lab, way.To, way.ToDevice) - seen;
        generator.Stop();
        if (sent == 0) throw new InvalidOperationException($"{way.Gateway} sent nothing by {way.Port}: {Drops(region)}");
        // The two counters are not read at the same moment.
        if (Math.Abs(seen / (double)sent - 1) > 0.05 + 0.2 / seconds) throw new InvalidOperationException($"{way.Gateway} says that it sent {sent} packets by {way.Port}, {way.To} saw {seen}");
        var rate = sent / elapsed;
        return new Row
        {
            Suite = "wire",
            Case = name,
            Cipher = Cipher,
            Size = size,
            Workers = (int)region.Header.Workers,
            Mode = mode,
            Mpps = Math.Round(rate / 1e6, 3),
            Gbps = Math.Round(rate * size * 8 / 1e9, 2),
            NsPerPacket = Math.Round(1e9 / rate, 1),
            Note = string.Create(CultureInfo.InvariantCulture, $"worker had its core {Math.Min(100, 100 * ran / elapsed):0} % of the time; offered {offered / elapsed / 1e6:0.0} Mpps"),
        };
    }

    private static Row Tcp(WireLab lab, int seconds)
    {
        using var server = lab.Start("host-b", ["iperf3", "-s", "-1", "--forceflush"]);
        while (server.StandardOutput.ReadLine() is { } line && !line.Contains("listening", StringComparison.Ordinal))
        {
        }

        var result = JsonNode.Parse(lab.Inside("host-a", ["iperf3", "-c", HostB, "-t", $"{seconds}", "-J"]))!;
        server.WaitForExit(5000);
        var end = result["end"]!;
        return new Row
        {
            Suite = "wire",
            Case = "tcp",
            Cipher = Cipher,
            Workers = 1,
            Mbps = Math.Round((double)end["sum_received"]!["bits_per_second"]! / 1e6),
            Note = $"one stream through two gateways, {(int)end["sum_sent"]!["retransmits"]!} retransmits",
        };
    }

    private static int DataPlaneOf(WireLab lab, string gateway)
    {
        using var region = lab.Open(gateway);
        return region.Header.DataPlaneProcess;
    }

    private static ulong MacOf(WireLab lab, string node, string device) => lab.Space(node).Ask(() => PacketIo.KernelDevice.MacOf(device));

    private static uint FreshSpi() => (uint)RandomNumberGenerator.GetInt32(0x1000, int.MaxValue);

    /// <summary>Lets a device drop every IPv4 packet that it receives, before the stack; ARP still passes.</summary>
    private static void Discard(WireLab lab, string node, string device)
    {
        lab.Inside(node, ["nft", $"add table netdev perf; add chain netdev perf entrance {{ type filter hook ingress device {device} priority 0; }}; add rule netdev perf entrance meta protocol ip drop"]);
    }

    private static (int Port, string Mode) FindPort(Region region, string name)
    {
        for (var i = 0; i < PortRecord.Maximum; i++)
        {
            if (region.Port(i).Name.Get() == name) return (i, region.Port(i).Mode.ToString().ToLowerInvariant());
        }

        throw new InvalidOperationException($"the gateway has no port {name}");
    }

    private static long Sent(Region region, int port)
    {
        var sum = 0UL;
        for (var w = 0; w < (int)region.Header.Workers; w++) sum += Volatile.Read(ref region.Worker(w).Ports[port].TxPackets);
        return (long)sum;
    }

    /// <summary>What a device has received, by the kernel's own count.</summary>
    private static long Seen(WireLab lab, string node, string device) =>
        (long)JsonNode.Parse(lab.Inside(node, ["ip", "-s", "-j", "link", "show", "dev", device]))![0]!["stats64"]!["rx"]!["packets"]!;

    private static string Drops(Region region)
    {
        var drops = new List<string>();
        for (var w = 0; w < (int)region.Header.Workers; w++)
        {
            for (var r = 0; r < (int)DropReason.Count; r++)
            {
                if (region.Worker(w).Drops[r] is > 0 and var count) drops.Add($"{count} {(DropReason)r}");
            }
        }

        return drops.Count == 0 ? "no drops" : string.Join(", ", drops);
    }

    /// <summary>From the generator (node, device, frame, core) into a gateway's device and out of its port, to the node and device that count and drop.</summary>
    private sealed record Way(string From, string FromDevice, byte[] Frame, int Core, string Gateway, string Device, string Port, string To, string ToDevice);
}
