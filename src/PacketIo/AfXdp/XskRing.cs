using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.PacketIo.AfXdp;

/// <summary>struct xdp_desc: one buffer on the receive or transmit ring.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct XskDescriptor
{
    /// <summary>The packet goes on in the next descriptor (XDP_PKT_CONTD).</summary>
    public const uint Continues = 1;

    public ulong Address;
    public int Length;
    public uint Options;
}

/// <summary>
/// One of the four rings that a socket shares with the kernel. This side keeps its own index in <see cref="Produced"/> or <see cref="Consumed"/> and publishes it
/// with release order; the kernel's index is read with acquire order. Indexes run freely and are masked at use.
/// </summary>
internal unsafe struct XskRing
{
    private const uint NeedWakeupFlag = 1;

    private uint* producer;
    private uint* consumer;
    private uint* flags;
    private byte* entries;
    private byte* mapping;
    private nuint mapped;

    /// <summary>Our index as producer (fill, transmit).</summary>
    public uint Produced;

    /// <summary>Our index as consumer (receive, completion).</summary>
    public uint Consumed;

    /// <summary>Entries.</summary>
    public uint Size;

    private uint mask;

    /// <summary>True when the kernel wants a system call before it goes on.</summary>
    public readonly bool NeedsWakeup => (Volatile.Read(ref *flags) & NeedWakeupFlag) != 0;

    /// <summary>As producer: how many entries can be written now.</summary>
    public readonly uint Room => Size - (Produced - Volatile.Read(ref *consumer));

    /// <summary>As consumer: how many entries can be read now.</summary>
    public readonly uint Available => Volatile.Read(ref *producer) - Consumed;

    /// <summary>Maps a ring; false with the error number in the last P/Invoke error.</summary>
    public bool TryMap(int descriptor, long page, ulong* offsets, uint size, uint entrySize)
    {
        mapped = (nuint)(offsets[2] + (ulong)size * entrySize);
        var at = Libc.mmap(null, mapped, Libc.ProtReadWrite, Libc.MapShared | Libc.MapPopulate, descriptor, page);
        if ((nint)at == -1) return false;
        mapping = (byte*)at;
        producer = (uint*)(mapping + offsets[0]);
        consumer = (uint*)(mapping + offsets[1]);
        entries = mapping + offsets[2];
        flags = (uint*)(mapping + offsets[3]);
        Size = size;
        mask = size - 1;
        Produced = Volatile.Read(ref *producer);
        Consumed = Volatile.Read(ref *consumer);
        return true;
    }

    /// <summary>Removes the mapping.</summary>
    public void Unmap()
    {
        if (mapping != null) _ = Libc.munmap(mapping, mapped);
        mapping = null;
    }

    /// <summary>Entry of the receive or transmit ring.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ref XskDescriptor Descriptor(uint index) => ref ((XskDescriptor*)entries)[index & mask];

    /// <summary>Entry of the fill or completion ring.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ref ulong Address(uint index) => ref ((ulong*)entries)[index & mask];

    /// <summary>As producer: entries up to <see cref="Produced"/> + <paramref name="count"/> are written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish(uint count)
    {
        Produced += count;
        Volatile.Write(ref *producer, Produced);
    }

    /// <summary>As consumer: <paramref name="count"/> more entries were read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(uint count)
    {
        Consumed += count;
        Volatile.Write(ref *consumer, Consumed);
    }
}
