using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine.Contexts;

/// <summary>Fields of a context: number (2 octets), length (4 octets), value. It wipes what it outgrows, since keys are among the values.</summary>
internal sealed class ContextWriter : IDisposable
{
    private byte[] octets = new byte[1024];
    private int used;

    public void Bytes(ContextField field, ReadOnlySpan<byte> value) => value.CopyTo(Room(field, value.Length));

    public void Number(ContextField field, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Room(field, 8), value);

    public void Number(ContextField field, long value) => Number(field, unchecked((ulong)value));

    public void Flag(ContextField field, bool value) => Room(field, 1)[0] = value ? (byte)1 : (byte)0;

    public void Text(ContextField field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public void EndPoint(ContextField field, IPEndPoint value)
    {
        Span<byte> whole = stackalloc byte[18];
        BinaryPrimitives.WriteUInt16BigEndian(whole, (ushort)value.Port);
        value.Address.TryWriteBytes(whole[2..], out var length);
        Bytes(field, whole[..(2 + length)]);
    }

    public void Identity(ContextField field, Identity value) => Bytes(field, [(byte)value.Type, .. value.Data]);

    public void Selector(ContextField field, TrafficSelector value)
    {
        var (low, high) = (value.Low.GetAddressBytes(), value.High.GetAddressBytes());
        Bytes(field, [value.Protocol, (byte)(value.PortLow >> 8), (byte)value.PortLow, (byte)(value.PortHigh >> 8), (byte)value.PortHigh, .. low, .. high]);
    }

    /// <summary>A field to be filled by the caller.</summary>
    public Span<byte> Room(ContextField field, int length)
    {
        Grow(6 + length);
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(used), (ushort)field);
        BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(used + 2), length);
        var room = octets.AsSpan(used + 6, length);
        used += 6 + length;
        return room;
    }

    /// <summary>A field that is made of fields.</summary>
    public void Nested(ContextField field, Action<ContextWriter> write)
    {
        Room(field, 0);
        var start = used;
        write(this);
        BinaryPrimitives.WriteInt32BigEndian(octets.AsSpan(start - 4), used - start);
    }

    /// <summary>What was written, in an array of its own.</summary>
    public byte[] ToArray() => octets.AsSpan(0, used).ToArray();

    /// <summary>Wipes.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(octets);

    private void Grow(int more)
    {
        if (used + more <= octets.Length) return;
        var larger = new byte[Math.Max(octets.Length * 2, used + more)];
        octets.AsSpan(0, used).CopyTo(larger);
        CryptographicOperations.ZeroMemory(octets);
        octets = larger;
    }
}
