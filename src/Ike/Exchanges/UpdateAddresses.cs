using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// We moved, or follow a peer that did: <c>N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*), N(COOKIE2) → N(NAT_DETECTION_*), N(COOKIE2)</c> (RFC 4555 §3.5). The IKE SA and its children are
/// between the new addresses already.
/// </summary>
internal sealed class UpdateAddresses(IkeSa sa) : InitiatedExchange(sa)
{
    private byte[] cookie = [];
    private (System.Net.IPEndPoint Local, System.Net.IPEndPoint Remote) path;

    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        if (Sa.Successor is { } successor) successor.Start(step, new UpdateAddresses(successor));
        if (Sa.Successor is not null || Sa.State == IkeSaState.Deleting)
        {
            Sa.Finish(step, this);
            return;
        }

        cookie = step.Entropy.Octets(Mobility.CookieLength);
        path = (Sa.Local, Sa.Remote);
        Sa.SendRequest(step, [new NotifyPayload(NotifyType.UpdateSaAddresses), .. Mobility.NatDetection(step, Sa), new NotifyPayload(NotifyType.Cookie2, cookie)]);
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        if (!Mobility.CookieIsRight(step, Sa, payloads, cookie)) return;
        if (payloads.Error() is { } error) step.Log(IkeLogLevel.Warning, Sa, LogKeys.Of(error.NotifyType), $"the peer does not take our new address {Sa.Local}: {error.NotifyType}");
        // After another move a newer request says where we are.
        else if (path == (Sa.Local, Sa.Remote)) Sa.TakeNat(step, payloads);
        Sa.Finish(step, this);
    }
}
