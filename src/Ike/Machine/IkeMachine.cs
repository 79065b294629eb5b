using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>IKEv2 (RFC 7296) of one node: its IKE SAs, their children, and the peers that it shall have IKE SAs with. One thread steps it.</summary>
public sealed class IkeMachine(IkeMachineOptions options) : IMachine<IkeEvent, IkeAction>
{
    private readonly Dictionary<ulong, IkeSa> sas = [];
    private readonly Dictionary<uint, (ChildState Child, IkeSa Sa)> children = [];
    private readonly Dictionary<ulong, Exchange> awaited = [];
    private ulong lastToken;

    /// <inheritdoc/>
    public Instant NextDue => Timers.NextDue;

    /// <summary>What the host decided.</summary>
    internal IkeMachineOptions Options { get; } = options;

    /// <summary>The configuration in force.</summary>
    internal IkeConfiguration Configuration { get; set; } = new();

    /// <summary>Timers of all IKE SAs.</summary>
    internal TimerQueue<TimerKey> Timers { get; } = new();

    /// <summary>Inner addresses given to clients.</summary>
    internal AddressLeases Leases { get; } = new();

    /// <summary>All IKE SAs, also those that are not established yet.</summary>
    internal IReadOnlyCollection<IkeSa> All => sas.Values;

    /// <inheritdoc/>
    public void Step(in StepContext context, IkeEvent e, ICollection<IkeAction> actions)
    {
        var step = new Step(this, context, actions);
        if (e is WorkDone done) TakeWork(step, done);
        else EventTable.Dispatch(step, e);
        while (Timers.TryTake(step.Now, out var timer))
            if (Find(timer.Sa) is { } sa) TimerTable.Fire(step, sa, timer);
    }

    /// <summary>A token for work of an exchange.</summary>
    internal ulong NewToken(Exchange exchange)
    {
        awaited.Add(++lastToken, exchange);
        return lastToken;
    }

    /// <summary>The IKE SA with an SPI of ours, or null.</summary>
    internal IkeSa? Find(ulong localSpi) => sas.GetValueOrDefault(localSpi);

    /// <summary>The child with an inbound SPI and its IKE SA, or null.</summary>
    internal (ChildState Child, IkeSa Sa)? FindChild(uint inboundSpi) => children.TryGetValue(inboundSpi, out var found) ? found : null;

    /// <summary>All children with their IKE SAs.</summary>
    internal IEnumerable<(ChildState Child, IkeSa Sa)> AllChildren => children.Values;

    /// <summary>Takes an IKE SA into the table.</summary>
    internal void Add(IkeSa sa) => sas.Add(sa.LocalSpi, sa);

    /// <summary>Takes an IKE SA out of the table.</summary>
    internal void Remove(IkeSa sa) => sas.Remove(sa.LocalSpi);

    /// <summary>A child is found by its inbound SPI from now on.</summary>
    internal void Register(ChildState child, IkeSa sa) => children[child.InboundSpi] = (child, sa);

    /// <summary>A child is found no more.</summary>
    internal void Forget(ChildState child) => children.Remove(child.InboundSpi);

    private void TakeWork(Step step, WorkDone done)
    {
        if (!awaited.Remove(done.Token, out var exchange) || exchange.Sa.State == IkeSaState.Dead || !exchange.Sa.Runs(exchange)) WorkResults.Discard(done);
        else exchange.Work(step, done);
    }
}
