using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Appliance.Bfd;
using Appliance.Shared;

namespace Appliance.SlowPath.Bfd;

/// <summary>
/// BFD's sockets, all used by one thread: for receiving at most one for each family on the ports 3784 (single hop, RFC 5881 §4) and 4784 (multihop, RFC 5883 §5), open while a session needs it; for
/// sending one for each session, whose source port is from 49152 to 65535 and no other session's.
/// </summary>
internal sealed class BfdSockets(BfdPorts ports) : IDisposable
{
    private const int FirstSourcePort = 49152, LastSourcePort = 65535, PortTries = 8;
    private const int HighestTtl = 255, NetworkControl = 0xc0, ReceiveOctets = 1 << 20, SendOctets = 1 << 16;
    private readonly Dictionary<uint, Sender> senders = [];
    private readonly Dictionary<(bool V6, bool IsMultihop), HopSocket> receivers = [];
    private readonly Dictionary<(bool V6, bool IsMultihop), string> deaf = [];
    private readonly Dictionary<uint, string> mute = [];

    /// <summary>Sockets to receive from, with whether they are those of multihop.</summary>
    public IEnumerable<(HopSocket Socket, bool IsMultihop)> Receivers => receivers.Select(r => (r.Value, r.Key.IsMultihop));

    /// <summary>What does not work, one sentence each.</summary>
    public IEnumerable<string> Problems => deaf.Values.Concat(mute.Values).Distinct();

    /// <summary>Opens what sessions on these paths need, closes what none does; true when <see cref="Receivers"/> changed.</summary>
    public bool Listen(IEnumerable<BfdPath> paths)
    {
        var wanted = paths.Select(p => (V6: IsV6(p.Remote), p.IsMultihop)).ToHashSet();
        var changed = false;
        foreach (var gone in receivers.Keys.Except(wanted).ToList())
        {
            receivers.Remove(gone, out var socket);
            socket!.Dispose();
            changed = true;
        }

        deaf.Clear();
        foreach (var kind in wanted.Except(receivers.Keys).ToList())
        {
            var port = ports.Of(kind.IsMultihop);
            if (HopSocket.Open(kind.V6, port, ReceiveOctets, out var why) is { } socket)
            {
                receivers[kind] = socket;
                changed = true;
            }
            else
            {
                deaf[kind] = $"BFD cannot listen on UDP {port} ({(kind.V6 ? "IPv6" : "IPv4")}): {why}; it is tried again every second: end another BFD daemon if one runs";
            }
        }

        return changed;
    }

    /// <summary>Sends a packet of a session; false when it could not go.</summary>
    public bool Send(BfdSend send)
    {
        if (!senders.TryGetValue(send.Session, out var sender))
        {
            if (Open(send.Path) is not { } opened)
            {
                mute[send.Session] = $"BFD cannot send from {send.Path.Local}: it is no address of this machine, or there is no free port; it is tried again with each packet";
                return false;
            }

            mute.Remove(send.Session);
            senders[send.Session] = sender = opened;
        }

        return sender.Socket.Send(sender.Remote, [], send.Octets);
    }

    /// <summary>A session is no more.</summary>
    public void Close(uint session)
    {
        mute.Remove(session);
        if (senders.Remove(session, out var sender)) sender.Socket.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sender in senders.Values) sender.Socket.Dispose();
        foreach (var receiver in receivers.Values) receiver.Dispose();
    }

    private static bool IsV6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    private Sender? Open(BfdPath path)
    {
        var taken = senders.Values.Select(s => s.Socket.Local.Port).ToHashSet();
        for (var attempt = 0; attempt < PortTries; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(FirstSourcePort, LastSourcePort + 1);
            if (taken.Contains(port) || UdpSocket.Open(new IPEndPoint(path.Local, port), 0, SendOctets, out _) is not { } socket) continue;
            if (socket.SetHops(HighestTtl, NetworkControl)) return new Sender(socket, new IPEndPoint(path.Remote, ports.Of(path.IsMultihop)));
            socket.Dispose();
        }

        return null;
    }

    private sealed record Sender(UdpSocket Socket, IPEndPoint Remote);
}
