using System.Diagnostics;
using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Machine;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging.Abstractions;

namespace Appliance.SlowPath.Tests.Ike;

public sealed class HostTests : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly RecordingMachine machine = new();
    private readonly List<IkeAction> executed = [];
    private readonly DatagramInbox inbox;
    private readonly EventLoop loop;
    private readonly IkeWork work;
    private readonly IkeHost host;
    private readonly Thread thread;

    public HostTests()
    {
        // A tick so rare that whatever happens soon does not wait for it.
        loop = new EventLoop(() => { }, 60_000);
        var counters = new IkeCounters();
        inbox = new DatagramInbox(counters);
        work = new IkeWork(new NoSigner(), counters, loop.Wake, NullLogger.Instance);
        host = new IkeHost(machine, inbox, work, loop.Wake, Execute, NullLogger.Instance);
        loop.Turns.Add(host.Turn);
        thread = new Thread(() => loop.Run(stop.Token)) { IsBackground = true };
        thread.Start();
    }

    public void Dispose()
    {
        stop.Cancel();
        loop.Wake();
        thread.Join();
        work.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task EventsAndResultsDoNotWaitForTheTick()
    {
        machine.Answer = e => e is DatagramReceived ? [new BeginKeyExchange(1, KeyExchangeMethod.Curve25519)] : [];
        var since = Stopwatch.StartNew();
        inbox.TryAdd(new IPEndPoint(IPAddress.Loopback, 500), new IPEndPoint(IPAddress.Loopback, 501), new byte[40]);
        loop.Wake();
        await Waiting.For(() => machine.Has<KeyExchangeBegun>(), "the result");
        Assert.InRange(since.ElapsedMilliseconds, 0, 5000);
    }

    [Fact]
    public async Task TimerFiresWhenItIsDue()
    {
        await loop.RunAsync(() =>
        {
            machine.Due = new Instant(Environment.TickCount64 + 30);
            return true;
        });
        await Waiting.For(() => machine.Has<TimePassed>(), "the timer");
        Assert.True(Environment.TickCount64 >= machine.FiredAt);
    }

    [Fact]
    public async Task EveryDatagramOfABurstIsTakenInOrder()
    {
        for (var i = 0; i < 1000; i++) inbox.TryAdd(new IPEndPoint(IPAddress.Loopback, 500), new IPEndPoint(IPAddress.Loopback, i), new byte[40]);
        loop.Wake();
        await Waiting.For(() => machine.Count == 1000, "all of them");
        Assert.Equal(Enumerable.Range(0, 1000), machine.Events.OfType<DatagramReceived>().Select(d => d.Remote.Port));
    }

    [Fact]
    public async Task WhatAnActionRaisesIsSteppedAfterwards()
    {
        machine.Answer = e => e is UnknownSpiSeen { Spi: 1 } ? [new ReadTraffic(7, []), new ActivateOutbound(3)] : [];
        await loop.RunAsync(() =>
        {
            host.Raise(new UnknownSpiSeen(IPAddress.Loopback, 1));
            return true;
        });
        await Waiting.For(() => machine.Has<TrafficRead>(), "the answer");
        Assert.Equal(["ReadTraffic", "ActivateOutbound"], executed.Select(a => a.GetType().Name));
    }

    [Fact]
    public async Task MachineThatThrowsIsSteppedAgain()
    {
        machine.Answer = e => e is UnknownSpiSeen { Spi: 1 } ? throw new InvalidOperationException("broken") : [];
        await loop.RunAsync(() =>
        {
            host.Raise(new UnknownSpiSeen(IPAddress.Loopback, 1));
            host.Raise(new UnknownSpiSeen(IPAddress.Loopback, 2));
            return true;
        });
        await Waiting.For(() => machine.Count == 2, "both");
    }

    [Fact]
    public async Task EveryStepHasItsOwnRandomness()
    {
        await loop.RunAsync(() =>
        {
            for (uint i = 0; i < 200; i++) host.Raise(new UnknownSpiSeen(IPAddress.Loopback, i));
            return true;
        });
        await Waiting.For(() => machine.Count == 200, "all");
        Assert.Equal(200, machine.Numbers.Distinct().Count());
    }

    private void Execute(IkeAction action)
    {
        executed.Add(action);
        if (action is WorkAction asked) work.Add(asked);
        if (action is ReadTraffic read) host.Raise(new TrafficRead(read.IkeSpi, 5));
    }

    private sealed class NoSigner : IIkeSigner
    {
        public SignatureMade Sign(MakeSignature work) => new(work.Token, 0, null);

        public SignatureVerified Verify(VerifySignature work) => new(work.Token, "nobody");
    }

    private sealed class RecordingMachine : IMachine<IkeEvent, IkeAction>
    {
        private readonly List<IkeEvent> events = [];

        public Func<IkeEvent, IkeAction[]> Answer { get; set; } = _ => [];

        public Instant Due { get; set; } = Instant.Never;

        public long FiredAt { get; private set; }

        public List<ulong> Numbers { get; } = [];

        public Instant NextDue => Due;

        public int Count
        {
            get
            {
                lock (events) return events.Count;
            }
        }

        public IReadOnlyList<IkeEvent> Events
        {
            get
            {
                lock (events) return [.. events];
            }
        }

        public bool Has<T>() => Events.OfType<T>().Any();

        public void Step(in StepContext context, IkeEvent e, ICollection<IkeAction> actions)
        {
            if (e is TimePassed) (FiredAt, Due) = (Due.Milliseconds, Instant.Never);
            Numbers.Add(context.Entropy.NextUInt64());
            lock (events) events.Add(e);
            foreach (var action in Answer(e)) actions.Add(action);
        }
    }
}
