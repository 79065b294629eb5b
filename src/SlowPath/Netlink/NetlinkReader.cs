using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Appliance.SlowPath.Netlink;

/// <summary>One message of a datagram.</summary>
internal readonly ref struct NetlinkMessage(ushort type, ushort flags, uint sequence, ReadOnlySpan<byte> body)
{
    public ushort Type { get; } = type;

    public ushort Flags { get; } = flags;

    public uint Sequence { get; } = sequence;

    public ReadOnlySpan<byte> Body { get; } = body;
}

/// <summary>Walks the messages of a datagram; stops at the first length that cannot be.</summary>
internal ref struct NetlinkReader(ReadOnlySpan<byte> datagram)
{
    private const int HeaderLength = 16;
    private ReadOnlySpan<byte> rest = datagram;

    public bool TryNext(out NetlinkMessage message)
    {
        message = default;
        if (rest.Length < HeaderLength) return false;
        var length = MemoryMarshal.Read<uint>(rest);
        if (length < HeaderLength || length > rest.Length) return false;
        message = new NetlinkMessage(
            MemoryMarshal.Read<ushort>(rest[4..]), MemoryMarshal.Read<ushort>(rest[6..]), MemoryMarshal.Read<uint>(rest[8..]), rest[HeaderLength..(int)length]);
        var aligned = (int)Math.Min((length + 3) & ~3u, (uint)rest.Length);
        rest = rest[aligned..];
        return true;
    }
}

/// <summary>Walks attributes; stops at the first length that cannot be.</summary>
internal ref struct AttributeReader(ReadOnlySpan<byte> attributes)
{
    private const int HeaderLength = 4;
    private const ushort TypeMask = 0x3fff;
    private ReadOnlySpan<byte> rest = attributes;

    public bool TryNext(out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (rest.Length < HeaderLength) return false;
        int length = MemoryMarshal.Read<ushort>(rest);
        if (length < HeaderLength || length > rest.Length) return false;
        type = (ushort)(MemoryMarshal.Read<ushort>(rest[2..]) & TypeMask);
        value = rest[HeaderLength..length];
        rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        return true;
    }

    /// <summary>A 32-bit value, or 0 when the attribute is too short.</summary>
    public static uint Number(ReadOnlySpan<byte> value) => value.Length >= 4 ? MemoryMarshal.Read<uint>(value) : 0;

    /// <summary>An address of 4 or 16 octets.</summary>
    public static bool TryAddress(ReadOnlySpan<byte> value, out Shared.IpAddress address)
    {
        address = value.Length switch
        {
            4 => Shared.IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(value)),
            16 => Shared.IpAddress.FromV6(value),
            _ => default,
        };
        return value.Length is 4 or 16;
    }
}
