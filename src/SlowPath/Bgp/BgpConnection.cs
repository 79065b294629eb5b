using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Appliance.Bgp;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// A TCP connection of BGP. One task reads: octets → <see cref="MessageFramer"/> → batches of whole messages to the inbox; of those at most two are on their way, so a neighbour that sends faster than
/// the loop takes is slowed down by TCP itself. Another task writes what <see cref="Send"/> was given, in order. Either one's failure ends the connection, which is said once.
/// </summary>
internal sealed class BgpConnection
{
    /// <summary>Octets of messages that are handed over at once.</summary>
    internal const int BatchOctets = 128 << 10;

    private const int BatchesOnTheWay = 2, ReadOctets = 64 << 10, LeastReadOctets = 4096;
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(1);
    private readonly Socket socket;
    private readonly BgpInbox inbox;
    private readonly BgpCounters counters;
    private readonly Channel<(byte[] Buffer, int Length)> outgoing = Channel.CreateUnbounded<(byte[], int)>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly Channel<int> onTheWay = Channel.CreateBounded<int>(BatchesOnTheWay);
    private int sent, sentIsSaid, endIsSaid;
    private volatile bool closing;

    /// <summary>Takes over a connected socket; nothing is read before <see cref="Start"/>.</summary>
    public BgpConnection(ulong id, Socket socket, BgpInbox inbox, BgpCounters counters)
    {
        Id = id;
        this.socket = socket;
        this.inbox = inbox;
        this.counters = counters;
        Local = Plain((IPEndPoint)socket.LocalEndPoint!);
        Remote = Plain((IPEndPoint)socket.RemoteEndPoint!);
    }

    /// <summary>Its number.</summary>
    public ulong Id { get; }

    /// <summary>Our end.</summary>
    public IPEndPoint Local { get; }

    /// <summary>The other end; of a link-local address without the device.</summary>
    public IPEndPoint Remote { get; }

    /// <summary>Done when both tasks are and the socket is closed.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Starts both tasks.</summary>
    public void Start() => Completion = Task.Run(RunAsync);

    /// <summary>Sends the first octets of a buffer of the pool, which goes back there. Loop.</summary>
    public void Send(byte[] buffer, int length)
    {
        if (!outgoing.Writer.TryWrite((buffer, length))) ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Closes once what was handed over is sent, a second at most; nothing is said any more. Loop.</summary>
    public void Close()
    {
        closing = true;
        Volatile.Write(ref endIsSaid, 1);
        outgoing.Writer.TryComplete();
        onTheWay.Writer.TryComplete();
        _ = LingerAsync();
    }

    /// <summary>A batch was taken: there is room for another. Loop.</summary>
    public void Taken(byte[] batch)
    {
        ArrayPool<byte>.Shared.Return(batch);
        onTheWay.Reader.TryRead(out _);
    }

    /// <summary>Octets that the kernel took since the last time. Loop.</summary>
    public int TakeSent()
    {
        Volatile.Write(ref sentIsSaid, 0);
        return Interlocked.Exchange(ref sent, 0);
    }

    private static IPEndPoint Plain(IPEndPoint endpoint) => endpoint.Address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 }
        ? new IPEndPoint(new IPAddress(endpoint.Address.GetAddressBytes()), endpoint.Port)
        : endpoint;

    private async Task RunAsync()
    {
        var reader = ReadAsync();
        var writer = WriteAsync();
        await Task.WhenAll(reader, writer);
        socket.Dispose();
    }

    private async Task LingerAsync()
    {
        await Task.WhenAny(Completion, Task.Delay(Lingering)).ConfigureAwait(false);
        socket.Close(0);
    }

    private async Task ReadAsync()
    {
        var broken = false;
        var reader = PipeReader.Create(new NetworkStream(socket), new StreamPipeReaderOptions(bufferSize: ReadOctets, minimumReadSize: LeastReadOctets, useZeroByteReads: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();
                var rest = read.Buffer;
                while (!closing && !broken && MessageFramer.Cut(rest, BatchOctets, out broken) is > 0 and var whole)
                {
                    await PostAsync(rest.Slice(0, whole));
                    rest = rest.Slice(whole);
                }

                // What comes behind something that is no message, or after the end, means nothing.
                reader.AdvanceTo(closing || broken ? read.Buffer.End : rest.Start, read.Buffer.End);
                if (!read.IsCompleted) continue;
                End("the neighbour closed the connection");
                return;
            }
        }
        catch (Exception exception)
        {
            End(Reason(exception));
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private async Task PostAsync(ReadOnlySequence<byte> whole)
    {
        var length = (int)whole.Length;
        await onTheWay.Writer.WriteAsync(length);
        var batch = ArrayPool<byte>.Shared.Rent(length);
        whole.CopyTo(batch);
        counters.Add(BgpCount.OctetsReceived, length);
        inbox.Add(new BgpNews(BgpNewsKind.Received, this, Octets: batch, Length: length));
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var (buffer, length) in outgoing.Reader.ReadAllAsync())
            {
                for (var at = 0; at < length;)
                {
                    var taken = await socket.SendAsync(buffer.AsMemory(at, length - at), SocketFlags.None);
                    at += taken;
                    counters.Add(BgpCount.OctetsSent, taken);
                    Interlocked.Add(ref sent, taken);
                    if (!closing && Interlocked.Exchange(ref sentIsSaid, 1) == 0) inbox.Add(new BgpNews(BgpNewsKind.Sent, this));
                }

                ArrayPool<byte>.Shared.Return(buffer);
            }

            // The other side shall read all of it before it learns that this is the end: what it still sends is read and thrown away meanwhile.
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception)
        {
            End(Reason(exception));
        }
    }

    /// <summary>Says why it ended, the first time and when we did not close it; then both tasks end.</summary>
    private void End(string why)
    {
        if (Interlocked.Exchange(ref endIsSaid, 1) == 0) inbox.Add(new BgpNews(BgpNewsKind.Closed, this, Why: why));
        outgoing.Writer.TryComplete();
        socket.Dispose();
    }

    private static string Reason(Exception exception) => exception switch
    {
        SocketException failed => failed.Message,
        IOException { InnerException: SocketException failed } => failed.Message,
        _ => exception.Message,
    };
}
