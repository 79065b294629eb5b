using System.Net;
using Appliance.Bfd;

namespace Appliance.SlowPath.Bfd;

/// <summary>A session came up or went down, for one who wants it. Administratively down is no failure: a protocol does nothing (RFC 5882 §4.2).</summary>
internal sealed record BfdNotice(string Key, bool IsUp, BfdDiagnostic Diagnostic, bool IsAdministrative);

/// <summary>What protocols ask of BFD. Loop.</summary>
internal interface IBfdSessions
{
    /// <summary>A session came up or went down; called on the loop, for every key.</summary>
    event Action<BfdNotice>? Changed;

    /// <summary>
    /// Watches a path. <paramref name="key"/> is the caller's own name of it, with a word of the caller's in front ("bgp PEER"); again with the same key replaces it. Without a local
    /// address it is the one by which the kernel reaches the other side.
    /// </summary>
    void Want(string key, IPAddress? local, IPAddress remote, bool isMultihop, BfdIntervals intervals, int minimumTtl = 0);

    /// <summary>Watches it no longer.</summary>
    void Unwant(string key);
}
