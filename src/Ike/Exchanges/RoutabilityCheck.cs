using System.Net;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Whether the peer takes messages in at the address that it moved to (RFC 4555 §3.7): <c>N(COOKIE2) → N(COOKIE2)</c>. Only then do its children go there.</summary>
internal sealed class RoutabilityCheck(IkeSa sa) : InitiatedExchange(sa)
{
    private byte[] cookie = [];
    private (IPEndPoint Local, IPEndPoint Remote) path;

    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        if (Sa.Successor is { } successor) successor.Start(step, new RoutabilityCheck(successor));
        if (Sa.Successor is not null || Sa.State == IkeSaState.Deleting)
        {
            Sa.Finish(step, this);
            return;
        }

        cookie = step.Entropy.Octets(Mobility.CookieLength);
        path = (Sa.Local, Sa.Remote);
        Sa.SendRequest(step, [new NotifyPayload(NotifyType.Cookie2, cookie)]);
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        if (!Mobility.CookieIsRight(step, Sa, payloads, cookie)) return;
        if (path == (Sa.Local, Sa.Remote)) Sa.MoveChildren(step);
        else Sa.Start(step, new RoutabilityCheck(Sa));
        Sa.Finish(step, this);
    }
}
