namespace Appliance.Ike.Machine;

/// <summary>Results of work that nobody waits for any more.</summary>
internal static class WorkResults
{
    /// <summary>Whether a result is of the kind that work of a kind has.</summary>
    public static bool Answers(Type work, WorkDone result) => result switch
    {
        KeyExchangeBegun => work == typeof(BeginKeyExchange),
        SharedSecretComputed => work == typeof(AnswerKeyExchange) || work == typeof(CompleteKeyExchange),
        SignatureMade => work == typeof(MakeSignature),
        SignatureVerified => work == typeof(VerifySignature),
        ChildInstalled => work == typeof(InstallChild),
        GroupInstalled => work == typeof(InstallGroupSa),
        GroupKeyMade => work == typeof(MakeGroupKey),
        _ => true,
    };

    /// <summary>Wipes what a result holds.</summary>
    public static void Discard(WorkDone result)
    {
        switch (result)
        {
            case KeyExchangeBegun begun:
                begun.Exchange.Dispose();
                break;
            case GroupKeyMade made:
                made.SkD.Dispose();
                break;
            case SharedSecretComputed computed:
                computed.Secret?.Dispose();
                break;
        }
    }
}
