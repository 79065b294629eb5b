using System.Reflection;
using System.Text.Json;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Api;

/// <summary>From the state to what the API shows; never a key. On the loop.</summary>
internal static class ViewBuilder
{
    private static readonly DropTextAttribute[] Texts =
        [.. Enumerable.Range(0, (int)DropReason.Count).Select(r => typeof(DropReason).GetField(((DropReason)r).ToString())!.GetCustomAttribute<DropTextAttribute>()!)];

    /// <summary>Name of an enumeration's value in snake_case.</summary>
    public static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>SAs of both directions.</summary>
    public static IReadOnlyList<SaView> Sas(Gateway gateway) =>
        gateway.Sas.OrderBy(s => s.Tunnel, StringComparer.Ordinal).ThenBy(s => s.IsOutbound).ThenBy(s => s.Slot).Select(s => s.IsOutbound ? Outbound(gateway, s) : Inbound(gateway, s)).ToList();

    /// <summary>The SPD: its rules in order, then what routes make of them.</summary>
    public static IReadOnlyList<RuleView> Rules(Gateway gateway, SecurityGatewayService? edge)
    {
        var rules = gateway.Contents.Rules.Select((r, i) => Rule(r, i + 1)).ToList();
        if (edge is not null) rules.AddRange(EdgeViews.Rules(edge, rules.Count));
        return rules;
    }

    /// <summary>Ports with the counters of all workers.</summary>
    public static IReadOnlyList<PortView> Ports(Region region)
    {
        var views = new List<PortView>();
        for (var index = 0; index < PortRecord.Maximum; index++)
        {
            ref var port = ref region.Port(index);
            if (port.State != SlotState.Live) continue;
            var sum = default(PortCounters);
            for (var worker = 0; worker < WorkerBlock.Maximum; worker++)
            {
                ref var counters = ref region.Worker(worker).Ports[index];
                sum.RxPackets += counters.RxPackets;
                sum.RxBytes += counters.RxBytes;
                sum.TxPackets += counters.TxPackets;
                sum.TxBytes += counters.TxBytes;
                sum.Drops += counters.Drops;
            }

            views.Add(new PortView(index, port.Name.Get(), Name(port.Kind), Name(port.Side), Name(port.Running), Name(port.Mode), port.Queues, port.Mtu, port.InterfaceIndex, port.Losses,
                port.KernelDrops, sum.RxPackets, sum.RxBytes, sum.TxPackets, sum.TxBytes, sum.Drops));
        }

        return views;
    }

    /// <summary>Workers with every counter.</summary>
    public static IReadOnlyList<WorkerView> Workers(Region region) => Enumerable.Range(0, (int)Math.Min(region.Header.Workers, (uint)WorkerBlock.Maximum)).Select(worker =>
    {
        ref var block = ref region.Worker(worker);
        var dropped = 0UL;
        for (var reason = 1; reason < (int)DropReason.Count; reason++) dropped += block.Drops[reason];
        return new WorkerView(worker, block.Core, block.Sleeping != 0, block.Rx, block.Injected, block.Originated, block.Copies, block.Tx, block.Punted, block.Held, block.Absorbed, dropped,
            block.HandedOver, block.Batches, block.Loops, block.Sleeps, block.FreeFrames, block.Frames, block.Epoch, Math.Max(0, Environment.TickCount64 - block.Heartbeat), region.Events(worker).Lost);
    }).ToList();

    /// <summary>Drops that happened, by reason and worker.</summary>
    public static IReadOnlyList<DropView> Drops(Region region)
    {
        var views = new List<DropView>();
        for (var reason = 1; reason < (int)DropReason.Count; reason++)
            for (var worker = 0; worker < (int)Math.Min(region.Header.Workers, (uint)WorkerBlock.Maximum); worker++)
                if (region.Worker(worker).Drops[reason] is > 0 and var count)
                    views.Add(new DropView(Name((DropReason)reason), worker, count, Name(Texts[reason].Severity), Texts[reason].Text, Texts[reason].Source));
        return views;
    }

    /// <summary>Tunnels.</summary>
    public static IReadOnlyList<TunnelView> Tunnels(Gateway gateway) => gateway.Tunnels.Select(t =>
    {
        var contents = gateway.Contents.Tunnels.GetValueOrDefault(t.Name) ?? new TunnelContents { Name = t.Name };
        var acquire = gateway.Acquires.GetValueOrDefault(t.Name);
        return new TunnelView(t.Name, Name(t.Kind), t.Local.ToString(), t.Group is null ? t.Remote.ToString() : "any", contents.PathMtu, contents.InnerMtu, contents.MssClampV4, contents.MssClampV6,
            contents.Path is { } path ? gateway.Contents.Ports.FirstOrDefault(p => p.Index == path.Port)?.Name : null, contents.Path?.Neighbour.ToString(),
            contents.Path is { } key && gateway.Contents.Adjacencies.TryGetValue(key, out var adjacency) && adjacency.IsResolved,
            t.Routes.Select(r => r.ToString()).ToList(), Spis(gateway, t.Name, true), t.Group is { } group ? gateway.GroupSas.Where(s => s.Group == group).Select(s => $"0x{s.Spi:x8}").ToList() : Spis(gateway, t.Name, false), acquire?.Count ?? 0,
            acquire is null ? null : $"{acquire.At:O} {acquire.Source} to {acquire.Destination}, protocol {acquire.Protocol}", t.Interface?.Device, gateway.InterfaceIsUp(t.Name), t.Group);
    }).ToList();

