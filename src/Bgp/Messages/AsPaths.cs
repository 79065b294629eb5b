using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>AS_PATH and AS4_PATH (RFC 4271 §4.3, RFC 5065, RFC 6793).</summary>
public static class AsPaths
{
    /// <summary>AS_SET.</summary>
    public const byte Set = 1;

    /// <summary>AS_SEQUENCE.</summary>
    public const byte Sequence = 2;

    /// <summary>AS_CONFED_SEQUENCE (RFC 5065).</summary>
    public const byte ConfederationSequence = 3;

    /// <summary>AS_CONFED_SET (RFC 5065).</summary>
    public const byte ConfederationSet = 4;

    /// <summary>AS numbers of a path as the decision counts them (RFC 4271 §9.1.2.2 a, RFC 5065 §5.3): a set is one, a confederation none.</summary>
    public static int LengthOf(IReadOnlyList<AsSegment> path)
    {
        var length = 0;
        for (var i = 0; i < path.Count; i++) length += path[i].Type == Sequence ? path[i].Ases.Length : path[i].Type == Set ? 1 : 0;
        return length;
    }

    /// <summary>A path with AS numbers put in front (RFC 4271 §5.1.2): into the leading AS_SEQUENCE while it has room (255), else as a new one.</summary>
    /// <param name="path">The path.</param>
    /// <param name="autonomous">The AS.</param>
    /// <param name="times">How often.</param>
    public static IReadOnlyList<AsSegment> Prepend(IReadOnlyList<AsSegment> path, uint autonomous, int times = 1)
    {
        if (times <= 0) return path;
        var added = new uint[times];
        added.AsSpan().Fill(autonomous);
        if (path.Count > 0 && path[0].Type == Sequence && path[0].Ases.Length + times <= byte.MaxValue)
        {
            var joined = new AsSegment[path.Count];
            joined[0] = new AsSegment(Sequence, [.. added, .. path[0].Ases]);
            for (var i = 1; i < joined.Length; i++) joined[i] = path[i];
            return joined;
        }

        return [new AsSegment(Sequence, added), .. path];
    }

    /// <summary>As operators write it: "65001 65002 {65003 65004}", confederations in parentheses or brackets.</summary>
    public static string ToText(IReadOnlyList<AsSegment> path) => string.Join(' ', path.Select(s => s.Type switch
    {
        Sequence => string.Join(' ', s.Ases),
        Set => $"{{{string.Join(' ', s.Ases)}}}",
        ConfederationSequence => $"({string.Join(' ', s.Ases)})",
        _ => $"[{string.Join(' ', s.Ases)}]",
    }));

    /// <summary>Whether octets are segments from beginning to end, none of them empty (RFC 7606 §7.2).</summary>
    /// <param name="value">The value of the attribute.</param>
    /// <param name="isFour">AS numbers of 4 octets.</param>
    /// <param name="first">The leftmost AS when the path begins with a sequence; 0 otherwise. Segments of a confederation are no part of the path in this.</param>
    /// <param name="hasConfederation">Segments of a confederation are there.</param>
    /// <param name="hasZero">AS 0 is there.</param>
    internal static bool AreSegments(ReadOnlySpan<byte> value, bool isFour, out uint first, out bool hasConfederation, out bool hasZero)
    {
        (first, hasConfederation, hasZero) = (0, false, false);
        var size = isFour ? 4 : 2;
        var isFirst = true;
        for (; !value.IsEmpty;)
        {
            if (value.Length < 2 || value[0] is < Set or > ConfederationSet || value[1] == 0 || value.Length < 2 + value[1] * size) return false;
            var isConfederation = value[0] >= ConfederationSequence;
            hasConfederation |= isConfederation;
            var ases = value.Slice(2, value[1] * size);
            if (isFirst && !isConfederation)
            {
                if (value[0] == Sequence) first = isFour ? BinaryPrimitives.ReadUInt32BigEndian(ases) : BinaryPrimitives.ReadUInt16BigEndian(ases);
                isFirst = false;
            }

            value = value[(2 + ases.Length)..];
            for (; !ases.IsEmpty; ases = ases[size..]) hasZero |= (isFour ? BinaryPrimitives.ReadUInt32BigEndian(ases) : BinaryPrimitives.ReadUInt16BigEndian(ases)) == 0;
        }

        return true;
    }

    /// <summary>Reads segments that were checked.</summary>
    internal static AsSegment[] Read(ReadOnlySpan<byte> value, bool isFour)
    {
        var size = isFour ? 4 : 2;
        var count = 0;
        for (var rest = value; !rest.IsEmpty; rest = rest[(2 + rest[1] * size)..]) count++;
        var segments = count == 0 ? [] : new AsSegment[count];
        for (var i = 0; i < count; i++)
        {
            var ases = new uint[value[1]];
            for (var n = 0; n < ases.Length; n++)
            {
                var at = value[(2 + n * size)..];
                ases[n] = isFour ? BinaryPrimitives.ReadUInt32BigEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);
            }

            segments[i] = new AsSegment(value[0], ases);
            value = value[(2 + ases.Length * size)..];
        }

        return segments;
    }

    /// <summary>The path of a neighbour that speaks two octets (RFC 6793 §4.2.3): the leading part of AS_PATH in front of AS4_PATH, as long as AS_PATH.</summary>
    internal static AsSegment[] Merge(AsSegment[] path, AsSegment[] four)
    {
        // RFC 6793 §6: segments of a confederation have no place in AS4_PATH.
        four = [.. four.Where(s => s.Type <= Sequence)];
        var left = LengthOf(path) - LengthOf(four);
        if (left < 0 || four.Length == 0) return path;
        var merged = new List<AsSegment>();
        foreach (var segment in path)
        {
            if (segment.Type >= ConfederationSequence)
            {
                merged.Add(segment);
                continue;
            }

            if (left == 0) break;
            var taken = segment.Type == Set ? 1 : Math.Min(left, segment.Ases.Length);
            merged.Add(segment.Type == Set || taken == segment.Ases.Length ? segment : new AsSegment(Sequence, segment.Ases[..taken]));
            left -= taken;
        }

        // A sequence that was cut in two becomes one again.
        if (merged.Count > 0 && merged[^1].Type == Sequence && four[0].Type == Sequence && merged[^1].Ases.Length + four[0].Ases.Length <= byte.MaxValue)
        {
            four[0] = new AsSegment(Sequence, [.. merged[^1].Ases, .. four[0].Ases]);
            merged.RemoveAt(merged.Count - 1);
        }

        return [.. merged, .. four];
    }
}
