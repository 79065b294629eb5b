using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Appliance.Bgp;
using Appliance.Machine;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Serving;
using Appliance.SlowPath.Tests.Ike;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>The transport of BGP with a loop of its own and a machine that does what the test says.</summary>
internal sealed class TransportNode : IMachine<BgpEvent, BgpAction>, IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;
    private bool ended;

    public TransportNode()
    {
        Loop = new EventLoop(() => { }, 1000);
        var inbox = new BgpInbox(Loop.Wake);
        Transport = new BgpTransport(inbox, Counters, NullLogger.Instance);
        Host = new BgpHost(this, inbox, Transport, Loop.Wake, Execute, NullLogger.Instance);
        Loop.Turns.Add(Host.Turn);
        thread = new Thread(() => Loop.Run(stop.Token)) { IsBackground = true };
        thread.Start();
    }

    public EventLoop Loop { get; }

    public BgpTransport Transport { get; }

    public BgpHost Host { get; }

    public BgpCounters Counters { get; } = new();

    /// <summary>Octets of all messages, as they came.</summary>
    public ConcurrentQueue<byte[]> Messages { get; } = [];

    public ConcurrentQueue<BgpEvent> Events { get; } = [];

    /// <summary>Called in each step; what it gives is done.</summary>
    public Func<BgpEvent, BgpAction[]> Answer { get; set; } = _ => [];

    public long OctetsSent => Events.OfType<OctetsSent>().Sum(s => (long)s.Octets);

    public ConnectionOpened? Opened => Events.OfType<ConnectionOpened>().FirstOrDefault();

    Instant IMachine<BgpEvent, BgpAction>.NextDue => Instant.Never;

    public int Port => On(() => Transport.Listening.First().Port);

    public static byte[] Message(int length, byte type = 2)
    {
        var message = new byte[length];
        message.AsSpan(0, 16).Fill(0xff);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(16), (ushort)length);
        message[18] = type;
        return message;
    }

    public T On<T>(Func<T> work) => Loop.RunAsync(work).GetAwaiter().GetResult();

    public void Do(params BgpAction[] actions) => On(() =>
    {
        foreach (var action in actions) Execute(action);
        return true;
    });

    public void Listen(string peers, TransportOptions? options = null) => Do(new ListenFor(0, [(IPNetwork.Parse(peers), options ?? new TransportOptions())]));

    public void Connect(IPEndPoint remote, TransportOptions? options = null) => Do(new OpenConnection("peer", remote, options ?? new TransportOptions()));

    public void Send(ulong connection, byte[] octets)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(octets.Length);
        octets.CopyTo(buffer, 0);
        Do(new SendOctets(connection, buffer, octets.Length));
    }

    public Task Until<T>(Func<T, bool>? which = null) where T : BgpEvent => Waiting.For(() => Events.OfType<T>().Any(which ?? (_ => true)), typeof(T).Name);

    void IMachine<BgpEvent, BgpAction>.Step(in StepContext context, BgpEvent e, ICollection<BgpAction> actions)
    {
        if (e is MessagesReceived received) Messages.Enqueue(received.Octets.ToArray());
        Events.Enqueue(e);
        foreach (var action in Answer(e)) actions.Add(action);
    }

    public void Dispose()
    {
        if (ended) return;
        ended = true;
        stop.Cancel();
        Loop.Wake();
        thread.Join();
        Transport.Dispose();
        stop.Dispose();
    }

    private void Execute(BgpAction action)
    {
        switch (action)
        {
            case ListenFor listen: Transport.Listen(listen); break;
            case OpenConnection open: Transport.Open(open); break;
            case CancelConnection cancel: Transport.Cancel(cancel.Neighbor); break;
            case SendOctets send: Transport.Send(send); break;
            case CloseConnection close: Transport.Close(close.Connection); break;
        }
    }
}
