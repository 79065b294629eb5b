using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// The packet memory of a data-plane process: one mapping, cut into frames of <see cref="FrameSize"/> octets, followed by jumbo
/// runs of <see cref="JumboSize"/> contiguous octets. AF_XDP registers the whole of it as its UMEM, so that a packet goes from port to port
/// without a copy. Packets name places in it by offset.
/// </summary>
public sealed unsafe class FrameMemory : IDisposable
{
    /// <summary>Octets of a frame; a power of two (AF_XDP's aligned mode asks for it).</summary>
    public const int FrameSize = 2048;

    /// <summary>Octets in front of a received packet, for outer headers.</summary>
    public const int Headroom = 256;

    /// <summary>Octets of a jumbo run: eight frames that are used as one buffer.</summary>
    public const int JumboSize = 8 * FrameSize;

    private readonly byte* start;

    /// <summary>Maps memory for frames and jumbo runs; throws <see cref="IOException"/> when the kernel refuses.</summary>
    public FrameMemory(int frames, int jumboRuns)
    {
        Frames = frames;
        JumboRuns = jumboRuns;
        Length = (uint)checked(frames * FrameSize + jumboRuns * JumboSize);
        start = (byte*)LinuxMemory.MapAnonymous(Length);
    }

    /// <summary>How many ordinary frames there are.</summary>
    public int Frames { get; }

    /// <summary>How many jumbo runs stand behind them.</summary>
    public int JumboRuns { get; }

    /// <summary>Octets in all.</summary>
    public uint Length { get; }

    /// <summary>Offset of the first jumbo run.</summary>
    public uint JumboStart => (uint)(Frames * FrameSize);

    /// <summary>Address of the mapping, for system calls.</summary>
    public nint Pointer => (nint)start;

    /// <summary>The octets of a packet. The caller holds the frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Span(in Packet packet) => new(start + packet.Address, packet.Length);

    /// <summary>Octets anywhere in the memory; <paramref name="address"/> and <paramref name="length"/> are the caller's promise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Span(uint address, int length) => new(start + address, length);

    /// <summary>The octet at an offset, to prefetch or to hand to a kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte At(uint address) => ref *(start + address);

    /// <summary>Asks the processor to load a line that is needed soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint address)
    {
        if (System.Runtime.Intrinsics.X86.Sse.IsSupported) System.Runtime.Intrinsics.X86.Sse.Prefetch0(start + address);
    }

    /// <summary>Offset of the frame or jumbo run that holds an offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint FrameOf(uint address) => address < JumboStart
        ? address & ~(uint)(FrameSize - 1)
        : JumboStart + ((address - JumboStart) & ~(uint)(JumboSize - 1));

    /// <summary>Octets from an offset to the end of its frame or jumbo run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Room(uint address) => address < JumboStart
        ? (int)(FrameSize - (address & (FrameSize - 1)))
        : (int)(JumboSize - ((address - JumboStart) & (JumboSize - 1)));

    /// <inheritdoc/>
    public void Dispose() => LinuxMemory.Unmap((nint)start, Length);
}
