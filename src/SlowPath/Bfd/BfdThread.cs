using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Appliance.Bfd;
using Appliance.Machine;
using Appliance.Shared;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bfd;

/// <summary>
/// BFD's own thread. It alone steps the machine and uses the sockets; the loop, which may be busy with a million routes for longer than a detection time, gives it events and hears of
/// changes. In each round: what the loop wants, then what came (bounded), and only then what is due, so that nobody is taken for dead whose packets wait.
/// </summary>
internal sealed class BfdThread : IDisposable
{
    private const int PacketsPerRound = 256, LongestPacket = 512, RetryMilliseconds = 1000, EndMilliseconds = 2000;
    private readonly BfdMachine machine = new();
    private readonly BfdSockets sockets;
    private readonly ConcurrentQueue<BfdEvent> events = new();
    private readonly WakeEvent wake = new();
    private readonly Lock gate = new();
    private readonly Action<BfdAction> told;
    private readonly ILogger log;
    private readonly Thread thread;
    private readonly ReadPoll poll = new();
    private readonly List<BfdAction> actions = [];
    private readonly byte[] seed = new byte[Entropy.SeedLength];
    private readonly byte[] buffer = new byte[LongestPacket];
    private readonly Entropy entropy = new(new byte[Entropy.SeedLength]);
    private (HopSocket Socket, bool IsMultihop)[] listening = [];
    private long retryAt, sendFailures;
    private volatile bool ended;

    /// <summary>Starts it. <paramref name="told"/> is called on this thread with what is neither sent nor closed here.</summary>
    public BfdThread(Action<BfdAction> told, BfdPorts ports, ILogger log)
    {
        sockets = new BfdSockets(ports);
        this.told = told;
        this.log = log;
        thread = new Thread(Run) { IsBackground = true, Name = "bfd" };
        thread.Start();
    }

    private static Instant Now => new(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000));

    /// <summary>Packets that the kernel did not take.</summary>
    public long SendFailures => Interlocked.Read(ref sendFailures);

    /// <summary>Something is wanted. Any thread.</summary>
    public void Post(BfdEvent e)
    {
        events.Enqueue(e);
        wake.Signal();
    }

    /// <summary>All sessions, what does not work, and the packets dropped by reason. Any thread.</summary>
    public (IReadOnlyList<BfdSessionStatus> Sessions, IReadOnlyList<string> Problems, IReadOnlyList<(PacketProblem Problem, long Count)> Drops) Status()
    {
        lock (gate)
            return (machine.Status(Now), [.. sockets.Problems], [.. Enum.GetValues<PacketProblem>().Where(p => p != PacketProblem.None).Select(p => (p, machine.Dropped(p)))]);
    }

    /// <summary>Tells every other side AdminDown and ends.</summary>
    public void Dispose()
    {
        ended = true;
        wake.Signal();
        if (!thread.Join(EndMilliseconds)) return;
        sockets.Dispose();
        wake.Dispose();
    }

    private void Run()
    {
        poll.Watch([wake.Descriptor]);
        while (!ended)
        {
            poll.Wait((int)Math.Clamp(Math.Min(machine.NextDue.Milliseconds, retryAt) - Now.Milliseconds, 0, RetryMilliseconds));
            lock (gate)
            {
                wake.Clear();
                var changed = Take();
                foreach (var (socket, isMultihop) in listening) Receive(socket, isMultihop);
                if (machine.NextDue <= Now) Step(BfdTimePassed.Event);
                if (changed || Now.Milliseconds >= retryAt) Listen();
            }
        }

        lock (gate) Step(new BfdStopped());
    }

    private bool Take()
    {
        var any = false;
        while (events.TryDequeue(out var e))
        {
            Step(e);
            any = true;
        }

        return any;
    }

    private void Listen()
    {
        retryAt = Now.Milliseconds + RetryMilliseconds;
        if (!sockets.Listen(machine.Status(Now).Select(s => s.Path))) return;
        listening = [.. sockets.Receivers];
        poll.Watch([wake.Descriptor, .. listening.Select(l => l.Socket.Descriptor)]);
    }

    private void Receive(HopSocket socket, bool isMultihop)
    {
        for (var i = 0; i < PacketsPerRound; i++)
        {
            var length = socket.Receive(buffer, out var local, out var remote, out var ttl);
            if (length == HopSocket.Nothing) return;
            Step(new BfdPacketReceived(new BfdPath(local, remote, isMultihop), ttl, buffer.AsMemory(0, length)));
        }
    }

    private void Step(BfdEvent e)
    {
        actions.Clear();
        try
        {
            RandomNumberGenerator.Fill(seed);
            entropy.Reseed(seed);
            machine.Step(new StepContext(Now, entropy), e, actions);
        }
        catch (Exception exception)
        {
            // Whatever came must not stop the other sessions; the one that this was about is lost to its timers.
            log.LogError(exception, "the BFD machine failed at {Event}", e.GetType().Name);
        }

        foreach (var action in actions)
        {
            switch (action)
            {
                case BfdSend send:
                    if (!sockets.Send(send)) Interlocked.Increment(ref sendFailures);
                    break;
                case BfdSessionEnded session:
                    sockets.Close(session.Session);
                    break;
                default:
                    told(action);
                    break;
            }
        }
    }
}
