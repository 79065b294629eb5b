using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>
/// Writes outer headers from an SA's template (<see cref="OuterHeader"/>): whole words, each stored once, so that what reads them next is not held up.
/// </summary>
internal static class OuterHeaderWriter
{
    /// <summary>
    /// Writes IP and, when the SA has it, UDP in front of ESP. <paramref name="total"/> is the outer packet's length in octets, <paramref name="dontFragment"/> 0x40 or 0 (IPv4
    /// only). The UDP checksum is left zero. The caller promises that the SA's <see cref="OutboundSa.OuterHeaderLength"/> octets are there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Write(ref byte start, ref OutboundSa sa, int total, uint trafficClass, uint dontFragment, ushort identification)
    {
        ref var template = ref Unsafe.As<HeaderOctets, byte>(ref sa.OuterHeader);
        if (sa.OuterHeaderLength < 40) WriteV4(ref start, ref template, total, trafficClass, dontFragment, identification);
        else WriteV6(ref start, ref template, total, trafficClass);
        if (sa.Encapsulation != EspEncapsulation.Udp) return;
        var ip = sa.OuterHeaderLength - UdpView.HeaderLength;
        WriteUdp(ref Unsafe.Add(ref start, ip), ref sa, total - ip);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteV4(ref byte start, ref byte template, int total, uint trafficClass, uint dontFragment, ushort identification)
    {
        var first = 0x45 | (ulong)trafficClass << 8
            | (ulong)BinaryPrimitives.ReverseEndianness((ushort)total) << 16 | (ulong)BinaryPrimitives.ReverseEndianness(identification) << 32 | (ulong)dontFragment << 48;
        var second = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref template, 8));
        // The template's sum counts 0x45 already; sums of octet pairs come out alike in either octet order (RFC 1071 2 (B)).
        var sum = (first - 0x45 & 0xffff_ffff) + (first >> 32) + (second >> 16 & 0xffff);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        sum += sum >> 16;
        second = (second & ~0xffff_0000UL) | (~sum & 0xffff) << 16;
        Unsafe.WriteUnaligned(ref start, first);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, 8), second);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, 16), Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref template, 16)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteV6(ref byte start, ref byte template, int total, uint trafficClass)
    {
        var first = Unsafe.ReadUnaligned<ulong>(ref template)
            | BinaryPrimitives.ReverseEndianness(trafficClass << 20) | (ulong)BinaryPrimitives.ReverseEndianness((ushort)(total - Ipv6View.HeaderLength)) << 32;
        Unsafe.WriteUnaligned(ref start, first);
        Vector256.LoadUnsafe(ref template, 8).StoreUnsafe(ref start, 8);
    }

    /// <summary>Writes the UDP header of an encapsulated SA (RFC 3948 §2.1) with its length in octets; the checksum is left zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void WriteUdp(ref byte at, ref OutboundSa sa, int length)
    {
        ref var template = ref Unsafe.As<HeaderOctets, byte>(ref sa.OuterHeader);
        ulong ports = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref template, sa.OuterHeaderLength - UdpView.HeaderLength));
        Unsafe.WriteUnaligned(ref at, ports | (ulong)BinaryPrimitives.ReverseEndianness((ushort)length) << 32);
    }
}