    private static List<string> Spis(Gateway gateway, string tunnel, bool isOutbound) =>
        gateway.SasOf(tunnel).Where(s => s.IsOutbound == isOutbound).Select(s => $"0x{s.Spi:x8}").Distinct().ToList();

    private static SaView Outbound(Gateway gateway, SaEntry entry)
    {
        ref var sa = ref gateway.Region.OutboundSa(entry.Slot);
        ref var state = ref gateway.Region.OutboundState(entry.Slot);
        var inUse = false;
        for (var worker = 0; worker < SaSlots.Size; worker++) inUse |= gateway.Region.Tunnel(sa.Tunnel).OutboundSas[worker] == entry.Slot;
        return new SaView(entry.Direction, entry.Slot, $"0x{sa.Spi:x8}", entry.Tunnel, Name(sa.Mode), Name(sa.Encapsulation), CipherNames.NameOf(entry.Cipher, entry.KeyLength), (sa.Flags & SaFlags.Esn) != 0, 0,
            sa.Worker, sa.Source.ToString(), sa.Destination.IsAny ? "any" : sa.Destination.ToString(), state.Sequence, state.Packets, state.Bytes, state.Drops, 0, 0, 0, sa.SequenceSoftLimit, sa.SequenceHardLimit,
            sa.PathMtu, inUse, Idle(state.LastUsed), Expires(sa.ExpiresAt), entry.Group, GroupRecords.SenderIdOf(sa));
    }

    private static SaView Inbound(Gateway gateway, SaEntry entry)
    {
        ref var sa = ref gateway.Region.InboundSa(entry.Slot);
        ref var state = ref gateway.Region.InboundState(entry.Slot);
        var totals = gateway.Region.InboundTotals(entry.Slot);
        var drops = totals.OtherDrops + totals.IntegrityFailed + totals.Replayed + totals.TooOld;
        return new SaView(entry.Direction, entry.Slot, $"0x{sa.Spi:x8}", entry.Tunnel, Name(sa.Mode), Name(sa.Encapsulation), CipherNames.NameOf(entry.Cipher, entry.KeyLength), (sa.Flags & SaFlags.Esn) != 0,
            sa.ReplayWindow, sa.Worker, sa.Source.IsAny ? "any" : sa.Source.ToString(), sa.Destination.ToString(), sa.SenderIdBits == 0 ? state.Highest : 0, totals.Packets, totals.Bytes, drops,
            totals.IntegrityFailed, totals.Replayed, totals.TooOld, 0, 0, 0, true, Idle(totals.LastUsed), Expires(sa.ExpiresAt), entry.Group, null, sa.SenderIdBits == 0 ? null : totals.Senders);
    }

    private static long? Idle(long lastUsed) => lastUsed == 0 ? null : Math.Max(0, Environment.TickCount64 - lastUsed);

    private static DateTimeOffset? Expires(long at) => at == 0 ? null : DateTimeOffset.UtcNow.AddMilliseconds(at - Environment.TickCount64);

    private static RuleView Rule(RuleContents contents, int order)
    {
        var rule = contents.Rule;
        return new RuleView(order, rule.Name.Get(), Name(rule.Action), rule.Action == SpdAction.Protect ? contents.Tunnel ?? "by-route" : "", Range(rule.LocalLow, rule.LocalHigh),
            Range(rule.RemoteLow, rule.RemoteHigh), rule.Protocol == 0 ? "any" : rule.Protocol.ToString(), Range(rule, rule.LocalPortLow, rule.LocalPortHigh), Range(rule, rule.RemotePortLow, rule.RemotePortHigh));
    }

    private static string Range(IpAddress low, IpAddress high)
    {
        if (low.IsAny && high.High == ulong.MaxValue && high.Low == ulong.MaxValue) return "any";
        for (var length = 0; length <= (low.IsV4 ? 32 : 128); length++)
            if (new IpPrefix(low, length) is var prefix && prefix.Address == low && prefix.Last == high)
                return prefix.ToString();
        return $"{low}-{high}";
    }

    private static string Range(in SpdRule rule, ushort low, ushort high) => rule.HasPorts == 0 || (low == 0 && high == ushort.MaxValue) ? "any" : low == high ? low.ToString() : $"{low}-{high}";
}
