using System.Text;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Api;

/// <summary>Groups' part of the metrics. Members are not among the labels: there may be ten thousand.</summary>
internal static class GroupMetrics
{
    /// <summary>Adds it.</summary>
    public static void Write(StringBuilder text, Gateway gateway, IkeService ike) => Write(text, GroupViews.All(gateway, ike));

    /// <summary>Adds it.</summary>
    internal static void Write(StringBuilder text, IReadOnlyList<GroupView> groups)
    {
        Groups(text, "members", "gauge", groups, g => (ulong)g.Members);
        Groups(text, "members_pending", "gauge", groups, g => (ulong)g.Pending);
        Groups(text, "sender_ids_left", "gauge", groups, g => (ulong)Math.Max(0, g.SenderIdsLeft));
        Groups(text, "rekeys_total", "counter", groups, g => g.Rekeys);
        Groups(text, "problem", "gauge", groups, g => g.Problem.Length > 0 ? 1UL : 0UL);
        Sas(text, "sent_packets_total", "counter", groups, s => s.SentPackets);
        Sas(text, "sent_bytes_total", "counter", groups, s => s.SentBytes);
        Sas(text, "received_packets_total", "counter", groups, s => s.ReceivedPackets);
        Sas(text, "received_bytes_total", "counter", groups, s => s.ReceivedBytes);
        Sas(text, "integrity_failed_total", "counter", groups, s => s.IntegrityFailed);
        Sas(text, "replayed_total", "counter", groups, s => s.Replayed);
        Sas(text, "senders", "gauge", groups, s => (ulong)s.SendersHeard);
        Sas(text, "lifetime_seconds", "gauge", groups, s => (ulong)Math.Max(0, s.LifetimeSeconds));
    }

    private static void Groups(StringBuilder text, string what, string type, IReadOnlyList<GroupView> groups, Func<GroupView, ulong> value)
    {
        Metrics.Head(text, $"appliance_group_{what}", type);
        foreach (var group in groups) Metrics.Line(text, $"appliance_group_{what}", value(group), ("group", group.Name), ("role", group.Role));
    }

    private static void Sas(StringBuilder text, string what, string type, IReadOnlyList<GroupView> groups, Func<GroupSaView, ulong> value)
    {
        Metrics.Head(text, $"appliance_group_sa_{what}", type);
        foreach (var group in groups)
            foreach (var sa in group.Sas) Metrics.Line(text, $"appliance_group_sa_{what}", value(sa), ("group", group.Name), ("spi", sa.Spi), ("state", sa.State));
    }
}
