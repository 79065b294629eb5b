using System.Net;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// IKE's UDP sockets: ports 500 and 4500 of each local address.
/// 1. <see cref="Bind"/> (loop): sockets for addresses that appeared, none for those that went; the receiving thread is told.
/// 2. <see cref="Listen"/> (receiving thread): sleeps for all sockets at once, takes at most a few datagrams of each in turn, puts messages into the inbox, wakes the loop.
/// 3. <see cref="Send"/> (loop): never blocks; what the kernel does not take is counted and gone, the protocol sends it again.
/// Datagrams carry a mark, by which the kernel's rules keep them out of the routes into tunnels (<see cref="KernelRoutes.IkeMark"/>).
/// On port 4500 four zero octets, the non-ESP marker, stand before a message (RFC 3948 §2.2).
/// </summary>
internal sealed class IkeSockets : IDisposable
{
    /// <summary>Addresses that have sockets at most.</summary>
    public const int MaximumAddresses = 256;

    private const int BufferOctets = 8 << 20, LongestDatagram = 1 << 16, Burst = 32, MarkerLength = 4;
    private const byte KeepaliveOctet = 0xff;
    private static readonly byte[] Marker = new byte[MarkerLength];
    private readonly DatagramInbox inbox;
    private readonly IkeCounters counters;
    private readonly Action arrived;
    private readonly IkePorts ports;
    private readonly Dictionary<IPEndPoint, UdpSocket> bound = [];
    private readonly Dictionary<IPAddress, string> problems = [];
    private readonly WakeEvent changed = new();
    private readonly Lock gate = new();
    private readonly List<UdpSocket> closing = [];
    private readonly Thread listener;
    private UdpSocket[] listening = [];
    private volatile bool ended;

    /// <summary>No socket yet. <paramref name="arrived"/> is called by the receiving thread when the inbox got something.</summary>
    public IkeSockets(DatagramInbox inbox, IkeCounters counters, Action arrived, IkePorts ports)
    {
        this.inbox = inbox;
        this.counters = counters;
        this.arrived = arrived;
        this.ports = ports;
        listener = new Thread(Listen) { IsBackground = true, Name = "ike" };
        listener.Start();
    }

    /// <summary>Addresses that have both sockets.</summary>
    public IReadOnlyList<IPAddress> Addresses => [.. bound.Keys.Where(e => e.Port == ports.Ike).Select(e => e.Address)];

    /// <summary>Addresses that could not be opened, one sentence each.</summary>
    public IReadOnlyCollection<string> Problems => problems.Values;

    /// <summary>Opens what is missing, closes what is not wanted. True when <see cref="Addresses"/> changed. Loop.</summary>
    public bool Bind(IReadOnlyCollection<IPAddress> wanted)
    {
        var kept = wanted.Distinct().Take(MaximumAddresses).ToHashSet();
        var gone = bound.Where(b => !kept.Contains(b.Key.Address)).ToList();
        foreach (var (endpoint, _) in gone) bound.Remove(endpoint);
        problems.Clear();
        if (wanted.Count > MaximumAddresses) problems[IPAddress.None] = $"IKE listens on {MaximumAddresses} of {wanted.Count} addresses: name those of each peer with 'local:'";
        var opened = false;
        foreach (var address in kept)
            if (!bound.ContainsKey(new IPEndPoint(address, ports.Ike)))
                opened |= Open(address);
        if (gone.Count == 0 && !opened) return false;
        lock (gate)
        {
            closing.AddRange(gone.Select(g => g.Value));
            listening = [.. bound.Values];
        }

        changed.Signal();
        return true;
    }

    /// <summary>Sends a message, with the marker from the NAT port. False when it could not go. Loop.</summary>
    public bool Send(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> message)
    {
        if (!bound.TryGetValue(local, out var socket))
        {
            counters.Add(IkeCount.NoSocket);
            return false;
        }

        var sent = socket.Send(remote, local.Port == ports.Nat ? Marker : [], message);
        counters.Add(sent ? IkeCount.MessagesSent : IkeCount.SendFailed);
        return sent;
    }

    /// <summary>Sends a NAT keepalive (RFC 3948 §2.3). Loop.</summary>
    public void SendKeepalive(IPEndPoint local, IPEndPoint remote)
    {
        if (bound.TryGetValue(local, out var socket) && socket.Send(remote, [], [KeepaliveOctet])) counters.Add(IkeCount.KeepalivesSent);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ended = true;
        changed.Signal();
        listener.Join();
        foreach (var socket in bound.Values) socket.Dispose();
        foreach (var socket in closing) socket.Dispose();
        changed.Dispose();
    }

    private bool Open(IPAddress address)
    {
        var ike = UdpSocket.Open(new IPEndPoint(address, ports.Ike), KernelRoutes.IkeMark, BufferOctets, out var why);
        var nat = ike is null ? null : UdpSocket.Open(new IPEndPoint(address, ports.Nat), KernelRoutes.IkeMark, BufferOctets, out why);
        if (ike is null || nat is null)
        {
            ike?.Dispose();
            problems[address] = $"IKE cannot listen on {address}, UDP {(ike is null ? ports.Ike : ports.Nat)}: {why}";
            return false;
        }

        bound[ike.Local] = ike;
        bound[nat.Local] = nat;
        return true;
    }

    /// <summary>The receiving thread. It closes sockets itself, so that no descriptor is another's while it looks at it.</summary>
    private void Listen()
    {
        var buffer = new byte[LongestDatagram];
        var poll = new ReadPoll();
        UdpSocket[] sockets = [];
        poll.Watch([changed.Descriptor]);
        while (!ended)
        {
            poll.Wait(-1);
            if (poll.IsReady(0) && changed.Clear())
            {
                lock (gate)
                {
                    sockets = listening;
                    foreach (var socket in closing) socket.Dispose();
                    closing.Clear();
                }

                poll.Watch([changed.Descriptor, .. sockets.Select(s => s.Descriptor)]);
                continue;
            }

            var any = false;
            for (var i = 0; i < sockets.Length; i++)
                if (poll.IsReady(i + 1))
                    any |= Take(sockets[i], buffer);
            if (any) arrived();
        }
    }

    private bool Take(UdpSocket socket, byte[] buffer)
    {
        var any = false;
        for (var i = 0; i < Burst; i++)
        {
            var length = socket.Receive(buffer, out var remote);
            if (length == UdpSocket.Nothing) break;
            if (Message(socket.Local, buffer.AsSpan(0, length), out var message)) any |= inbox.TryAdd(socket.Local, remote, message);
        }

        return any;
    }

    /// <summary>The message in a datagram; false for what is none.</summary>
    private bool Message(IPEndPoint local, ReadOnlySpan<byte> datagram, out ReadOnlySpan<byte> message)
    {
        message = datagram;
        if (local.Port != ports.Nat) return true;
        if (datagram.StartsWith(Marker))
        {
            message = datagram[MarkerLength..];
            return true;
        }

        counters.Add(datagram is [KeepaliveOctet] ? IkeCount.KeepalivesReceived : datagram.Length < MarkerLength ? IkeCount.TooShort : IkeCount.EspOnSocket);
        return false;
    }
}
