using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>Exchanges that we begin: one at a time (window 1, RFC 7296 §2.3), in order.</summary>
internal sealed partial class IkeSa
{
    private readonly Queue<InitiatedExchange> waiting = new();
    private IReadOnlyList<byte[]> request = [];
    private int tries;

    /// <summary>The exchange of ours that is under way.</summary>
    public InitiatedExchange? Current { get; private set; }

    /// <summary>Message ID of our request that is under way, or of the next one.</summary>
    public uint NextRequestId { get; set; }

    /// <summary>Our exchanges that wait for their turn.</summary>
    public IEnumerable<InitiatedExchange> Waiting => waiting;

    /// <summary>Our request that is on its way, as it went out.</summary>
    public IReadOnlyList<byte[]> OutstandingRequest => request;

    /// <summary>How often our request that is on its way was sent again.</summary>
    public int Retransmissions => AwaitsResponse ? tries : 0;

    /// <summary>Our request is on its way and not answered.</summary>
    public bool AwaitsResponse => request.Count > 0;

    /// <summary>Begins an exchange, now or when those before it are through.</summary>
    public void Start(Step step, InitiatedExchange exchange)
    {
        if (State == IkeSaState.Dead || waiting.Count >= Tuning.MostWaiting)
        {
            exchange.Failed(step, State == IkeSaState.Dead ? "the IKE SA is gone" : "too many exchanges wait on the IKE SA");
            exchange.Release();
            return;
        }

        waiting.Enqueue(exchange);
        if (Current is null) BeginNext(step);
    }

    /// <summary>Sends the request of the exchange that is under way. In the clear while there are no keys (IKE_SA_INIT).</summary>
    public void SendRequest(Step step, IReadOnlyList<Payload> payloads)
    {
        if (Current is not { } exchange) return;
        SendSealed(step, Protect(step, HeaderOf(exchange.Type, false, NextRequestId), payloads));
    }

    /// <summary>Sends datagrams that are protected already as the request of the exchange that is under way.</summary>
    public void SendSealed(Step step, IReadOnlyList<byte[]> datagrams)
    {
        (request, tries) = (datagrams, 0);
        step.SetTimer(this, TimerKind.Retransmit, Tuning.RetransmitFirst);
        Save(step);
        Transmit(step, request);
    }

    /// <summary>Sends a request that nobody waits for: this IKE SA ends with it.</summary>
    public void SendLast(Step step, ExchangeType type, IReadOnlyList<Payload> payloads)
    {
        if (Keys is null) return;
        if (AwaitsResponse) NextRequestId++;
        Transmit(step, Protect(step, HeaderOf(type, false, NextRequestId), payloads));
    }

    /// <summary>An exchange of ours is through: the next begins.</summary>
    public void Finish(Step step, InitiatedExchange exchange)
    {
        if (Current != exchange) return;
        EndRequest(step);
        Current = null;
        exchange.Release();
        BeginNext(step);
    }

    /// <summary>No answer came in time: the request goes out again, or the IKE SA is dead (RFC 7296 §2.4).</summary>
    public void Retransmit(Step step)
    {
        if (request.Count == 0) return;
        if (tries >= Tuning.RetransmitTries)
        {
            Destroy(step, $"the peer did not answer {Current?.Type} {NextRequestId} after {tries} retransmissions");
            return;
        }

        tries++;
        step.SetTimer(this, TimerKind.Retransmit, (long)(Tuning.RetransmitFirst * Math.Pow(Tuning.RetransmitFactor, tries)));
        step.Log(IkeLogLevel.Debug, this, "retransmit", $"{Current?.Type} request {NextRequestId} sent again ({tries} of {Tuning.RetransmitTries})");
        Transmit(step, request);
    }

    /// <summary>The request was answered: it is sent no more.</summary>
    private void EndRequest(Step step)
    {
        if (request.Count == 0) return;
        request = [];
        Save(step);
        step.StopTimer(this, TimerKind.Retransmit);
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
        InitiatedExchange[] abandoned = Current is null ? [.. waiting] : [Current, .. waiting];
        waiting.Clear();
        (Current, request) = (null, []);
        foreach (var exchange in abandoned)
        {
            exchange.Failed(step, why);
            exchange.Release();
        }
    }
}
