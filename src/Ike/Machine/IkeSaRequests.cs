using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Exchanges that we begin: one at a time (window 1, RFC 7296 §2.3), in order.</summary>
internal sealed partial class IkeSa
{
    private readonly Queue<InitiatedExchange> waiting = new();
    private IReadOnlyList<Payload>? request;

    /// <summary>The exchange of ours that is under way.</summary>
    public InitiatedExchange? Current { get; private set; }

    /// <summary>Message ID of our next request.</summary>
    public uint NextRequestId { get; set; }

    /// <summary>Our exchanges that wait for their turn.</summary>
    public IEnumerable<InitiatedExchange> Waiting => waiting;

    /// <summary>Begins an exchange, now or when those before it are through.</summary>
    public void Start(Step step, InitiatedExchange exchange)
    {
        waiting.Enqueue(exchange);
        if (Current is null) BeginNext(step);
    }

    /// <summary>Sends the request of the exchange that is under way.</summary>
    public void SendRequest(Step step, IReadOnlyList<Payload> payloads) => request = payloads;

    /// <summary>An exchange of ours is through: the next begins.</summary>
    public void Finish(Step step, InitiatedExchange exchange)
    {
        if (Current != exchange) return;
        (Current, request) = (null, null);
        exchange.Release();
        BeginNext(step);
    }

    private void BeginNext(Step step)
    {
        while (Current is null && State != IkeSaState.Dead && waiting.TryDequeue(out var next))
        {
            Current = next;
            next.Begin(step);
        }
    }

    private void AbandonRequests(Step step, string why)
    {
        var abandoned = Current is null ? [.. waiting] : waiting.Prepend(Current).ToArray();
        waiting.Clear();
        (Current, request) = (null, null);
        foreach (var exchange in abandoned)
        {
            exchange.Failed(step, why);
            exchange.Release();
        }
    }
}
