using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Appliance.Bgp;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// All TCP of BGP: one listening socket a family, connections by number, attempts by neighbour. What connections have to say comes through the inbox. Bounded: connections of one address and in all.
/// Loop, but for <see cref="Accepted"/>.
/// </summary>
internal sealed class BgpTransport(BgpInbox inbox, BgpCounters counters, ILogger log) : IDisposable
{
    /// <summary>Connections of one address at most: one of each direction (RFC 4271 §6.8), and those that are just ending.</summary>
    internal const int MostOfOneAddress = 8;

    /// <summary>Connections at most.</summary>
    internal const int Most = 8192;

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);
    private readonly Dictionary<ulong, BgpConnection> connections = [];
    private readonly Dictionary<string, ConnectAttempt> attempts = new(StringComparer.Ordinal);
    private readonly Dictionary<AddressFamily, BgpListener> listeners = [];
    private readonly Dictionary<IPAddress, int> ofAddress = [];
    private readonly List<string> problems = [];
    private readonly HashSet<BgpConnection> ending = [];
    private ListenFor wanted = new(0, []);
    private ulong last;
    private int live;

    /// <summary>What is wrong, one sentence each.</summary>
    public IEnumerable<string> Problems => problems.Concat(listeners.Values.SelectMany(l => l.Problems));

    /// <summary>Where it listens.</summary>
    public IEnumerable<IPEndPoint> Listening => listeners.Values.Select(l => l.Local);

    /// <summary>Connections at present.</summary>
    public int Connections => connections.Count;

    /// <summary>Listens for those who are named, and for nobody else.</summary>
    public void Listen(ListenFor listen)
    {
        if (listen.Port != wanted.Port) CloseListeners();
        wanted = listen;
        Relisten();
    }

    /// <summary>Tries again what could not be opened.</summary>
    public void Retry()
    {
        if (Problems.Any()) Relisten();
    }

    /// <summary>Begins a connection.</summary>
    public void Open(OpenConnection open)
    {
        Cancel(open.Neighbor);
        var attempt = attempts[open.Neighbor] = new ConnectAttempt(open.Neighbor, open.Remote, open.Options);
        _ = Task.Run(async () =>
        {
            var (socket, why) = await attempt.ConnectAsync();
            var connection = socket is null ? null : Adopt(socket);
            inbox.Add(new BgpNews(connection is null ? BgpNewsKind.Failed : BgpNewsKind.Opened, connection, attempt, why));
        });
    }

    /// <summary>Gives an attempt up.</summary>
    public void Cancel(string neighbor)
    {
        if (attempts.Remove(neighbor, out var attempt)) attempt.Cancel();
    }

    /// <summary>Hands octets to a connection; the buffer goes back to the pool also when there is none any more.</summary>
    public void Send(SendOctets send)
    {
        if (connections.TryGetValue(send.Connection, out var connection)) connection.Send(send.Buffer, send.Length);
        else ArrayPool<byte>.Shared.Return(send.Buffer);
    }

    /// <summary>Closes a connection.</summary>
    public void Close(ulong id)
    {
        if (!connections.Remove(id, out var connection)) return;
        connection.Close();
        Forget(connection);
    }

    /// <summary>What news mean for the machine, or null for nothing. Messages are not for here.</summary>
    public BgpEvent? Take(in BgpNews news)
    {
        switch (news.Kind)
        {
            case BgpNewsKind.Failed:
                return IsCurrent(news.Attempt!) ? new ConnectionFailed(news.Attempt!.Neighbor, news.Why) : null;
            case BgpNewsKind.Opened:
                return Opened(news.Connection!, news.Attempt);
            case BgpNewsKind.Sent:
                var sent = news.Connection!.TakeSent();
                return sent > 0 && connections.ContainsKey(news.Connection.Id) ? new OctetsSent(news.Connection.Id, sent) : null;
            case BgpNewsKind.Closed when connections.Remove(news.Connection!.Id):
                Forget(news.Connection);
                return new ConnectionClosed(news.Connection.Id, news.Why);
            default:
                return null;
        }
    }

    /// <summary>Whether messages of a connection still count.</summary>
    public bool IsOpen(BgpConnection connection) => connections.ContainsKey(connection.Id);

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseListeners();
        foreach (var neighbor in attempts.Keys.ToList()) Cancel(neighbor);
        foreach (var id in connections.Keys.ToList()) Close(id);
        Task.WaitAll([.. ending.Select(c => c.Completion)], LastWords);
    }

    private void Relisten()
    {
        var before = Problems.ToHashSet(StringComparer.Ordinal);
        problems.Clear();
        foreach (var family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            var peers = wanted.Peers.Where(p => p.Peers.BaseAddress.AddressFamily == family).ToList();
            if (peers.Count == 0)
            {
                if (listeners.Remove(family, out var unused)) unused.Dispose();
                continue;
            }

            if (!listeners.TryGetValue(family, out var listener))
            {
                listener = BgpListener.Open(family, wanted.Port, Accepted, counters, log, out var problem);
                if (listener is null)
                {
                    problems.Add(problem);
                    continue;
                }

                listeners[family] = listener;
                log.LogInformation("bgp: listening on {Local}", listener.Local);
            }

            listener.Use(peers);
        }

        foreach (var problem in Problems.Where(p => !before.Contains(p))) log.LogError("{Problem}", problem);
    }

    private void CloseListeners()
    {
        foreach (var listener in listeners.Values) listener.Dispose();
        listeners.Clear();
    }

    /// <summary>A neighbour connected. Any thread.</summary>
    private void Accepted(Socket socket)
    {
        if (Volatile.Read(ref live) >= Most)
        {
            counters.Add(BgpCount.ConnectionsCrowded);
            socket.Close(0);
            return;
        }

        if (Adopt(socket) is { } connection) inbox.Add(new BgpNews(BgpNewsKind.Opened, connection));
    }

    /// <summary>A connection of a socket; null when it is gone already. Any thread.</summary>
    private BgpConnection? Adopt(Socket socket)
    {
        try
        {
            var connection = new BgpConnection(Interlocked.Increment(ref last), socket, inbox, counters);
            Interlocked.Increment(ref live);
            return connection;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private ConnectionOpened? Opened(BgpConnection connection, ConnectAttempt? attempt)
    {
        if (attempt is not null && !IsCurrent(attempt))
        {
            Interlocked.Decrement(ref live);
            connection.Close();
            return null;
        }

        var address = connection.Remote.Address;
        var count = ofAddress.GetValueOrDefault(address);
        if (attempt is null && count >= MostOfOneAddress)
        {
            counters.Add(BgpCount.ConnectionsCrowded);
            Interlocked.Decrement(ref live);
            connection.Close();
            return null;
        }

        ofAddress[address] = count + 1;
        counters.Add(attempt is null ? BgpCount.ConnectionsAccepted : BgpCount.ConnectionsOpened);
        connections[connection.Id] = connection;
        connection.Start();
        return new ConnectionOpened(connection.Id, connection.Local, connection.Remote, attempt?.Neighbor);
    }

    private bool IsCurrent(ConnectAttempt attempt)
    {
        if (!attempts.TryGetValue(attempt.Neighbor, out var current) || current != attempt) return false;
        attempts.Remove(attempt.Neighbor);
        return true;
    }

    private void Forget(BgpConnection connection)
    {
        Interlocked.Decrement(ref live);
        var address = connection.Remote.Address;
        if (--ofAddress[address] == 0) ofAddress.Remove(address);
        ending.RemoveWhere(c => c.Completion.IsCompleted);
        ending.Add(connection);
    }
}
