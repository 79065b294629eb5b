namespace Appliance.Ike.Exchanges;

/// <summary>Which of two exchanges that did the same loses (RFC 7296 §2.8.1).</summary>
internal static class NonceOrder
{
    /// <summary>The lowest of the four nonces is in the first exchange. Compared octet by octet; where one ends, it is the lower.</summary>
    public static bool FirstIsLowest((byte[] Initiator, byte[] Responder) first, (byte[] Initiator, byte[] Responder) second) =>
        Lower(first).AsSpan().SequenceCompareTo(Lower(second)) < 0;

    private static byte[] Lower((byte[] Initiator, byte[] Responder) nonces) => nonces.Initiator.AsSpan().SequenceCompareTo(nonces.Responder) <= 0 ? nonces.Initiator : nonces.Responder;
}
