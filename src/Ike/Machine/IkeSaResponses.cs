using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Exchanges that the peer begins: one at a time (window 1), each answered once and again when it is asked again (RFC 7296 §2.1).</summary>
internal sealed partial class IkeSa
{
    private ExchangeType answeringType;

    /// <summary>The exchange of the peer that is worked on.</summary>
    public RespondedExchange? Answering { get; private set; }

    /// <summary>Message ID of the peer's next request.</summary>
    public uint ExpectedRequestId { get; set; }

    /// <summary>Our last response, as it went out; sent again when its request comes again.</summary>
    public IReadOnlyList<byte[]> LastResponse { get; set; } = [];

    /// <summary>Has a request answered.</summary>
    public void Answer(Step step, RespondedExchange exchange, ExchangeType type, IReadOnlyList<Payload> payloads)
    {
        (Answering, answeringType) = (exchange, type);
        exchange.Request(step, payloads);
    }

    /// <summary>Answers the request that is worked on.</summary>
    public void Respond(Step step, IReadOnlyList<Payload> payloads) => Reply(step, answeringType, payloads);

    /// <summary>Whether an exchange is under way on this IKE SA.</summary>
    public bool Runs(Exchange exchange) => exchange == Current || exchange == Answering;

    private void Reply(Step step, ExchangeType type, IReadOnlyList<Payload> payloads)
    {
        LastResponse = Protect(step, HeaderOf(type, true, ExpectedRequestId), payloads);
        ExpectedRequestId++;
        AbandonResponse();
        Save(step);
        Transmit(step, LastResponse);
    }

    private void AbandonResponse()
    {
        Answering?.Release();
        Answering = null;
    }
}
