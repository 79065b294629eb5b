namespace Appliance.SlowPath.Ike;

/// <summary>IKE's ports.</summary>
/// <param name="Ike">Plain messages.</param>
/// <param name="Nat">Messages behind the non-ESP marker, and ESP in UDP, which is not for IKE.</param>
internal sealed record IkePorts(int Ike, int Nat)
{
    /// <summary>RFC 7296 §2, RFC 3948.</summary>
    public static IkePorts Standard { get; } = new(500, 4500);
}
