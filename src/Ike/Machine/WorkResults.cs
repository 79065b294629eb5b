namespace Appliance.Ike.Machine;

/// <summary>Results of work that nobody waits for any more.</summary>
internal static class WorkResults
{
    /// <summary>Wipes what a result holds.</summary>
    public static void Discard(WorkDone result)
    {
        switch (result)
        {
            case KeyExchangeBegun begun:
                begun.Exchange.Dispose();
                break;
            case SharedSecretComputed computed:
                computed.Secret?.Dispose();
                break;
        }
    }
}
