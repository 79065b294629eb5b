using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>Octets that nobody may see: wiped when disposed of, never shown, and not to be had afterwards: zeros that pass for a key would protect nothing.</summary>
public sealed class Secret : IDisposable
{
    private readonly byte[] octets;

    /// <summary>Zeros of a length, to be filled.</summary>
    public Secret(int length) => octets = new byte[length];

    /// <summary>A copy; the original stays with its owner, who wipes it.</summary>
    public Secret(ReadOnlySpan<byte> source) => octets = source.ToArray();

    /// <summary>The octets.</summary>
    /// <exception cref="ObjectDisposedException">They have been wiped.</exception>
    public Span<byte> Octets
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return octets;
        }
    }

    /// <summary>Whether they have been wiped.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>How many octets.</summary>
    public int Length => octets.Length;

    /// <summary>Wipes.</summary>
    public void Dispose()
    {
        IsDisposed = true;
        CryptographicOperations.ZeroMemory(octets);
    }

    /// <summary>Shows nothing.</summary>
    public override string ToString() => $"secret of {octets.Length} octets";
}
