using System.Security.Cryptography;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>
/// The MPSA_PUTs of one INFORMATIONAL. It is answered when they are installed or refused, so that the gateway knows what its members have; a process that ends before that is asked again. The octets,
/// which hold keys, are wiped.
/// </summary>
internal static class MpsaPuts
{
    /// <summary>Takes them in their order.</summary>
    /// <param name="step">The step.</param>
    /// <param name="sa">IKE SA.</param>
    /// <param name="puts">One or several.</param>
    /// <param name="answer">Answers the request.</param>
    public static void Take(Step step, IkeSa sa, IReadOnlyList<NotifyPayload> puts, Action<Step> answer)
    {
        var left = puts.Count;
        var refusals = new List<NotifyPayload>();
        foreach (var put in puts)
        {
            MemberGroups.Take(step, sa, put, (later, error) =>
            {
                if (error.Reason != MpsaRefusal.None) refusals.Add(MpsaPutCodec.Refusal(put.Spi, error.Reason));
                if (--left > 0 || sa.State == IkeSaState.Dead) return;
                answer(later);
                // MPSA_REFUSED is private.
                if (refusals.Count > 0 && sa.Extensions.HasFlag(Extensions.SenderIds) && sa.State is IkeSaState.Established or IkeSaState.Rekeying) sa.Start(later, new RefuseMpsa(sa, refusals));
            });
            CryptographicOperations.ZeroMemory(put.Data);
        }
    }
}
