using System.Security.Cryptography;
using Appliance.Ike;
using Appliance.Machine;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// Steps the pure machine, on the loop and nowhere else, and has its actions executed in their order. In each turn of the loop: results of work first (what was begun shall
/// end), then what the gateway raised, then a few datagrams, then timers that are due. Time is milliseconds since boot; each step has fresh randomness.
/// </summary>
internal sealed class IkeHost : IIkeEvents
{
    private const int DatagramsPerTurn = 64, OthersPerTurn = 256, SeedsPerDraw = 64;
    private readonly IMachine<IkeEvent, IkeAction> machine;
    private readonly DatagramInbox inbox;
    private readonly IkeWork work;
    private readonly Action wake;
    private readonly Action<IkeAction> execute;
    private readonly ILogger log;
    private readonly Queue<IkeEvent> raised = [];
    private readonly List<IkeAction> actions = [];
    private readonly byte[] seeds = new byte[SeedsPerDraw * Entropy.SeedLength];
    private readonly Entropy entropy = new(new byte[Entropy.SeedLength]);
    private int seed = SeedsPerDraw;

    /// <summary>A host for a machine. <paramref name="wake"/> makes the loop call <see cref="Turn"/>.</summary>
    public IkeHost(IMachine<IkeEvent, IkeAction> machine, DatagramInbox inbox, IkeWork work, Action wake, Action<IkeAction> execute, ILogger log)
    {
        this.machine = machine;
        this.inbox = inbox;
        this.work = work;
        this.wake = wake;
        this.execute = execute;
        this.log = log;
    }

    /// <inheritdoc/>
    public void Raise(IkeEvent e)
    {
        raised.Enqueue(e);
        wake();
    }

    /// <summary>Takes what waits, bounded. Says when it wants to be called next (<see cref="Environment.TickCount64"/>).</summary>
    public long Turn()
    {
        var others = OthersPerTurn;
        while (others > 0 && work.TryTake(out var result))
        {
            others--;
            Step(result);
        }

        while (others > 0 && raised.TryDequeue(out var e))
        {
            others--;
            Step(e);
        }

        var datagrams = DatagramsPerTurn;
        while (datagrams > 0 && inbox.TryTake(out var datagram))
        {
            datagrams--;
            Step(datagram);
        }

        if (machine.NextDue.Milliseconds <= Environment.TickCount64) Step(TimePassed.Event);
        return others == 0 || datagrams == 0 || raised.Count > 0 ? 0 : machine.NextDue.Milliseconds;
    }

    /// <summary>One event now; for the start, when nothing else runs yet.</summary>
    internal void Step(IkeEvent e)
    {
        actions.Clear();
        try
        {
            machine.Step(new StepContext(new Instant(Environment.TickCount64), Fresh()), e, actions);
        }
        catch (Exception exception)
        {
            // Whatever a peer sent must not stop the gateway; the state that this event was about is lost to its timers.
            log.LogError(exception, "the IKE machine failed at {Event}", e.GetType().Name);
        }

        foreach (var action in actions)
        {
            try
            {
                execute(action);
            }
            catch (Exception exception)
            {
                log.LogError(exception, "{Action} failed", action.GetType().Name);
            }
        }
    }

    private Entropy Fresh()
    {
        if (seed == SeedsPerDraw)
        {
            RandomNumberGenerator.Fill(seeds);
            seed = 0;
        }

        var fresh = seeds.AsSpan(seed++ * Entropy.SeedLength, Entropy.SeedLength);
        entropy.Reseed(fresh);
        CryptographicOperations.ZeroMemory(fresh);
        return entropy;
    }
}
