namespace Appliance.Machine;

/// <summary>
/// A protocol as a state machine: events in, actions out, and nothing else. No socket, clock, random source, log or task inside, so that a run can be recorded, replayed
/// and tested without sleeping. It may change the state that it owns.
/// </summary>
/// <typeparam name="TEvent">What happened, in the past tense.</typeparam>
/// <typeparam name="TAction">What shall be done, imperative.</typeparam>
public interface IMachine<in TEvent, TAction>
{
    /// <summary>When <see cref="Step"/> wants to be called with the passing of time, at the latest; <see cref="Instant.Never"/> when nothing is waited for.</summary>
    Instant NextDue { get; }

    /// <summary>Takes one event and adds what shall be done, in the order in which it shall be done.</summary>
    void Step(in StepContext context, TEvent e, ICollection<TAction> actions);
}
