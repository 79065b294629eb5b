using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// An exchange that the peer begins. While it is worked on, retransmits of its request are ignored; its response is kept and sent again when the request comes again.
/// </summary>
internal abstract class RespondedExchange(IkeSa sa) : Exchange(sa)
{
    /// <summary>The request, decrypted and checked by the table of exchanges. Ends with <see cref="IkeSa.Respond"/>, at once or from <see cref="Exchange.Work"/>.</summary>
    public abstract void Request(Step step, IReadOnlyList<Payload> payloads);
}
