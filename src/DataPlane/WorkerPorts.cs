using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// This worker's queues of all ports. The keeper opens queues and offers them; the worker takes them in, and closes them when their device is lost, so that frames
/// and rings are touched by the worker's thread alone. A port with fewer queues than workers is sent to by way of a worker that has one.
/// </summary>
internal sealed class WorkerPorts(Region region, int door, uint tunnelPorts = 0)
{
    private readonly ConcurrentQueue<PortQueue> offers = new();
    private readonly PortQueue?[] transmit = new PortQueue?[PortRecord.Maximum];
    private readonly int[] open = new int[PortRecord.Maximum];
    private readonly int[] senders = new int[PortRecord.Maximum];
    private int news;
    private uint mustClose;

    /// <summary>Index of the host's own door; -1 when there is none.</summary>
    public int Door { get; } = door;

    /// <summary>Whether a port is the host's: its own door, or a tunnel's interface.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsHost(int port) => port == Door || IsInterface(port);

    /// <summary>Whether a port is a tunnel's interface.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsInterface(int port) => (tunnelPorts >> port & 1) != 0;

    /// <summary>The worker's queues: its receive loop goes over these.</summary>
    public PortQueue[] Queues { get; private set; } = [];

    /// <summary>The queue that this worker sends by, or null when it has none of that port now.</summary>
    public PortQueue? Sender(int port) => transmit[port];

    /// <summary>How many workers have queues of a port: the first so many. 0 while it is closed.</summary>
    public int Senders(int port) => Volatile.Read(ref senders[port]);

    /// <summary>The side of the IPsec boundary that a port is on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsProtected(int port) => port == Door || region.Port(port & (PortRecord.Maximum - 1)).Side == PortSide.Protected;

    /// <summary>Keeper: gives a queue to the worker.</summary>
    public void Offer(PortQueue queue)
    {
        Interlocked.Increment(ref open[queue.Port]);
        offers.Enqueue(queue);
        Interlocked.Increment(ref news);
    }

    /// <summary>Keeper: says how many workers have queues of a port.</summary>
    public void SetSenders(int port, int workers) => Volatile.Write(ref senders[port], workers);

    /// <summary>Keeper: asks the worker to close its queues of a port.</summary>
    public void RequestClose(int port)
    {
        Interlocked.Or(ref mustClose, 1u << port);
        Interlocked.Increment(ref news);
    }

    /// <summary>Keeper: how many queues of a port the worker has, those included that it has not taken in yet.</summary>
    public int OpenQueues(int port) => Volatile.Read(ref open[port]);

    /// <summary>Worker, once a round: does what the keeper asked for. Allocates, but only then.</summary>
    public void Refresh()
    {
        if (Volatile.Read(ref news) != 0) TakeNews();
    }

    /// <summary>Worker: closes queues whose device is gone; the other ports go on.</summary>
    public void CloseLost()
    {
        foreach (var queue in Queues)
        {
            if (queue.IsLost) Close(queue);
        }
    }

    /// <summary>Worker: closes all, when it ends.</summary>
    public void CloseAll()
    {
        TakeNews();
        foreach (var queue in Queues) Close(queue);
    }

    private void TakeNews()
    {
        Interlocked.Exchange(ref news, 0);
        var ports = Interlocked.Exchange(ref mustClose, 0);
        foreach (var queue in Queues)
        {
            if ((ports & (1u << queue.Port)) != 0) Close(queue);
        }

        while (offers.TryDequeue(out var queue)) Queues = [.. Queues, queue];
        ChooseSenders();
    }

    private void Close(PortQueue queue)
    {
        Queues = [.. Queues.Where(other => other != queue)];
        ChooseSenders();
        queue.Dispose();
        Interlocked.Decrement(ref open[queue.Port]);
    }

    private void ChooseSenders()
    {
        Array.Clear(transmit);
        foreach (var queue in Queues) transmit[queue.Port] ??= queue;
    }
}
