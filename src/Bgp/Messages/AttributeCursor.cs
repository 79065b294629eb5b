using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>Goes over path attributes (RFC 4271 §4.3), trusting no length (RFC 7606 §4).</summary>
internal ref struct AttributeCursor(ReadOnlySpan<byte> attributes)
{
    public const byte Optional = 0x80;
    public const byte Transitive = 0x40;
    public const byte Partial = 0x20;
    public const byte ExtendedLength = 0x10;

    private readonly ReadOnlySpan<byte> attributes = attributes;
    private int next;

    public byte Flags { get; private set; }

    /// <summary>Type; of an attribute that is cut off, too, when its octet is there.</summary>
    public byte Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Where the attribute begins.</summary>
    public int Start { get; private set; }

    /// <summary>The whole attribute: flags, type, length, value.</summary>
    public readonly ReadOnlySpan<byte> Whole => attributes[Start..next];

    /// <summary>An attribute does not fit.</summary>
    public bool Failed { get; private set; }

    public bool MoveNext()
    {
        if (Failed || next >= attributes.Length) return false;
        Start = next;
        var rest = attributes[next..];
        Flags = rest[0];
        Type = rest.Length > 1 ? rest[1] : (byte)0;
        var header = (Flags & ExtendedLength) != 0 ? 4 : 3;
        if (rest.Length < header) return Fail();
        int length = header == 4 ? BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) : rest[2];
        if (rest.Length - header < length) return Fail();
        Value = rest.Slice(header, length);
        next += header + length;
        return true;
    }

    private bool Fail()
    {
        Value = default;
        Failed = true;
        next = attributes.Length;
        return false;
    }
}
