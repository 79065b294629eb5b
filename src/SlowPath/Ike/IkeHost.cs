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
    private const int DatagramsPerTurn = 64, OthersPerTurn = 256;
    private readonly MachineStepper<IkeEvent, IkeAction> stepper;
    private readonly DatagramInbox inbox;
    private readonly IkeWork work;
    private readonly Action wake;
    private readonly Queue<IkeEvent> raised = [];

    /// <summary>A host for a machine. <paramref name="wake"/> makes the loop call <see cref="Turn"/>.</summary>
    public IkeHost(IMachine<IkeEvent, IkeAction> machine, DatagramInbox inbox, IkeWork work, Action wake, Action<IkeAction> execute, ILogger log)
    {
        stepper = new MachineStepper<IkeEvent, IkeAction>("IKE", machine, execute, log);
        this.inbox = inbox;
        this.work = work;
        this.wake = wake;
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

        if (stepper.NextDue.Milliseconds <= Environment.TickCount64) Step(TimePassed.Event);
        return others == 0 || datagrams == 0 || raised.Count > 0 ? 0 : stepper.NextDue.Milliseconds;
    }

    /// <summary>One event now; for the start, when nothing else runs yet.</summary>
    internal void Step(IkeEvent e) => stepper.Step(e);
}
