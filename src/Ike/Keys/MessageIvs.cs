namespace Appliance.Ike.Keys;

/// <summary>
/// Counters that make the IVs of AEAD messages: one for each direction, never going back. Two sets of keys that share SK_e (with and without a PPK) share this object too.
/// </summary>
internal sealed class MessageIvs
{
    /// <summary>Octets 0 and 1 of the 8 are kept zero: a node's number and epoch can stand there when several nodes use the same keys.</summary>
    internal const ulong Limit = 1UL << 48;

    /// <summary>More messages than can have gone out since the counters were kept.</summary>
    internal const ulong Jump = 1UL << 32;

    private ulong initiator;
    private ulong responder;

    internal MessageIvs()
    {
    }

    internal MessageIvs(ulong initiator, ulong responder) => (this.initiator, this.responder) = (initiator, responder);

    internal (ulong Initiator, ulong Responder) Next => (initiator, responder);

    /// <summary>The next IV of a direction.</summary>
    /// <exception cref="InvalidOperationException">All are used up: 2^48 messages.</exception>
    internal ulong Take(bool fromInitiator)
    {
        ref var counter = ref fromInitiator ? ref initiator : ref responder;
        if (counter >= Limit)
            throw new InvalidOperationException("the IVs of this IKE SA are used up: it must be rekeyed (RFC 5282 §3.1)");
        return counter++;
    }
}
