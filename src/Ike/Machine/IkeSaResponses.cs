using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Exchanges that the peer begins: one at a time (window 1), each answered once and again when it is asked again (RFC 7296 §2.1).</summary>
internal sealed partial class IkeSa
{
    private IReadOnlyList<Payload> lastResponse = [];

    /// <summary>The exchange of the peer that is worked on.</summary>
    public RespondedExchange? Answering { get; private set; }

    /// <summary>Message ID of the peer's next request.</summary>
    public uint ExpectedRequestId { get; set; }

    /// <summary>Answers the request that is worked on.</summary>
    public void Respond(Step step, IReadOnlyList<Payload> payloads)
    {
        lastResponse = payloads;
        AbandonResponse();
    }

    /// <summary>Whether an exchange is under way on this IKE SA.</summary>
    public bool Runs(Exchange exchange) => exchange == Current || exchange == Answering;

    private void AbandonResponse()
    {
        Answering?.Release();
        Answering = null;
    }
}
