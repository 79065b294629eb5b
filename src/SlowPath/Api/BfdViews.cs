using System.Text;
using System.Text.Json;
using Appliance.Bfd;
using Appliance.SlowPath.Bfd;

namespace Appliance.SlowPath.Api;

internal sealed record BfdView(
    string Remote, string? Local, bool Multihop, string State, string Diagnostic, string RemoteState, string RemoteDiagnostic, IReadOnlyList<string> For, long TransmitMilliseconds,
    long DetectionMilliseconds, int Multiplier, int RemoteMultiplier, bool Polling, string Discriminator, string RemoteDiscriminator, long Sent, long Received, long Ups, long Downs, long MillisecondsInState)
{
    /// <summary>All sessions, and those that wait for a way to the other side.</summary>
    public static IReadOnlyList<BfdView> Of(BfdService bfd) =>
        [.. bfd.Sessions.Select(Of).Concat(bfd.Waiting.Select(Of)).OrderBy(v => v.Remote, StringComparer.Ordinal)];

    private static BfdView Of(BfdSessionStatus s) => new(
        s.Path.Remote.ToString(), s.Path.Local.ToString(), s.Path.IsMultihop, Name(s.State), BfdText.Of(s.Diagnostic), Name(s.RemoteState), BfdText.Of(s.RemoteDiagnostic),
        [.. s.Keys.Order(StringComparer.Ordinal)], s.TransmitMilliseconds, s.DetectionMilliseconds, s.DetectMult, s.RemoteDetectMult, s.IsPolling, $"0x{s.Discriminator:x8}", $"0x{s.RemoteDiscriminator:x8}",
        s.Sent, s.Received, s.Ups, s.Downs, s.MillisecondsInState);

    private static BfdView Of((string Key, System.Net.IPAddress Remote, bool IsMultihop) w) => new(
        w.Remote.ToString(), null, w.IsMultihop, "no_route", "the kernel has no route to it", "down", BfdText.Of(BfdDiagnostic.None), [w.Key], 0, 0, 0, 0, false, "0x00000000", "0x00000000", 0, 0, 0, 0, 0);

    internal static string Name(BfdState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());
}

/// <summary>BFD's part of the metrics.</summary>
internal static class BfdMetrics
{
    /// <summary>Adds it.</summary>
    public static void Write(StringBuilder text, BfdService bfd)
    {
        var sessions = bfd.Sessions;
        Metrics.Head(text, "appliance_bfd_sessions", "gauge");
        foreach (var state in sessions.GroupBy(s => s.State)) Metrics.Line(text, "appliance_bfd_sessions", (ulong)state.Count(), ("state", BfdView.Name(state.Key)));
        Metrics.Head(text, "appliance_bfd_downs_total", "counter");
        foreach (var s in sessions) Metrics.Line(text, "appliance_bfd_downs_total", (ulong)s.Downs, ("remote", s.Path.Remote.ToString()), ("local", s.Path.Local.ToString()), ("multihop", s.Path.IsMultihop ? "true" : "false"));
        var (drops, failures) = bfd.Counters;
        Metrics.Head(text, "appliance_bfd_dropped_total", "counter");
        foreach (var (problem, count) in drops) Metrics.Line(text, "appliance_bfd_dropped_total", (ulong)count, ("reason", JsonNamingPolicy.SnakeCaseLower.ConvertName(problem.ToString())));
        Metrics.Head(text, "appliance_bfd_send_failures_total", "counter");
        Metrics.Line(text, "appliance_bfd_send_failures_total", (ulong)failures);
    }
}
