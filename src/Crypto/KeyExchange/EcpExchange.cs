using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>The NIST curves (RFC 5903): public values are x | y, each as long as the field; the shared secret is the x coordinate (§7, §9).</summary>
internal sealed class EcpExchange : KeyExchange
{
    private readonly ECDiffieHellman ecdh;

    internal EcpExchange(KeyExchangeMethod method)
        : this(method, ECDiffieHellman.Create(CurveOf(method)))
    {
    }

    /// <summary>A given private key, for published vectors.</summary>
    internal EcpExchange(KeyExchangeMethod method, ECDiffieHellman ecdh)
    {
        Method = method;
        this.ecdh = ecdh;
        var point = ecdh.ExportParameters(includePrivateParameters: false).Q;
        PublicValue = [.. point.X!, .. point.Y!];
    }

    public override KeyExchangeMethod Method { get; }

    public override byte[] PublicValue { get; }

    public override Secret? Complete(ReadOnlySpan<byte> peerValue)
    {
        var length = FieldLength(Method);
        if (peerValue.Length != 2 * length)
            return null;
        var point = new ECPoint { X = peerValue[..length].ToArray(), Y = peerValue[length..].ToArray() };
        try
        {
            // The import refuses coordinates beyond the field and points that are not on the curve (RFC 6989 §2.3); infinity has no encoding here.
            using var peer = ECDiffieHellman.Create(new ECParameters { Curve = CurveOf(Method), Q = point });
            using var key = peer.PublicKey;
            var shared = ecdh.DeriveRawSecretAgreement(key);
            var secret = new Secret(shared);
            CryptographicOperations.ZeroMemory(shared);
            return secret;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public override void Dispose() => ecdh.Dispose();

    internal static ECCurve CurveOf(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.EcpP256 => ECCurve.NamedCurves.nistP256,
        KeyExchangeMethod.EcpP384 => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    };

    private static int FieldLength(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.EcpP256 => 32,
        KeyExchangeMethod.EcpP384 => 48,
        _ => 66,
    };
}
