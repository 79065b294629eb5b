using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>Key exchanges by method. Expensive (tens of microseconds to milliseconds): call it from a pool. All members may be called by any thread.</summary>
public static class KeyExchanges
{
    /// <summary>Whether the method works on this machine.</summary>
    public static bool IsSupported(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.Modp2048 or KeyExchangeMethod.Modp3072 or KeyExchangeMethod.Modp4096 => true,
        KeyExchangeMethod.EcpP256 or KeyExchangeMethod.EcpP384 or KeyExchangeMethod.EcpP521 or KeyExchangeMethod.Curve25519 => true,
        _ => IsMlKem(method) && MLKem.IsSupported,
    };

    /// <summary>A fresh key pair for the side that begins.</summary>
    /// <exception cref="NotSupportedException"><see cref="IsSupported"/> says no.</exception>
    public static KeyExchange Begin(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.Modp2048 or KeyExchangeMethod.Modp3072 or KeyExchangeMethod.Modp4096 => new ModpExchange(method),
        KeyExchangeMethod.EcpP256 or KeyExchangeMethod.EcpP384 or KeyExchangeMethod.EcpP521 => new EcpExchange(method),
        KeyExchangeMethod.Curve25519 => new Curve25519Exchange(),
        _ when IsSupported(method) => new MlKemExchange(method),
        _ => throw new NotSupportedException($"key exchange {method} does not work on this machine"),
    };

    /// <summary>The side that answers: a fresh value of ours for the peer's.</summary>
    /// <param name="method">Method of the peer's KE payload.</param>
    /// <param name="peerValue">Its content.</param>
    /// <param name="publicValue">What goes back to the peer; empty when null is returned.</param>
    /// <returns>The shared secret as <see cref="KeyExchange.Complete"/> gives it, or null when the peer's value is bad.</returns>
    /// <exception cref="NotSupportedException"><see cref="IsSupported"/> says no.</exception>
    public static Secret? Answer(KeyExchangeMethod method, ReadOnlySpan<byte> peerValue, out byte[] publicValue)
    {
        if (IsMlKem(method) && IsSupported(method))
            return MlKemExchange.Answer(method, peerValue, out publicValue);
        using var ours = Begin(method);
        var secret = ours.Complete(peerValue);
        publicValue = secret is null ? [] : ours.PublicValue;
        return secret;
    }

    private static bool IsMlKem(KeyExchangeMethod method) => method is KeyExchangeMethod.MlKem512 or KeyExchangeMethod.MlKem768 or KeyExchangeMethod.MlKem1024;
}
