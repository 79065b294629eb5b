using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Appliance.Bgp;
using Appliance.Shared;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// Listens for neighbours of one family, on all addresses. Keys (RFC 2385) stand on the listening socket, one for each neighbour or range, so that the kernel drops what is not signed before there is a
/// connection; TTL security is checked there as far as it is asked of all neighbours, and on each connection before anything of it is read. Who is no neighbour is refused at once.
/// </summary>
internal sealed class BgpListener : IDisposable
{
    private const int Backlog = 128, PauseMilliseconds = 100, LengthOffset = 16, TypeOffset = 18;
    private const long RefusalIntervalMilliseconds = 10_000;
    private readonly Socket socket;
    private readonly Action<Socket> accepted;
    private readonly BgpCounters counters;
    private readonly ILogger log;
    private readonly RateLimit<IPAddress> refusals = new(RefusalIntervalMilliseconds, 256);
    private readonly RateLimit<bool> allRefusals = new(RefusalIntervalMilliseconds / 100);
    private readonly Dictionary<IPNetwork, byte[]> keys = [];
    private readonly List<string> problems = [];
    private volatile PeerTable peers = PeerTable.Empty;
    private volatile bool ended;

    private BgpListener(Socket socket, Action<Socket> accepted, BgpCounters counters, ILogger log)
    {
        this.socket = socket;
        this.accepted = accepted;
        this.counters = counters;
        this.log = log;
    }

    /// <summary>What is wrong, one sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Where it listens.</summary>
    public IPEndPoint Local => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Opens the socket; null with a problem. <paramref name="accepted"/> takes connections of neighbours, from another thread.</summary>
    public static BgpListener? Open(AddressFamily family, int port, Action<Socket> accepted, BgpCounters counters, ILogger log, out string problem)
    {
        problem = "";
        Socket? socket = null;
        try
        {
            socket = TcpOptions.Open(family);
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, port));
            return new BgpListener(socket, accepted, counters, log);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            problem = $"BGP cannot listen on TCP {port} ({(family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")}): {exception.Message}; is another BGP speaker running here?";
            return null;
        }
    }

    /// <summary>Takes the neighbours that count from now on. Who has a key that the kernel did not take is none of them: without it he would be believed unsigned. Loop.</summary>
    public void Use(IReadOnlyList<(IPNetwork Peers, TransportOptions Options)> wanted)
    {
        problems.Clear();
        var good = new List<(IPNetwork, TransportOptions?)>(wanted.Count);
        foreach (var gone in keys.Keys.Where(k => !wanted.Any(w => w.Peers.Equals(k) && w.Options.Md5Key is not null)).ToList()) SetKey(gone, []);
        foreach (var (network, options) in wanted)
            good.Add((network, options.Md5Key is not { } key || SetKey(network, key) ? options : null));
        try
        {
            TcpOptions.SetTtl(socket, wanted.Max(w => w.Options.Ttl));
            TcpOptions.SetMinimumTtl(socket, wanted.Min(w => w.Options.MinimumTtl));
        }
        catch (SocketException exception)
        {
            problems.Add($"BGP cannot set the TTL of its listening socket: {exception.Message}");
            good.Clear();
        }

        var first = ReferenceEquals(peers, PeerTable.Empty);
        peers = new PeerTable(good);
        if (!first) return;
        socket.Listen(Backlog);
        _ = Task.Run(AcceptAsync);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ended = true;
        socket.Dispose();
    }

    /// <summary>
    /// What came before TTL and device were looked at can be from anywhere. An OPEN in it does no harm: what makes a session of it, the KEEPALIVE, answers ours, so nobody has cause to send it yet,
    /// and what comes from now on is looked at.
    /// </summary>
    internal static bool SaidNoMoreThanOpen(Socket connection)
    {
        var waiting = connection.Available;
        if (waiting == 0) return true;
        Span<byte> header = stackalloc byte[MessageHeader.Size];
        if (connection.Receive(header, SocketFlags.Peek) < MessageHeader.Size) return true;
        return (MessageType)header[TypeOffset] == MessageType.Open && waiting <= BinaryPrimitives.ReadUInt16BigEndian(header[LengthOffset..]);
    }

    private bool SetKey(IPNetwork network, byte[] key)
    {
        if (key.Length > 0 && keys.TryGetValue(network, out var before) && CryptographicOperations.FixedTimeEquals(before, key)) return true;
        try
        {
            TcpOptions.SetMd5Key(socket, network, key);
            if (key.Length > 0) keys[network] = key;
            else keys.Remove(network);
            return true;
        }
        catch (SocketException exception)
        {
            if (key.Length > 0) problems.Add($"the kernel does not take the TCP-MD5 key of {network}: {exception.Message}; nobody from there can connect (net.core.optmem_max bounds how many keys a socket has)");
            else keys.Remove(network);
            return false;
        }
    }

    private async Task AcceptAsync()
    {
        while (!ended)
        {
            try
            {
                Sort(await socket.AcceptAsync());
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                if (ended) return;
                log.LogWarning("bgp: accepting a connection failed: {Problem}", exception.Message);
                await Task.Delay(PauseMilliseconds);
            }
        }
    }

    private void Sort(Socket connection)
    {
        try
        {
            var (local, remote) = (((IPEndPoint)connection.LocalEndPoint!).Address, ((IPEndPoint)connection.RemoteEndPoint!).Address);
            if (peers.Find(local, remote, out var why) is { } options)
            {
                connection.NoDelay = true;
                TcpOptions.SetTtl(connection, options.Ttl);
                TcpOptions.SetMinimumTtl(connection, options.MinimumTtl);

                // What comes over another device from now on is not this connection's: of the host's own door, what came in the clear. Our SYN and ACK went out by the route, which is that one.
                // One of link-local addresses is bound to its device by the kernel, which lets nobody without CAP_NET_RAW bind it once more.
                if (options.Device.Length > 0 && !remote.IsIPv6LinkLocal) TcpOptions.SetDevice(connection, options.Device);
                if ((options.MinimumTtl == 0 && options.Device.Length == 0) || SaidNoMoreThanOpen(connection))
                {
                    accepted(connection);
                    return;
                }

                why = "it said more than its OPEN before it was looked where it came from";
            }

            counters.Add(BgpCount.ConnectionsRefused);
            // A range of forged addresses cannot come this far: a connection needs its answers. Still, the lines of all are bounded.
            var now = Environment.TickCount64;
            if (refusals.TryPass(remote, now, out var more) && allRefusals.TryPass(true, now, out _)) log.LogWarning("bgp: connection from {Remote} refused ({More} more): {Why}", remote, more, why);
        }
        catch (SocketException)
        {
            // It is gone already.
        }

        connection.Close(0);
    }
}
