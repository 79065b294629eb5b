using Appliance.Ike.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>One run of an exchange on an IKE SA, from the first payload to the last result of work.</summary>
internal abstract class Exchange(IkeSa sa)
{
    /// <summary>The IKE SA that it runs on.</summary>
    public IkeSa Sa { get; } = sa;

    /// <summary>
    /// Work that it asked for (<see cref="Step.NewToken"/>) is done. Not called when the IKE SA or the exchange is gone: the result is then disposed of.
    /// </summary>
    public virtual void Work(Step step, WorkDone result) => WorkResults.Discard(result);

    /// <summary>It is over or given up: wipe what it still holds (key exchanges, secrets).</summary>
    public virtual void Release()
    {
    }
}
