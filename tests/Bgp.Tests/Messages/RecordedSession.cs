using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Appliance.Bgp.Tests.Messages;

/// <summary>A session between two other implementations, as it went over the wire, with what each message says.</summary>
internal sealed record RecordedSession(string First, string Second, IReadOnlyList<RecordedMessage> Messages)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static IEnumerable<string> Names => Directory.GetFiles(Folder(), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    public static RecordedSession Load(string name) => JsonSerializer.Deserialize<RecordedSession>(File.ReadAllText(Path.Combine(Folder(), name + ".json")), Json)!;

    /// <summary>What was agreed for messages from one side: what both said in OPEN.</summary>
    public UpdateOptions OptionsFrom(string who)
    {
        var (from, to) = (OpenOf(m => m.From == who), OpenOf(m => m.From != who));
        return new UpdateOptions
        {
            FourOctetAs = from.Capabilities.FourOctetAs.HasValue && to.Capabilities.FourOctetAs.HasValue,
            IsExternal = from.As != to.As,
            FirstAs = from.As != to.As ? from.As : 0,
            Families = from.Capabilities.SpokenFamilies.And(to.Capabilities.SpokenFamilies),
            AddPath = FamilySet.Of(Family.All.Where(f => from.Capabilities.AddPathOf(f).HasFlag(AddPathMode.Send) && to.Capabilities.AddPathOf(f).HasFlag(AddPathMode.Receive))),
            ExtendedNextHop = from.Capabilities.Ipv6NextHops.And(to.Capabilities.Ipv6NextHops),
        };
    }

    /// <summary>What our reader makes of a message: a line a thing.</summary>
    public static List<string> Describe(ReadOnlySpan<byte> octets, UpdateOptions options)
    {
        if (!MessageHeader.TryNext(ref octets, MessageHeader.ExtendedLength, out var header, out var body, out var error)) return [$"error: {error}"];
        switch (header.Type)
        {
            case MessageType.Open:
                return OpenMessage.TryRead(body, out var open, out error) ? Lines(open!) : [$"error: {error}"];
            case MessageType.Notification:
                return NotificationMessage.TryRead(body, out var notification) ? [$"notification {notification}"] : ["error"];
            case MessageType.RouteRefresh:
                return RouteRefreshMessage.TryRead(body, out var refresh, out error) ? [$"refresh {refresh.Subtype} {refresh.Family}"] : [$"error: {error}"];
            case MessageType.Keepalive:
                return ["keepalive"];
            default:
                return UpdateReader.TryRead(body, options, out var view) ? Lines(view) : [$"error: {view.Why}"];
        }
    }

    private OpenMessage OpenOf(Func<RecordedMessage, bool> of) =>
        OpenMessage.TryRead(Convert.FromHexString(Messages.First(of).Octets).AsSpan(MessageHeader.Size), out var open, out _) ? open! : throw new InvalidDataException("the first message is no OPEN");

    private static List<string> Lines(OpenMessage open)
    {
        var says = open.Capabilities;
        List<string> lines = [$"open as {open.As} hold {open.HoldSeconds} id {open.Identifier:x8} families {says.SpokenFamilies} four-octet {says.FourOctetAs}"];
        lines.Add($"refresh {says.RouteRefresh} enhanced {says.EnhancedRouteRefresh} extended-message {says.ExtendedMessage} ipv6-next-hops {says.Ipv6NextHops}");
        if (says.GracefulRestart is { } restart) lines.Add($"restart {restart.Restarted} {restart.Notification} {restart.Seconds} s: {string.Join(", ", restart.Families.Select(f => $"{f.Family} {f.ForwardingKept}"))}");
        lines.AddRange(says.AddPath.Select(a => $"add-path {a.Family} {a.Mode}"));
        lines.AddRange(says.Unknown.Select(u => $"unknown capability {u.Code} {Convert.ToHexStringLower(u.Value)}"));
        return lines;
    }

    private static List<string> Lines(in UpdateView view)
    {
        var lines = new List<string>();
        if (view.Error != UpdateError.None) lines.Add($"{view.Error}: {view.Why}");
        if (view.IgnoredFamily != default) lines.Add($"ignored {view.IgnoredFamily}");
        if (view.IsEndOfRib(out var family)) lines.Add($"end of rib {family}");
        foreach (var nlri in view.WithdrawnNlri) lines.Add($"withdraw {nlri.ToText(Family.Ipv4Unicast)}");
        foreach (var nlri in view.UnreachedNlri) lines.Add($"withdraw {view.UnreachFamily} {nlri.ToText(view.UnreachFamily)}");
        foreach (var nlri in view.AnnouncedNlri) lines.Add($"announce {nlri.ToText(Family.Ipv4Unicast)}");
        foreach (var nlri in view.ReachedNlri) lines.Add($"announce {view.ReachFamily} {nlri.ToText(view.ReachFamily)}{(view.ReachFamily.IsVpn ? $" label {nlri.Label}" : "")}");
        if (view.HasReach) lines.AddRange(Lines(AttributeReader.Read(view, true)));
        if (!view.Announced.IsEmpty) lines.AddRange(Lines(AttributeReader.Read(view, false)));
        return lines;
    }

    private static IEnumerable<string> Lines(PathAttributes attributes)
    {
        yield return attributes.ToString();
        if (attributes.AtomicAggregate || attributes.Aggregator is not null) yield return $"aggregate {attributes.AtomicAggregate} {attributes.Aggregator}";
        if (attributes.OriginatorId is not null || attributes.ClusterList.Length > 0) yield return $"originator {attributes.OriginatorId:x8} clusters {string.Join(' ', attributes.ClusterList.Select(c => $"{c:x8}"))}";
        if (attributes.TunnelEncapsulation is { } tunnels && TunnelEncapsulation.TryRead(tunnels, out var read)) yield return $"tunnels {string.Join(", ", read.Select(t => $"{t.Type} to {t.Endpoint}"))}";
        foreach (var unknown in attributes.Unknown) yield return $"unknown {unknown.Flags:x2} {unknown.Type} {Convert.ToHexStringLower(unknown.Value)}";
    }

    private static string Folder([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Recorded");
}

/// <summary>A message of a recorded session.</summary>
/// <param name="From">Who sent it.</param>
/// <param name="Octets">The whole message in hexadecimal digits.</param>
/// <param name="Says">What it says, a line a thing.</param>
internal sealed record RecordedMessage(string From, string Octets, IReadOnlyList<string> Says);
