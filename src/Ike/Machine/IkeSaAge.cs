using Appliance.Ike.Exchanges;

namespace Appliance.Ike.Machine;

/// <summary>Lifetimes of an IKE SA: what follows when they are over.</summary>
internal static class IkeSaAge
{
    /// <summary>It shall be rekeyed, if nobody does that yet.</summary>
    public static void Rekey(Step step, IkeSa sa)
    {
        if (sa.State == IkeSaState.Established && sa.Successor is null && !sa.Waiting.OfType<RekeyIkeSaInitiator>().Any()) sa.Start(step, new RekeyIkeSaInitiator(sa));
    }

    /// <summary>It was never rekeyed, and goes with its children; who keeps them up makes new ones.</summary>
    public static void Expire(Step step, IkeSa sa)
    {
        if (sa.State is IkeSaState.Established or IkeSaState.Rekeying) sa.Start(step, new DeleteIkeSa(sa, "its lifetime is over"));
    }

    /// <summary>It was replaced, and its peer did not delete it.</summary>
    public static void Linger(Step step, IkeSa sa) => sa.Destroy(step, "rekeyed; the peer did not delete it");
}
