using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>MODP groups (RFC 3526): values as long as the modulus, padded with zeros in front (RFC 7296 §3.4).</summary>
internal sealed class ModpExchange : KeyExchange
{
    private readonly ModpGroup group;
    // Pinned, so that the collector leaves no copy behind when it compacts.
    private readonly byte[] exponent;
    private bool disposed;

    internal ModpExchange(KeyExchangeMethod method)
    {
        (Method, group) = (method, ModpGroup.Of(method));
        exponent = GC.AllocateUninitializedArray<byte>(group.ExponentLength, pinned: true);
        RandomNumberGenerator.Fill(exponent);
        PublicValue = group.PublicValue(exponent);
    }

    /// <summary>A given exponent, for vectors.</summary>
    internal ModpExchange(KeyExchangeMethod method, ReadOnlySpan<byte> given)
    {
        (Method, group) = (method, ModpGroup.Of(method));
        exponent = given.ToArray();
        PublicValue = group.PublicValue(exponent);
    }

    public override KeyExchangeMethod Method { get; }

    public override byte[] PublicValue { get; }

    public override Secret? Complete(ReadOnlySpan<byte> peerValue)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return group.Agree(exponent, peerValue);
    }

    public override void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(exponent);
    }
}
