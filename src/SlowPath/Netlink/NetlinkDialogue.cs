using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Appliance.SlowPath.Netlink;

/// <summary>Takes one message of a dump.</summary>
internal delegate void DumpedMessage(in NetlinkMessage message);

/// <summary>Requests to the kernel and its answers, one after the other. One thread.</summary>
internal sealed class NetlinkDialogue : IDisposable
{
    private readonly NetlinkSocket socket = new(0, 2000);
    private readonly byte[] request = new byte[2048];
    private readonly byte[] answer = new byte[1 << 16];

    /// <summary>Where a request is built: large enough for each.</summary>
    public Span<byte> Request => request;

    /// <summary>Number of the latest request.</summary>
    public uint Sequence { get; private set; }

    /// <summary>Number of the next request.</summary>
    public uint Next() => ++Sequence;

    /// <summary>Sends a request that was built with <see cref="Next"/>; null, or what the kernel says is wrong. An error of number <paramref name="fine"/> is none.</summary>
    public string? Change(ReadOnlySpan<byte> datagram, int fine = 0)
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
                    if (message.Sequence != Sequence || message.Type != MessageType.Error) continue;
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

    /// <summary>A dump. False when the table changed meanwhile: what was read may be torn, read again.</summary>
    /// <exception cref="IOException">The kernel does not answer.</exception>
    public bool TryDump(ReadOnlySpan<byte> datagram, DumpedMessage take)
    {
        socket.Send(datagram);
        var whole = true;
        while (true)
        {
            var length = socket.Receive(answer);
            if (length == NetlinkSocket.Overrun) return false;
            if (length == NetlinkSocket.Nothing) throw new IOException("netlink does not answer a dump");
            var reader = new NetlinkReader(answer.AsSpan(0, length));
            while (reader.TryNext(out var message))
            {
                if (message.Sequence != Sequence) continue;
                whole &= (message.Flags & MessageFlags.DumpInterrupted) == 0;
                if (message.Type == MessageType.Done) return whole;
                if (message.Type == MessageType.Error) throw new IOException($"netlink dump: {ErrorText(message.Body)}");
                take(message);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private static string ErrorText(ReadOnlySpan<byte> body) => body.Length < 4 ? "an answer cut short" : new Win32Exception(-MemoryMarshal.Read<int>(body)).Message;
}
