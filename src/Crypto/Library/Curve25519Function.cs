using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Appliance.Crypto;

/// <summary>The X25519 function (RFC 7748 §5) of the library: no branch and no table look-up depends on the scalar.</summary>
internal static class Curve25519Function
{
    /// <summary>Octets of scalars and of u coordinates.</summary>
    internal const int Length = 32;

    /// <summary>The scalar times the base point.</summary>
    internal static byte[] PublicValue(byte[] scalar)
    {
        var value = new byte[Length];
        X25519.ScalarMultBase(scalar, 0, value, 0);
        return value;
    }

    /// <summary>The scalar times the peer's point; null when that is all zero, compared in constant time (RFC 7748 §6.1).</summary>
    internal static Secret? Agree(byte[] scalar, ReadOnlySpan<byte> peerValue)
    {
        var shared = new byte[Length];
        X25519.ScalarMult(scalar, 0, peerValue.ToArray(), 0, shared, 0);
        Span<byte> zero = stackalloc byte[Length];
        zero.Clear();
        var secret = CryptographicOperations.FixedTimeEquals(shared, zero) ? null : new Secret(shared);
        CryptographicOperations.ZeroMemory(shared);
        return secret;
    }
}
