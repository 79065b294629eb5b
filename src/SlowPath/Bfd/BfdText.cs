using Appliance.Bfd;

namespace Appliance.SlowPath.Bfd;

/// <summary>Diagnostics in words (RFC 5880 §4.1).</summary>
internal static class BfdText
{
    /// <summary>Why a session is in its state.</summary>
    public static string Of(BfdDiagnostic diagnostic) => diagnostic switch
    {
        BfdDiagnostic.None => "no diagnostic",
        BfdDiagnostic.DetectionTimeExpired => "nothing came for the detection time",
        BfdDiagnostic.EchoFailed => "the echo function failed",
        BfdDiagnostic.NeighborSignaledDown => "the neighbour says it is down",
        BfdDiagnostic.ForwardingPlaneReset => "the forwarding plane was reset",
        BfdDiagnostic.PathDown => "the path is down",
        BfdDiagnostic.ConcatenatedPathDown => "a path behind the neighbour is down",
        BfdDiagnostic.AdministrativelyDown => "it was told to be down",
        BfdDiagnostic.ReverseConcatenatedPathDown => "a path behind us is down",
        _ => $"diagnostic {(int)diagnostic}",
    };
}
