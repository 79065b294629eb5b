using System.Buffers.Binary;
using System.Net;

namespace Appliance.Bgp;

/// <summary>Writes numbers in network order into a buffer. What does not fit is not written, and is remembered in <see cref="Failed"/>.</summary>
internal ref struct OctetWriter(Span<byte> buffer)
{
    private readonly Span<byte> buffer = buffer;

    /// <summary>Octets written.</summary>
    public int Length { get; private set; }

    /// <summary>Something did not fit.</summary>
    public bool Failed { get; private set; }

    /// <summary>Octets that can still be written.</summary>
    public readonly int Left => buffer.Length - Length;

    /// <summary>What was written.</summary>
    public readonly Span<byte> Written => buffer[..Length];

    public void Write(byte value)
    {
        var at = Take(1);
        if (!at.IsEmpty) at[0] = value;
    }

    public void Write16(int value)
    {
        var at = Take(2);
        if (!at.IsEmpty) BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)value);
    }

    public void Write24(uint value)
    {
        Write((byte)(value >> 16));
        Write16((ushort)value);
    }

    public void Write32(uint value)
    {
        var at = Take(4);
        if (!at.IsEmpty) BinaryPrimitives.WriteUInt32BigEndian(at, value);
    }

    public void Write64(ulong value)
    {
        var at = Take(8);
        if (!at.IsEmpty) BinaryPrimitives.WriteUInt64BigEndian(at, value);
    }

    public void Write(scoped ReadOnlySpan<byte> octets)
    {
        var at = Take(octets.Length);
        if (at.Length == octets.Length) octets.CopyTo(at);
    }

    public void Write(IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out var length);
        Write(octets[..length]);
    }

    /// <summary>Fills in a length that was left open at a place.</summary>
    public readonly void Patch16(int place, int value)
    {
        if (!Failed) BinaryPrimitives.WriteUInt16BigEndian(buffer[place..], (ushort)value);
    }

    /// <summary>Goes back to an earlier length; the writer is whole again.</summary>
    public void Rewind(int length)
    {
        Length = length;
        Failed = false;
    }

    private Span<byte> Take(int count)
    {
        if (Failed || count > Left)
        {
            Failed = true;
            return default;
        }

        var at = buffer.Slice(Length, count);
        Length += count;
        return at;
    }
}
