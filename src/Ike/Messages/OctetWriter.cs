using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.Ike.Messages;

/// <summary>Octets that grow, in network order, with lengths that are known later. What it outgrows is wiped, and all of it when it is disposed of: keys may be among the octets.</summary>
internal sealed class OctetWriter : IDisposable
{
    private byte[] buffer = new byte[256];

    /// <summary>Octets written so far.</summary>
    public int Length { get; private set; }

    public byte[] ToArray() => buffer.AsSpan(0, Length).ToArray();

    public void Dispose() => CryptographicOperations.ZeroMemory(buffer);

    public void Byte(byte value) => Take(1)[0] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    public void Octets(ReadOnlySpan<byte> octets) => octets.CopyTo(Take(octets.Length));

    /// <summary>So many zeros (reserved fields).</summary>
    public void Zeros(int count) => Take(count).Clear();

    /// <summary>Writes over what stands at <paramref name="at"/>.</summary>
    /// <exception cref="ArgumentException">It does not fit the field: the caller made something that cannot be sent.</exception>
    public void PatchUInt16(int at, int value)
    {
        if (value is < 0 or > ushort.MaxValue) throw new ArgumentException($"{value} does not fit a field of 16 bits: the payload is too long to be sent", nameof(value));
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at), (ushort)value);
    }

    /// <inheritdoc cref="PatchUInt16"/>
    public void PatchByte(int at, int value)
    {
        if (value is < 0 or > byte.MaxValue) throw new ArgumentException($"{value} does not fit a field of 8 bits: too many parts to be sent", nameof(value));
        buffer[at] = (byte)value;
    }

    /// <summary>Writes a 32-bit number over what stands at <paramref name="at"/>.</summary>
    public void PatchUInt32(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(at), value);

    private Span<byte> Take(int count)
    {
        if (Length + count > buffer.Length)
        {
            var larger = new byte[Math.Max(Length + count, buffer.Length * 2)];
            buffer.AsSpan(0, Length).CopyTo(larger);
            Dispose();
            buffer = larger;
        }

        Length += count;
        return buffer.AsSpan(Length - count, count);
    }
}
