using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// What CREATE_CHILD_SA of the peer makes once all its key exchanges are through: at once, or at the end of IKE_FOLLOWUP_KE (RFC 9370 §2.2.4). The exchange that ends it has it
/// made, waits for the host when it must, and answers.
/// </summary>
internal abstract class SaMaking(IkeSa sa)
{
    /// <summary>The IKE SA that the exchange runs on.</summary>
    protected IkeSa Sa { get; } = sa;

    /// <summary>The exchange gets a <see cref="ChildInstalled"/>, and answers after that.</summary>
    public abstract bool WaitsForHost { get; }

    /// <summary>Makes it, with the secrets of all key exchanges, which stay the caller's. Not null: why not after all.</summary>
    public abstract ChildRefusal? Make(Step step, Exchange exchange, Secret? shared, params ReadOnlySpan<Secret> additional);

    /// <summary>The host has installed it, or not. Not null: why not.</summary>
    public virtual ChildRefusal? Installed(Step step, ChildInstalled installed) => null;

    /// <summary>The answer is out.</summary>
    public virtual void Answered(Step step)
    {
    }
}
