using System.Net;
using System.Security.Cryptography;
using Appliance.Fuzz.Engine;
using Appliance.Ike;
using Appliance.Ike.Machine;
using Appliance.Ike.Recording;
using Appliance.Machine;

namespace Appliance.Fuzz.Targets;

/// <summary>A machine with a host of stand-ins around it; work waits when it shall.</summary>
internal sealed class IkeMachineNode(string name, IPAddress address, Agreements agreements, Action<IkeEvent, IReadOnlyList<IkeAction>>? seen = null)
{
    private readonly StandInPool pool = new(agreements, StandIns.Secret);
    private readonly Queue<IkeEvent> events = new();
    private ulong seeds;

    public IPAddress Address => address;

    public IkeMachine Machine { get; private set; } = new(new IkeMachineOptions());

    public Instant Now { get; set; } = new(1_000_000);

    public Queue<SendDatagram> Outbox { get; } = new();

    public Dictionary<ulong, byte[]> Contexts { get; } = [];

    public List<WorkAction> Held { get; } = [];

    public bool HoldsWork { get; set; }

    /// <summary>Steps with an event and what its actions lead to at once.</summary>
    public void Step(IkeEvent e)
    {
        events.Enqueue(e);
        for (var count = 0; events.TryDequeue(out var next); count++)
        {
            Claim.That(count < 4096, "work leads to more work without end");
            var actions = new List<IkeAction>();
            Machine.Step(new StepContext(Now, new Entropy(SHA256.HashData([(byte)name[0], .. BitConverter.GetBytes(++seeds)]))), next, actions);
            seen?.Invoke(next, actions);
            foreach (var action in actions) Take(action);
        }
    }

    public WorkDone Result(WorkAction work) => pool.Result(work);

    /// <summary>All that waits is done as it should be.</summary>
    public void Work()
    {
        HoldsWork = false;
        while (Held.Count > 0)
        {
            var work = Held[0];
            Held.RemoveAt(0);
            Step(Result(work));
        }
    }

    /// <summary>The process is gone; another one finds what was kept, or nothing.</summary>
    public void Restart(IkeConfiguration configuration, bool keeps)
    {
        Machine = new IkeMachine(new IkeMachineOptions());
        Outbox.Clear();
        Held.Clear();
        if (!keeps) Contexts.Clear();
        Step(new AddressesChanged([address]));
        foreach (var (id, context) in Contexts.ToArray()) Step(new ContextRestored(id, context));
        Step(new ConfigurationChanged(configuration));
    }

    private void Take(IkeAction action)
    {
        switch (action)
        {
            case SendDatagram send:
                Outbox.Enqueue(send);
                break;
            case WorkAction work when HoldsWork:
                Held.Add(work);
                break;
            case WorkAction work:
                events.Enqueue(Result(work));
                break;
            case SaveContext save:
                Contexts[save.Id] = save.Context;
                break;
            case ForgetContext forget:
                Contexts.Remove(forget.Id);
                break;
            case ReadTraffic read:
                events.Enqueue(new TrafficRead(read.IkeSpi, null));
                break;
        }
    }
}
