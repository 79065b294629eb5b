using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// IKE_FOLLOWUP_KE as the initiator (RFC 9370 §2.2.4): the additional key exchanges of a CREATE_CHILD_SA, one after the other, under the link that the peer gives each time. The
/// exchange that owns it sends and hears for it.
/// </summary>
internal sealed class FollowupInitiator(InitiatedExchange exchange, IReadOnlyList<KeyExchangeMethod> methods, Secret first, byte[] link)
{
    private readonly List<Secret> secrets = [new Secret(first.Octets)];
    private KeyExchange? ours;

    /// <summary>Secret of CREATE_CHILD_SA.</summary>
    public Secret First => secrets[0];

    /// <summary>Secrets of the additional key exchanges.</summary>
    public Secret[] Additional => [.. secrets[1..]];

    /// <summary>All key exchanges are through.</summary>
    public bool IsDone => secrets.Count > methods.Count;

    private KeyExchangeMethod Next => methods[secrets.Count - 1];

    /// <summary>The link in an answer, where the chosen proposal wants more key exchanges. False: it should be there and is not.</summary>
    public static bool HasLink(IReadOnlyList<Payload> payloads, bool wanted, out byte[] link)
    {
        link = payloads.Notify(NotifyType.AdditionalKeyExchange)?.Data ?? [];
        return !wanted || link.Length > 0;
    }

    /// <summary>Begins the next key exchange.</summary>
    public void Begin(Step step) => step.Actions.Add(new BeginKeyExchange(step.NewToken(exchange), Next));

    /// <summary>Our half is ready.</summary>
    public void Send(Step step, KeyExchange begun)
    {
        ours = begun;
        exchange.Sa.SendRequest(step, [new KeyExchangePayload((ushort)Next, ours.PublicValue), new NotifyPayload(NotifyType.AdditionalKeyExchange, link)]);
    }

    /// <summary>The peer's half. Not null: why it cannot go on.</summary>
    public ChildRefusal? Response(Step step, IReadOnlyList<Payload> payloads)
    {
        if (payloads.Error() is { } error) return new(error.NotifyType, $"the peer refused the additional key exchange {AlgorithmNames.Of(Next)}: {error.NotifyType}");
        if (payloads.First<KeyExchangePayload>() is not { } theirs || theirs.Method != (ushort)Next || !HasLink(payloads, secrets.Count < methods.Count, out link))
            return new(NotifyType.InvalidSyntax, $"the answer has no key exchange of {AlgorithmNames.Of(Next)}, or no link to the next one", PeerHasIt: true);
        step.Actions.Add(new CompleteKeyExchange(step.NewToken(exchange), ours!, theirs.Data));
        ours = null;
        return null;
    }

    /// <summary>One more secret, which is taken over.</summary>
    public void Add(Secret secret) => secrets.Add(secret);

    /// <summary>It is over: wipes what it holds.</summary>
    public void Release()
    {
        ours?.Dispose();
        foreach (var secret in secrets) secret.Dispose();
    }
}
