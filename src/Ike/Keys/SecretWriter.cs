using Appliance.Crypto;

namespace Appliance.Ike.Keys;

/// <summary>Puts secret parts one after the other; wiped when disposed of.</summary>
internal sealed class SecretWriter(int length) : IDisposable
{
    private readonly Secret secret = new(length);
    private int used;

    internal ReadOnlySpan<byte> Octets => secret.Octets[..used];

    public void Dispose() => secret.Dispose();

    internal SecretWriter Append(ReadOnlySpan<byte> octets)
    {
        octets.CopyTo(secret.Octets[used..]);
        used += octets.Length;
        return this;
    }
}
