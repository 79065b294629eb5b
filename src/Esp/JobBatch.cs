using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Crypto;

namespace Appliance.Esp;

/// <summary>The jobs of one batch for one kernel call, each on a cache line of its own. Used by one worker.</summary>
internal sealed class JobBatch
{
    private readonly byte[] memory;
    private readonly int start;
    private int count;

    internal JobBatch(int capacity)
    {
        memory = GC.AllocateArray<byte>((capacity + 1) * AeadJob.Size, pinned: true);
        start = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0) & (AeadJob.Size - 1));
    }

    internal int Count => count;

    internal Span<AeadJob> Jobs => MemoryMarshal.Cast<byte, AeadJob>(memory.AsSpan(start, count * AeadJob.Size));

    internal void Clear() => count = 0;

    /// <summary>The next job; the caller takes at most as many as there is room for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref AeadJob Next() => ref Unsafe.Add(ref Unsafe.As<byte, AeadJob>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(memory), start)), count++);
}
