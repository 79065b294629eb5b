using System.Buffers.Binary;

namespace Appliance.Ike.Messages;

/// <summary>Transforms of a proposal (RFC 7296 §3.3.2) and their attributes (§3.3.5).</summary>
internal static class TransformCodec
{
    /// <summary>AF: the value stands in place of the length (TV).</summary>
    public const ushort InPlace = 0x8000;

    private const byte More = 3;
    private const int HeaderLength = 8;
    private const ushort KeyLength = InPlace | 14;

    /// <summary>Reads as many transforms as the proposal says, which must fill what is left of it.</summary>
    /// <param name="reader">The rest of the proposal.</param>
    /// <param name="count">How many the proposal says there are.</param>
    /// <param name="budget">How many more the SA payload may have.</param>
    public static List<Transform> Read(ref OctetReader reader, int count, ref int budget)
    {
        var transforms = new List<Transform>();
        if (count > budget) reader.Fail(MessageErrorKind.TooMany, $"more than {MessageTuning.MaximumTransforms} transforms");
        budget -= count;
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var more = ProposalCodec.Last(reader.Byte(), More, "transform", ref reader);
            reader.Skip(1);
            var body = ProposalCodec.Body(ref reader, HeaderLength, "transform");
            if (!reader.Failed && more != i + 1 < count) reader.Fail(MessageErrorKind.Length, $"{count} transforms by number, but {i + 1} is marked as {(more ? "not the last" : "the last")}");
            var transform = ReadOne(ref body);
            if (body.Failed) reader.Fail(body.Kind, $"transform {i + 1}, {body.Detail}");
            else transforms.Add(transform);
        }

        reader.End("transform");
        return transforms;
    }

    public static void Write(OctetWriter writer, IReadOnlyList<Transform> transforms)
    {
        for (var i = 0; i < transforms.Count; i++)
        {
            var (at, transform) = (writer.Length, transforms[i]);
            writer.Byte(i + 1 < transforms.Count ? More : (byte)0);
            writer.Zeros(3);
            writer.Byte((byte)transform.Type);
            writer.Zeros(1);
            writer.UInt16(transform.Id);
            if (transform.KeyLength is { } bits) WriteAttribute(writer, KeyLength, [(byte)(bits >> 8), (byte)bits]);
            foreach (var (number, value) in transform.Others) WriteAttribute(writer, number, value);
            writer.PatchUInt16(at + 2, writer.Length - at);
        }
    }

    private static Transform ReadOne(ref OctetReader body)
    {
        var type = (TransformType)body.Byte();
        body.Skip(1);
        var id = body.UInt16();
        int? keyLength = null;
        var others = new List<(ushort, byte[])>();
        while (body.Left > 0)
        {
            var number = body.UInt16();
            var value = number >= InPlace ? body.Take(2) : body.Take(body.UInt16());
            if (body.Failed) break;
            if (number == KeyLength)
            {
                if (keyLength != null) body.Fail(MessageErrorKind.Repeated, "two Key Length attributes");
                keyLength = BinaryPrimitives.ReadUInt16BigEndian(value);
                continue;
            }

            if (others.Count == MessageTuning.MaximumTransformAttributes) body.Fail(MessageErrorKind.TooMany, $"more than {MessageTuning.MaximumTransformAttributes} attributes");
            else others.Add((number, value.ToArray()));
        }

        return new Transform(type, id, keyLength) { Others = others.Count == 0 ? [] : others };
    }

    private static void WriteAttribute(OctetWriter writer, ushort number, ReadOnlySpan<byte> value)
    {
        writer.UInt16(number);
        if (number < InPlace)
        {
            writer.Zeros(2);
            writer.PatchUInt16(writer.Length - 2, value.Length);
        }
        else if (value.Length != 2)
        {
            throw new ArgumentException($"attribute {number & ~InPlace} stands in place and has {value.Length} octets, not 2", nameof(value));
        }

        writer.Octets(value);
    }
}
