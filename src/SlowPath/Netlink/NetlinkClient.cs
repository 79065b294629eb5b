using System.ComponentModel;
using System.Runtime.InteropServices;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Asks the kernel and changes what it holds. One thread.</summary>
internal sealed class NetlinkClient : IKernel
{
    private const int AlreadyThere = 17, NoSuchProcess = 3, NotThere = 2, NoSuchAddress = 99;
    private readonly NetlinkSocket socket = new(0, 2000);
    private readonly byte[] request = new byte[512];
    private readonly byte[] answer = new byte[1 << 16];
    private uint sequence;

    /// <inheritdoc/>
    public KernelMirror Dump()
    {
        var mirror = new KernelMirror();
        foreach (var type in (ReadOnlySpan<ushort>)[MessageType.GetLink, MessageType.GetAddress, MessageType.GetNeighbour, MessageType.GetRoute])
        {
            const int attempts = 5;
            for (var i = 0; i < attempts && !TryDump(type, mirror); i++)
            {
            }
        }

        return mirror;
    }

    /// <inheritdoc/>
    public string? LinkUp(uint link, int mtu) => Change(NetlinkWriter.LinkUp(request, link, mtu, ++sequence).Finish());

    /// <inheritdoc/>
    public string? Address(bool add, uint link, InterfaceAddress address) => Change(NetlinkWriter.Address(request, add, link, address, ++sequence).Finish(), add ? AlreadyThere : NoSuchAddress);

    /// <inheritdoc/>
    public string? Route(bool add, in KernelRoute route) => Change(NetlinkWriter.Route(request, add, route, ++sequence).Finish(), add ? 0 : NoSuchProcess);

    /// <inheritdoc/>
    public string? IkeRule(bool v4) => Change(NetlinkWriter.IkeRule(request, v4, ++sequence).Finish(), AlreadyThere);

    /// <inheritdoc/>
    public string? UseNeighbour(uint link, IpAddress neighbour) => Change(NetlinkWriter.UseNeighbour(request, link, neighbour, ++sequence).Finish(), NotThere);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    /// <summary>False when the table changed meanwhile: what was read may be torn, read again.</summary>
    private bool TryDump(ushort type, KernelMirror mirror)
    {
        socket.Send(NetlinkWriter.Dump(request, type, ++sequence).Finish());
        var whole = true;
        while (true)
        {
            var length = socket.Receive(answer);
            if (length == NetlinkSocket.Overrun) return false;
            if (length == NetlinkSocket.Nothing) throw new IOException("netlink does not answer a dump");
            var reader = new NetlinkReader(answer.AsSpan(0, length));
            while (reader.TryNext(out var message))
            {
                if (message.Sequence != sequence) continue;
                whole &= (message.Flags & MessageFlags.DumpInterrupted) == 0;
                if (message.Type == MessageType.Done) return whole;
                if (message.Type == MessageType.Error) throw new IOException($"netlink dump: {ErrorText(message.Body)}");
                if (KernelChange.TryParse(message, out var change)) mirror.Apply(change);
            }
        }
    }

    private string? Change(ReadOnlySpan<byte> datagram, int fine = 0)
    {
        try
        {
            socket.Send(datagram);
            while (true)
            {
                var length = socket.Receive(answer);
                if (length <= 0) return "netlink does not answer";
                var reader = new NetlinkReader(answer.AsSpan(0, length));
                while (reader.TryNext(out var message))
                {
                    if (message.Sequence != sequence || message.Type != MessageType.Error) continue;
                    var error = message.Body.Length >= 4 ? -MemoryMarshal.Read<int>(message.Body) : 0;
                    return error == 0 || error == fine ? null : ErrorText(message.Body);
                }
            }
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }

    private static string ErrorText(ReadOnlySpan<byte> body) => body.Length < 4 ? "an answer cut short" : new Win32Exception(-MemoryMarshal.Read<int>(body)).Message;
}
