using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// A few threads for expensive cryptography, so that the loop never waits for it. Bounded: work that finds its queue full is refused, which the machine is told
/// (<see cref="WorkRefused"/>). Work for IKE SAs that nobody has proven has a short queue of its own and goes last. Results are taken by the loop.
/// </summary>
internal sealed class IkeWork : IDisposable
{
    /// <summary>Work that waits at most.</summary>
    internal const int Capacity = 16384;

    /// <summary>Work for half-open IKE SAs that waits at most.</summary>
    internal const int HalfOpenCapacity = 1024;

    private const int MostThreads = 4;
    private readonly Queue<WorkAction> proven = [], halfOpen = [];
    private readonly Queue<WorkDone> results = [];
    private readonly Lock resultGate = new();
    private readonly object gate = new();
    private readonly IIkeSigner signer;
    private readonly IkeCounters counters;
    private readonly Action finished;
    private readonly ILogger log;
    private readonly Thread[] threads;
    private bool ended;

    /// <summary>Starts the threads. <paramref name="finished"/> is called by any of them when there is a result.</summary>
    public IkeWork(IIkeSigner signer, IkeCounters counters, Action finished, ILogger log)
    {
        this.signer = signer;
        this.counters = counters;
        this.finished = finished;
        this.log = log;
        threads = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, MostThreads)).Select(i => new Thread(Run) { IsBackground = true, Name = $"ike-work-{i}" })];
        foreach (var thread in threads) thread.Start();
    }

    /// <summary>Queues work, or refuses it. Loop.</summary>
    public void Add(WorkAction work)
    {
        lock (gate)
        {
            var (queue, capacity) = work.HalfOpen ? (halfOpen, HalfOpenCapacity) : (proven, Capacity);
            if (!ended && queue.Count < capacity)
            {
                queue.Enqueue(work);
                Monitor.Pulse(gate);
                return;
            }
        }

        Discard(work);
        counters.Add(IkeCount.WorkRefused);
        Finish(new WorkRefused(work.Token));
    }

    /// <summary>Takes a result. Loop.</summary>
    public bool TryTake(out WorkDone result)
    {
        lock (resultGate) return results.TryDequeue(out result!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            Monitor.PulseAll(gate);
        }

        foreach (var thread in threads) thread.Join();
        foreach (var work in proven.Concat(halfOpen)) Discard(work);
        while (TryTake(out var result)) Discard(result);
    }

    private static void Discard(WorkAction work)
    {
        if (work is CompleteKeyExchange complete) complete.Exchange.Dispose();
    }

    private static void Discard(WorkDone result)
    {
        if (result is KeyExchangeBegun begun) begun.Exchange.Dispose();
        else if (result is SharedSecretComputed computed) computed.Secret?.Dispose();
        else if (result is GroupKeyMade made) made.SkD.Dispose();
    }

    private void Run()
    {
        while (Next() is { } work)
        {
            WorkDone result;
            try
            {
                result = Do(work);
                counters.Add(IkeCount.WorkDone);
            }
            catch (Exception exception)
            {
                log.LogError("{Work} failed: {Kind}: {Problem}", work.GetType().Name, exception.GetType().Name, exception.Message);
                result = new WorkRefused(work.Token);
            }

            Finish(result);
        }
    }

    private WorkAction? Next()
    {
        lock (gate)
        {
            while (!ended)
            {
                if (proven.TryDequeue(out var work) || halfOpen.TryDequeue(out work)) return work;
                Monitor.Wait(gate);
            }

            return null;
        }
    }

    private WorkDone Do(WorkAction work)
    {
        switch (work)
        {
            case BeginKeyExchange begin:
                return new KeyExchangeBegun(begin.Token, KeyExchanges.Begin(begin.Method));
            case AnswerKeyExchange answer:
                var secret = KeyExchanges.Answer(answer.Method, answer.PeerValue, out var value);
                return new SharedSecretComputed(answer.Token, value, secret);
            case CompleteKeyExchange complete:
                using (complete.Exchange) return new SharedSecretComputed(complete.Token, complete.Exchange.PublicValue, complete.Exchange.Complete(complete.PeerValue));
            case MakeSignature make:
                return signer.Sign(make);
            case VerifySignature verify:
                return signer.Verify(verify);
            case MakeGroupKey make:
                var skD = new Secret(make.Length);
                RandomNumberGenerator.Fill(skD.Octets);
                return new GroupKeyMade(make.Token, skD);
            default:
                throw new InvalidOperationException("not work for the pool");
        }
    }

    private void Finish(WorkDone result)
    {
        lock (resultGate) results.Enqueue(result);
        finished();
    }
}
