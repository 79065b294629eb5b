using System.Runtime.CompilerServices;

namespace Appliance.DataPlane;

/// <summary>Numbers in memory order at an offset behind a reference; the caller promises that the octets are there.</summary>
internal static class LittleEndian
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set32(ref byte start, nint at, uint value) => Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, at), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set64(ref byte start, nint at, ulong value) => Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, at), value);
}
