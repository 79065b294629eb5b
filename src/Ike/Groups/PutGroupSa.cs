using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>
/// Hands a multi-point SA to a member: <c>N(MPSA_PUT) → empty</c> (draft-yamaya-ipsecme-mpsa-04 §3.1). Which one, and what is left of its times, is decided when its turn comes.
/// </summary>
internal sealed class PutGroupSa(IkeSa sa, ServedMember member) : InitiatedExchange(sa)
{
    private ulong number;

    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        var isUsable = member.Sa == Sa && Sa.State is IkeSaState.Established or IkeSaState.Rekeying;
        if (!isUsable || member.Group.Next(step, member) is not { } next)
        {
            Sa.Finish(step, this);
            if (member.Sa == Sa) member.IsTold = false;
            return;
        }

        number = next.Sa.Number;
        var notify = MpsaPutCodec.Write(next.Put);
        Sa.SendRequest(step, [notify]);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(notify.Data);
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        member.Group.Acknowledged(step, member, number);
        Sa.Finish(step, this);
        if (member.Sa == Sa) member.Group.Told(member);
    }

    /// <inheritdoc/>
    public override void Failed(Step step, string why)
    {
        if (member.Sa == Sa) member.IsTold = false;
    }
}
