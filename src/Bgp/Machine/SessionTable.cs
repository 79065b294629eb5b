using System.Net;

namespace Appliance.Bgp;

/// <summary>The sessions, by number and by name.</summary>
internal sealed class SessionTable
{
    private readonly Dictionary<int, Session> byId = [];
    private readonly Dictionary<string, Session> byName = new(StringComparer.Ordinal);
    private int last;

    /// <summary>All sessions.</summary>
    public IReadOnlyCollection<Session> All => byId.Values;

    /// <summary>By number, or null.</summary>
    public Session? Find(int id) => byId.GetValueOrDefault(id);

    /// <summary>By name, or null.</summary>
    public Session? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Those that an operator means: by name, by address, or "*" for all.</summary>
    public IReadOnlyList<Session> Named(string text)
    {
        if (text == "*") return [.. byId.Values];
        if (byName.TryGetValue(text, out var session)) return [session];
        return IPAddress.TryParse(text, out var address) ? [.. byId.Values.Where(s => s.Configuration.Address.Equals(address))] : [];
    }

    /// <summary>A neighbour more.</summary>
    public Session Add(BgpStep step, NeighborConfiguration configuration, DynamicNeighbors? range = null)
    {
        var session = new Session(++last, configuration, range, step.Now);
        byId.Add(session.Id, session);
        byName.Add(configuration.Name, session);
        return session;
    }

    /// <summary>A neighbour is gone; its connections are closed.</summary>
    public void Remove(BgpStep step, Session session)
    {
        byId.Remove(session.Id);
        byName.Remove(session.Name);
        foreach (var kind in Enum.GetValues<SessionTimer>()) step.StopTimer(session, kind);
        step.Machine.PeerRoutes.Gone(session);
    }

    /// <summary>Dynamic neighbours without a connection and without routes that are kept go.</summary>
    public void ForgetGone(BgpStep step)
    {
        List<Session>? gone = null;
        foreach (var session in byId.Values)
            if (session is { Range: not null, Connections.Count: 0, IsDisabledByOperator: false, IsHeld: false } && !session.HasStale) (gone ??= []).Add(session);
        foreach (var session in gone ?? []) Remove(step, session);
    }
}
