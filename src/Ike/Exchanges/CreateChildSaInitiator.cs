using Appliance.Ike.Children;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Exchanges;

/// <summary>A new child (RFC 7296 §1.3.1): <c>SA, Ni, [KEi,] TSi, TSr → SA, Nr, [KEr,] TSi, TSr</c>.</summary>
internal sealed class CreateChildSaInitiator(IkeSa sa, ChildWish wish) : ChildCreation(sa)
{
    /// <summary>What is wanted.</summary>
    public ChildWish Wish { get; } = wish;

    /// <inheritdoc/>
    protected override ChildOffer? MakeOffer(Step step)
    {
        if (Sa.Successor is { } successor)
        {
            successor.Start(step, new CreateChildSaInitiator(successor, Wish));
            return null;
        }

        if (Sa.State == IkeSaState.Established) return ChildOffer.Make(step, Sa, Wish, inAuth: false);
        Settled(step, $"the IKE SA is {Sa.State}");
        return null;
    }

    /// <inheritdoc/>
    protected override void Created(Step step, ChildState child, bool resources)
    {
        Settled(step, null);
        Settled(step, null);
        if (resources && Wish.Worker is null) ResourceChildren.Start(step, Sa, Wish);
    }

    /// <inheritdoc/>
    protected override void NotCreated(Step step, ChildRefusal refusal)
    {
        if (Sa.Successor is { State: IkeSaState.Established } successor) successor.Start(step, new CreateChildSaInitiator(successor, Wish));
        else Settled(step, refusal.Why);
    }

    private void Settled(Step step, string? problem)
    {
        if (Wish.Worker is null) step.Machine.Manager.Settled(step, Wish, problem);
    }
}
