using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Appliance.Wire;

/// <summary>
/// Numbers in network order at an offset behind a reference. The caller has checked the length once and promises that the octets are there;
/// for the inner loops, where a slice and a bounds check per field would cost more than the field.
/// </summary>
public static class BigEndian
{
    /// <summary>Reads one octet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte U8(ref byte start, nint at) => Unsafe.Add(ref start, at);

    /// <summary>Reads 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort U16(ref byte start, nint at) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref start, at)));

    /// <summary>Reads 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint U32(ref byte start, nint at) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, at)));

    /// <summary>Reads 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong U64(ref byte start, nint at) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)));

    /// <summary>Writes one octet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set8(ref byte start, nint at, byte value) => Unsafe.Add(ref start, at) = value;

    /// <summary>Writes 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set16(ref byte start, nint at, ushort value) => Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, at), BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Writes 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set32(ref byte start, nint at, uint value) => Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, at), BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Writes 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set64(ref byte start, nint at, ulong value) => Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, at), BinaryPrimitives.ReverseEndianness(value));
}
