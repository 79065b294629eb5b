namespace Appliance.Ike.Exchanges;

/// <summary>
/// Proposals for rekeying an IKE SA. One key exchange is enough: SK_d of the old one goes into the new keys (RFC 7296 §2.18), and with it what additional key exchanges gave.
/// </summary>
internal static class IkeRekeyProposals
{
    public static IkeProposal Of(IkeProposal configured) => configured.Additional.Count == 0 ? configured
        : configured with { Additional = [.. configured.Additional.Select(IReadOnlyList<Crypto.KeyExchangeMethod> (_) => [Crypto.KeyExchangeMethod.None])] };
}
