using System.Buffers.Binary;

namespace Appliance.Ike.Messages;

/// <summary>
/// Takes the octets of a payload's body from front to back. The first thing that is wrong is kept, and everything asked for afterwards fails too, so that a decoder reads field
/// after field and looks once.
/// </summary>
internal ref struct OctetReader(ReadOnlySpan<byte> octets, PayloadType payload)
{
    private ReadOnlySpan<byte> rest = octets;

    /// <summary>What kind of thing is wrong, or <see cref="MessageErrorKind.None"/>.</summary>
    public MessageErrorKind Kind { get; private set; }

    /// <summary>What is wrong, without the name of the payload.</summary>
    public string Detail { get; private set; } = "";

    /// <summary>What is wrong, for the caller.</summary>
    public readonly MessageError Error => Failed ? new MessageError(Kind, payload, $"{PayloadNames.Of(payload)}: {Detail}") : default;

    /// <summary>Octets not taken yet.</summary>
    public readonly int Left => rest.Length;

    public readonly bool Failed => Kind != MessageErrorKind.None;

    public byte Byte() => TryTake(1, out var taken) ? taken[0] : (byte)0;

    public ushort UInt16() => TryTake(2, out var taken) ? BinaryPrimitives.ReadUInt16BigEndian(taken) : (ushort)0;

    /// <summary>Passes over reserved octets, which are ignored on receipt (RFC 7296 §2.5).</summary>
    public void Skip(int count) => TryTake(count, out _);

    /// <summary>So many octets, or none after a failure.</summary>
    public ReadOnlySpan<byte> Take(int count) => TryTake(count, out var taken) ? taken : [];

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> Rest() => Take(rest.Length);

    /// <summary>Notes that something is wrong, unless something was before.</summary>
    public void Fail(MessageErrorKind kind, string detail)
    {
        if (!Failed) (Kind, Detail) = (kind, detail);
        rest = [];
    }

    /// <summary>Notes a length error when octets are left over.</summary>
    public void End(string what)
    {
        if (!Failed && rest.Length > 0) Fail(MessageErrorKind.Length, $"{rest.Length} octets behind the last {what}");
    }

    private bool TryTake(int count, out ReadOnlySpan<byte> taken)
    {
        taken = [];
        if (Failed) return false;
        if (count > rest.Length)
        {
            Fail(MessageErrorKind.Truncated, $"ends {count - rest.Length} octets too early");
            return false;
        }

        taken = rest[..count];
        rest = rest[count..];
        return true;
    }
}
