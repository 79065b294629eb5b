using System.Buffers.Binary;
using System.Net;
using System.Text;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine.Contexts;

/// <summary>Fields of a context by their number; those not known here are skipped. It comes from our own region, but from another build perhaps: nothing is trusted, nothing throws.</summary>
internal sealed class ContextReader
{
    private readonly List<(ContextField Field, ReadOnlyMemory<byte> Value)> fields = [];

    private ContextReader()
    {
    }

    /// <summary>Reads fields; null when lengths do not fit.</summary>
    public static ContextReader? Read(ReadOnlyMemory<byte> octets)
    {
        var reader = new ContextReader();
        while (octets.Length > 0)
        {
            if (octets.Length < 6) return null;
            var length = BinaryPrimitives.ReadInt32BigEndian(octets.Span[2..]);
            if (length < 0 || length > octets.Length - 6) return null;
            reader.fields.Add(((ContextField)BinaryPrimitives.ReadUInt16BigEndian(octets.Span), octets.Slice(6, length)));
            octets = octets[(6 + length)..];
        }

        return reader;
    }

    public bool Has(ContextField field) => fields.Exists(f => f.Field == field);

    public IEnumerable<ReadOnlyMemory<byte>> All(ContextField field) => fields.Where(f => f.Field == field).Select(f => f.Value);

    public ReadOnlyMemory<byte> Bytes(ContextField field) => fields.FirstOrDefault(f => f.Field == field).Value;

    /// <summary>A number, 0 when it is not there.</summary>
    public ulong Number(ContextField field) => Bytes(field) is { Length: 8 } value ? BinaryPrimitives.ReadUInt64BigEndian(value.Span) : 0;

    /// <summary>A number, or null when it is not there.</summary>
    public long? Optional(ContextField field) => Has(field) ? unchecked((long)Number(field)) : null;

    public bool Flag(ContextField field) => Bytes(field) is { Length: 1 } value && value.Span[0] != 0;

    public string Text(ContextField field) => Encoding.UTF8.GetString(Bytes(field).Span);

    public IPEndPoint? EndPoint(ContextField field) =>
        Bytes(field) is { Length: 6 or 18 } value ? new IPEndPoint(new IPAddress(value.Span[2..]), BinaryPrimitives.ReadUInt16BigEndian(value.Span)) : null;

    public Identity? Identity(ContextField field) => Bytes(field) is { Length: > 0 } value ? new Identity((IdentificationType)value.Span[0], value.Span[1..].ToArray()) : null;

    public IReadOnlyList<TrafficSelector> Selectors(ContextField field) => [.. All(field).Where(v => v.Length is 13 or 37).Select(Selector)];

    private static TrafficSelector Selector(ReadOnlyMemory<byte> value)
    {
        var octets = value.Span;
        var half = (value.Length - 5) / 2;
        return new TrafficSelector(octets[0], BinaryPrimitives.ReadUInt16BigEndian(octets[1..]), BinaryPrimitives.ReadUInt16BigEndian(octets[3..]),
            new IPAddress(octets.Slice(5, half)), new IPAddress(octets.Slice(5 + half, half)));
    }
}
