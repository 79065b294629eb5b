using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Deletes a child (RFC 7296 §1.4.1): <c>D(our SPI) → D(the peer's SPI)</c>, or an empty answer when both deleted it at once.</summary>
internal sealed class DeleteChild(IkeSa sa, ChildState child, string why) : InitiatedExchange(sa)
{
    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <summary>The child.</summary>
    public ChildState Child { get; } = child;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        if (Sa.Successor is { } successor && successor.Children.Contains(Child)) successor.Start(step, new DeleteChild(successor, Child, why));
        if (!Sa.Children.Contains(Child) || Child.Stage == ChildStage.Deleting)
        {
            Sa.Finish(step, this);
            return;
        }

        Child.Stage = ChildStage.Deleting;
        Sa.SendRequest(step, [new DeletePayload(ProtocolId.Esp, [Child.InboundSpi])]);
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        var holder = Sa.Successor is { } successor && successor.Children.Contains(Child) ? successor : Sa;
        ChildRemoval.Remove(step, holder, Child, why);
        Sa.Finish(step, this);
    }

    /// <inheritdoc/>
    public override void Failed(Step step, string reason)
    {
        if (Sa.Children.Contains(Child)) ChildRemoval.Remove(step, Sa, Child, why);
    }
}
