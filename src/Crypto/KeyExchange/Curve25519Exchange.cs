using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>Curve25519 (RFC 8031): u coordinates of 32 octets.</summary>
internal sealed class Curve25519Exchange : KeyExchange
{
    // Pinned, so that the collector leaves no copy of the scalar behind when it compacts.
    private readonly byte[] scalar = GC.AllocateUninitializedArray<byte>(Curve25519Function.Length, pinned: true);
    private bool disposed;

    internal Curve25519Exchange()
    {
        RandomNumberGenerator.Fill(scalar);
        PublicValue = Curve25519Function.PublicValue(scalar);
    }

    /// <summary>A given scalar, for published vectors.</summary>
    internal Curve25519Exchange(ReadOnlySpan<byte> given)
    {
        given.CopyTo(scalar);
        PublicValue = Curve25519Function.PublicValue(scalar);
    }

    public override KeyExchangeMethod Method => KeyExchangeMethod.Curve25519;

    public override byte[] PublicValue { get; }

    public override Secret? Complete(ReadOnlySpan<byte> peerValue)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return peerValue.Length == Curve25519Function.Length ? Curve25519Function.Agree(scalar, peerValue) : null;
    }

    public override void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(scalar);
    }
}
