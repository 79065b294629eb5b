using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// An exchange that we begin. <see cref="IkeSa.Start"/> queues it; when its turn comes: <see cref="Begin"/> → <see cref="IkeSa.SendRequest"/> → <see cref="Response"/> →
/// <see cref="IkeSa.Finish"/>. Retransmission, fragmentation and encryption are the IKE SA's.
/// </summary>
internal abstract class InitiatedExchange(IkeSa sa) : Exchange(sa)
{
    /// <summary>Exchange type.</summary>
    public abstract ExchangeType Type { get; }

    /// <summary>Its turn has come. Calls <see cref="IkeSa.SendRequest"/> at once or from <see cref="Exchange.Work"/>, or <see cref="IkeSa.Finish"/> when there is nothing to do any more.</summary>
    public abstract void Begin(Step step);

    /// <summary>
    /// The answer, decrypted and checked by the table of exchanges. Calls <see cref="IkeSa.Finish"/> at once or from <see cref="Exchange.Work"/>.
    /// </summary>
    public abstract void Response(Step step, IReadOnlyList<Payload> payloads);

    /// <summary>No answer came, the answer was malformed, or the IKE SA went before its turn came. <see cref="IkeSa.Finish"/> is not to be called.</summary>
    public virtual void Failed(Step step, string why)
    {
    }
}
