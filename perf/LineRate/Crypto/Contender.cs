using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.LineRate.Crypto;

/// <summary>Somebody who encrypts and decrypts a packet set, ours or not. Each call does all of the set and says how many packets came out right.</summary>
internal abstract class Contender : IDisposable
{
    internal string? Tier { get; init; }

    internal string? Peer { get; init; }

    internal abstract int Encrypt(PacketSet set);

    internal abstract int Decrypt(PacketSet set);

    public abstract void Dispose();
}

/// <summary>An own kernel.</summary>
internal sealed class KernelContender<TKernel> : Contender
    where TKernel : struct, IAesGcmKernel
{
    internal override int Encrypt(PacketSet set)
    {
        TKernel.Encrypt(set.Jobs);
        return set.Jobs.Length;
    }

    internal override int Decrypt(PacketSet set)
    {
        TKernel.Decrypt(set.Jobs);
        var good = 0u;
        foreach (ref readonly var job in set.Jobs.AsSpan())
            good += job.Ok;
        return (int)good;
    }

    public override void Dispose()
    {
    }
}

/// <summary>The bcl tier, as the data plane uses it.</summary>
internal sealed unsafe class ObjectContender(PacketSet keys) : Contender
{
    private readonly AeadObject aead = new(Cipher.AesGcm, keys.KeyLength, keys.Block);

    internal override int Encrypt(PacketSet set)
    {
        var good = 0;
        for (var i = 0; i < PacketSet.Count; i++)
        {
            var p = set.Packet(i);
            good += aead.Seal(new(p, 8), new(p + 8, 8), new(p + 16, set.Size), new(p + 16 + set.Size, 16)) ? 1 : 0;
        }

        return good;
    }

    internal override int Decrypt(PacketSet set)
    {
        var good = 0;
        for (var i = 0; i < PacketSet.Count; i++)
        {
            var p = set.Packet(i);
            good += aead.Open(new(p, 8), new(p + 8, 8), new(p + 16, set.Size), new(p + 16 + set.Size, 16)) ? 1 : 0;
        }

        return good;
    }

    public override void Dispose() => aead.Dispose();
}

/// <summary>System.Security.Cryptography.AesGcm itself.</summary>
internal sealed unsafe class AesGcmContender(PacketSet keys) : Contender
{
    private readonly AesGcm aes = new(keys.Key.AsSpan(0, keys.KeyLength), 16);
    private readonly byte[] nonce = [.. keys.Salt, .. new byte[8]];

    internal override int Encrypt(PacketSet set)
    {
        for (var i = 0; i < PacketSet.Count; i++)
        {
            var p = set.Packet(i);
            new ReadOnlySpan<byte>(p + 8, 8).CopyTo(nonce.AsSpan(4));
            var data = new Span<byte>(p + 16, set.Size);
            aes.Encrypt(nonce, data, data, new Span<byte>(p + 16 + set.Size, 16), new ReadOnlySpan<byte>(p, 8));
        }

        return PacketSet.Count;
    }

    internal override int Decrypt(PacketSet set)
    {
        for (var i = 0; i < PacketSet.Count; i++)
        {
            var p = set.Packet(i);
            new ReadOnlySpan<byte>(p + 8, 8).CopyTo(nonce.AsSpan(4));
            var data = new Span<byte>(p + 16, set.Size);
            aes.Decrypt(nonce, data, new ReadOnlySpan<byte>(p + 16 + set.Size, 16), data, new ReadOnlySpan<byte>(p, 8));
        }

        return PacketSet.Count;
    }

    public override void Dispose() => aes.Dispose();
}

/// <summary>Intel's ipsec-mb through native-shim/perf.</summary>
internal sealed unsafe class IpsecMbContender : Contender
{
    private const string Library = "appliance_ipsec_mb";

    private readonly PacketSet keys;

    private IpsecMbContender(PacketSet keys) => this.keys = keys;

    /// <summary>Null, and the reason, when the library is not there.</summary>
    internal static IpsecMbContender? TryMake(PacketSet keys, out string? whyNot)
    {
        try
        {
            whyNot = Start(keys.Key) == null ? "ipsec-mb does not start on this processor" : null;
        }
        catch (DllNotFoundException)
        {
            whyNot = "ipsec-mb is not installed; apt-get install libipsec-mb-dev, then build again";
        }

        return whyNot is null ? new IpsecMbContender(keys) { Peer = "ipsec-mb" } : null;
    }

    internal override int Encrypt(PacketSet set) => Run(set, decrypt: 0);

    internal override int Decrypt(PacketSet set) => Run(set, decrypt: 1);

    public override void Dispose()
    {
    }

    private int Run(PacketSet set, int decrypt) =>
        (int)Run(set.KeyLength == 32 ? 1 : 0, decrypt, set.Packet(0), set.Stride, set.Size, PacketSet.Count, BitConverter.ToUInt32(keys.Salt));

    [DllImport(Library, EntryPoint = "peer_start")]
    private static extern byte* Start(byte[] key);

    [DllImport(Library, EntryPoint = "peer_run")]
    [SuppressGCTransition]
    private static extern nint Run(int aes256, int decrypt, byte* packets, nint stride, nint length, nint count, uint salt);
}
