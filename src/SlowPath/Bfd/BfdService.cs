using System.Net;
using System.Net.Sockets;
using Appliance.Bfd;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bfd;

/// <summary>
/// BFD as the rest of the slow path sees it (loop): who wants which path, the thread that watches them (made with the first one), its changes told to all. A path without a local
/// address gets that by which the kernel reaches the other side, looked for again every second while the session is not up.
/// </summary>
internal sealed class BfdService(EventLoop loop, ILogger log, BfdPorts? ports = null) : IBfdSessions, IDisposable
{
    private const string OwnKeys = "bfd ";
    private const long LinesMilliseconds = 1000;
    private readonly BfdNotices notices = new();
    private readonly Dictionary<string, Wanted> wanted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> refused = new(StringComparer.Ordinal);
    private readonly RateLimit<string> lines = new(LinesMilliseconds);
    private BfdThread? thread;

    /// <inheritdoc/>
    public event Action<BfdNotice>? Changed;

    /// <summary>All sessions.</summary>
    public IReadOnlyList<BfdSessionStatus> Sessions => thread?.Status().Sessions ?? [];

    /// <summary>Packets dropped, by reason, and those that could not be sent.</summary>
    public (IReadOnlyList<(PacketProblem Problem, long Count)> Drops, long SendFailures) Counters => thread is null ? ([], 0) : (thread.Status().Drops, thread.SendFailures);

    /// <summary>Paths that are wanted and have no session yet, for want of a way to the other side.</summary>
    public IEnumerable<(string Key, IPAddress Remote, bool IsMultihop)> Waiting => wanted.Where(w => w.Value.Path is null).Select(w => (w.Key, w.Value.Remote, w.Value.IsMultihop));

    /// <summary>What does not work, one sentence each.</summary>
    public IEnumerable<string> Problems =>
        (thread?.Status().Problems ?? []).Concat(refused.Values).Concat(Waiting.Select(w => $"BFD to {w.Remote} ({w.Key}) waits: the kernel has no route to it"));

    /// <summary>The paths that the configuration names, in place of those before.</summary>
    public void Use(IReadOnlyList<WatchedPath> paths)
    {
        var kept = paths.Select(p => OwnKeys + p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in wanted.Keys.Where(k => k.StartsWith(OwnKeys, StringComparison.Ordinal) && !kept.Contains(k)).ToList()) Unwant(gone);
        foreach (var path in paths) Want(OwnKeys + path.Name, path.Local, path.Remote, path.IsMultihop, path.Intervals, path.MinimumTtl);
    }

    /// <inheritdoc/>
    public void Want(string key, IPAddress? local, IPAddress remote, bool isMultihop, BfdIntervals intervals, int minimumTtl = 0)
    {
        var before = wanted.GetValueOrDefault(key);
        var now = new Wanted(local, remote, isMultihop, intervals, minimumTtl, null, false);
        if (before is not null && now with { Path = before.Path, IsUp = before.IsUp } == before) return;
        refused.Remove(key);
        wanted[key] = now;
        if (before?.Path is not null && (!before.Remote.Equals(remote) || before.IsMultihop != isMultihop || !Equals(before.Local, local)))
        {
            thread?.Post(new BfdSessionUnwanted(key));
            before = null;
        }

        Place(key, now with { Path = before?.Path, IsUp = before?.IsUp ?? false }, mustPost: true);
    }

    /// <inheritdoc/>
    public void Unwant(string key)
    {
        refused.Remove(key);
        if (wanted.Remove(key, out var before) && before.Path is not null) thread?.Post(new BfdSessionUnwanted(key));
    }

    /// <summary>The loop's turn, see <see cref="EventLoop.Turns"/>.</summary>
    public long Turn()
    {
        foreach (var notice in notices.TakeAll())
        {
            if (!wanted.TryGetValue(notice.Key, out var path)) continue;
            wanted[notice.Key] = path with { IsUp = notice.IsUp };
            Write(notice, path);
            Changed?.Invoke(notice);
        }

        return long.MaxValue;
    }

    /// <summary>Called every second: sessions without a local address of their own follow the kernel's routes while they are not up.</summary>
    public void SecondPassed()
    {
        foreach (var (key, path) in wanted.Where(w => w.Value is { Local: null, IsUp: false }).ToList()) Place(key, path, mustPost: false);
    }

    /// <inheritdoc/>
    public void Dispose() => thread?.Dispose();

    /// <summary>The address by which the kernel reaches another, or null.</summary>
    internal static IPAddress? LocalTo(IPAddress remote)
    {
        try
        {
            using var probe = new Socket(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(remote, 9);
            return (probe.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private void Place(string key, Wanted path, bool mustPost)
    {
        wanted[key] = path;
        if ((path.Local ?? LocalTo(path.Remote)) is not { } local) return;
        var place = new BfdPath(local, path.Remote, path.IsMultihop);
        if (!mustPost && place == path.Path) return;
        wanted[key] = path with { Path = place };
        thread ??= new BfdThread(Told, ports ?? BfdPorts.Standard, log);
        thread.Post(new BfdSessionWanted(key, place, path.Intervals) { MinimumTtl = path.MinimumTtl });
    }

    // On the thread of BFD.
    private void Told(BfdAction action)
    {
        switch (action)
        {
            case BfdSessionChanged changed:
                notices.Add(new BfdNotice(changed.Key, changed.IsUp, changed.Diagnostic, changed.IsAdministrative));
                loop.Wake();
                break;
            case BfdSessionRefused no:
                loop.Post(_ => Refused(no), null);
                break;
        }
    }

    private void Refused(BfdSessionRefused no)
    {
        if (!wanted.TryGetValue(no.Key, out var path)) return;
        refused[no.Key] = $"BFD to {path.Remote} ({no.Key}) cannot be: {no.Why}";
        log.LogError("{Problem}", refused[no.Key]);
    }

    private void Write(BfdNotice notice, Wanted path)
    {
        if (!lines.TryPass(notice.Key, Environment.TickCount64, out var suppressed)) return;
        var more = suppressed > 0 ? $"; {suppressed} changes before it were not written" : "";
        if (notice.IsUp) log.LogInformation("BFD to {Remote} ({Key}) is up{More}", path.Remote, notice.Key, more);
        else if (notice.IsAdministrative) log.LogInformation("BFD to {Remote} ({Key}) is down: the other side was told to{More}", path.Remote, notice.Key, more);
        else log.LogWarning("BFD to {Remote} ({Key}) is down: {Why}{More}", path.Remote, notice.Key, BfdText.Of(notice.Diagnostic), more);
    }

    private sealed record Wanted(IPAddress? Local, IPAddress Remote, bool IsMultihop, BfdIntervals Intervals, int MinimumTtl, BfdPath? Path, bool IsUp);
}
