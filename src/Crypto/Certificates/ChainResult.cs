namespace Appliance.Crypto;

/// <summary>What came of checking a chain of certificates: a problem, or the first certificate with its key.</summary>
/// <param name="Problem">Why the chain is not accepted, for the log; null when it is.</param>
/// <param name="Certificate">The first certificate; null with a problem.</param>
/// <param name="Key">Its key; null with a problem.</param>
/// <param name="Expires">From when on the answer may be another: the first end of a certificate or revocation list.</param>
public sealed record ChainResult(string? Problem, CertificateView? Certificate, VerifyingKey? Key, DateTimeOffset Expires)
{
    /// <summary>Not accepted.</summary>
    public static ChainResult Refused(string problem) => new(problem, null, null, default);
}
