using System.Reflection;
using System.Text.Json;
using Appliance.Shared;

namespace Appliance.Cli.Show;

/// <summary>
/// What a gateway's region says at one moment. Read from the region and not through the API: it costs the slow path nothing and is there
/// while the slow path is not.
/// </summary>
internal sealed record GatewayFigures(
    long Tick, int OutboundSas, int InboundSas, ulong OutboundPackets, ulong InboundPackets, ulong OutboundBytes, ulong InboundBytes,
    ulong Rx, ulong Tx, IReadOnlyList<(DropReason Reason, ulong Count)> Drops)
{
    /// <summary>Packets that never reached a worker: the kernel had no descriptor free in a port's receive queue.</summary>
    public ulong KernelDrops { get; init; }

    /// <summary>All drops.</summary>
    public ulong Dropped => Drops.Aggregate(0UL, (sum, d) => sum + d.Count);

    /// <summary>Reads a region that is there, or nothing.</summary>
    public static GatewayFigures? Read(RuntimePaths paths)
    {
        try
        {
            using var region = Region.Open(paths.Region);
            return Read(region);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads a region.</summary>
    public static GatewayFigures Read(Region region)
    {
        int outbound = 0, inbound = 0;
        ulong outPackets = 0, inPackets = 0, outBytes = 0, inBytes = 0, rx = 0, tx = 0;
        for (uint i = 0; i < region.Counts.OutboundSas; i++)
        {
            if (Volatile.Read(ref region.OutboundSa(i).State) != SlotState.Live) continue;
            outbound++;
            outPackets += region.OutboundState(i).Packets;
            outBytes += region.OutboundState(i).Bytes;
        }

        for (uint i = 0; i < region.Counts.InboundSas; i++)
        {
            if (Volatile.Read(ref region.InboundSa(i).State) != SlotState.Live) continue;
            inbound++;
            var totals = region.InboundTotals(i);
            inPackets += totals.Packets;
            inBytes += totals.Bytes;
        }

        var drops = new ulong[(int)DropReason.Count];
        for (var w = 0; w < (int)region.Header.Workers; w++)
        {
            ref var block = ref region.Worker(w);
            rx += block.Rx + block.Injected;
            tx += block.Tx + block.Punted;
            for (var r = 0; r < drops.Length; r++) drops[r] += block.Drops[r];
        }

        var missed = 0UL;
        for (var p = 0; p < PortRecord.Maximum; p++) missed += region.Port(p).KernelDrops;
        var named = drops.Select((count, reason) => ((DropReason)reason, count)).Where(d => d.count > 0).OrderByDescending(d => d.count).ToList();
        return new GatewayFigures(Environment.TickCount64, outbound, inbound, outPackets, inPackets, outBytes, inBytes, rx, tx, named) { KernelDrops = missed };
    }

    /// <summary>Name of a reason, as the API has it.</summary>
    public static string NameOf(DropReason reason) => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    /// <summary>What an operator reads about a reason.</summary>
    public static DropTextAttribute TextOf(DropReason reason) => typeof(DropReason).GetField(reason.ToString())!.GetCustomAttribute<DropTextAttribute>()!;
}
