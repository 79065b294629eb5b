using System.Buffers.Binary;

namespace Appliance.Cli.Labs;

/// <summary>Reads a stream as <c>tcpdump -w -</c> writes it: a header of 24 octets, then records of 16 octets and a frame, in this machine's byte order.</summary>
internal sealed class PcapReader(Stream stream)
{
    private const int MaximumFrame = 262144;
    private const uint Magic = 0xa1b2c3d4;
    private const uint Ethernet = 1;
    private readonly byte[] header = new byte[24];
    private byte[] frame = new byte[2048];
    private bool begun;

    /// <summary>The next frame, valid until the next call, and its time in seconds since 1970; false at the end.</summary>
    /// <exception cref="Failure">That is no such stream.</exception>
    public bool TryNext(out double seconds, out ReadOnlySpan<byte> octets)
    {
        seconds = 0;
        octets = default;
        if (!begun && !Begin()) return false;
        if (!Fill(header.AsSpan(0, 16))) return false;
        var captured = Word(8);
        if (captured > MaximumFrame) throw Broken($"a frame of {captured} octets");
        if (frame.Length < captured) frame = new byte[captured];
        if (!Fill(frame.AsSpan(0, (int)captured))) return false;
        seconds = Word(0) + Word(4) / 1e6;
        octets = frame.AsSpan(0, (int)captured);
        return true;
    }

    private bool Begin()
    {
        if (!Fill(header)) return false;
        if (Word(0) != Magic) throw Broken($"it begins with {Word(0):x8}");
        if (Word(20) != Ethernet) throw Broken($"link type {Word(20)}");
        return begun = true;
    }

    private uint Word(int at) => BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(at));

    private bool Fill(Span<byte> into) => stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) == into.Length;

    private static Failure Broken(string why) => new("tcpdump's output cannot be read", "the lab's router", why, "look at tcpdump --version; microseconds and Ethernet are expected");
}
