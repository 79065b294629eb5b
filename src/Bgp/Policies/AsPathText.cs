using System.Globalization;

namespace Appliance.Bgp;

/// <summary>The text of an AS_PATH, as tables show it and regular expressions see it.</summary>
internal static class AsPathText
{
    private const int LongestAs = 11, Brackets = 3;

    /// <summary>No more characters than these.</summary>
    public static int LongestOf(IReadOnlyList<AsSegment> path)
    {
        var characters = 0;
        for (var i = 0; i < path.Count; i++) characters += path[i].Ases.Length * LongestAs + Brackets;
        return characters;
    }

    /// <summary>Writes it, <see cref="LongestOf"/> characters at most; how many they are.</summary>
    public static int Write(IReadOnlyList<AsSegment> path, Span<char> text)
    {
        var at = 0;
        for (var i = 0; i < path.Count; i++)
        {
            var (open, between, close) = path[i].Type switch { 1 => ('{', ',', '}'), 3 => ('(', ' ', ')'), 4 => ('[', ',', ']'), _ => ('\0', ' ', '\0') };
            if (i > 0) text[at++] = ' ';
            if (open != 0) text[at++] = open;
            for (var j = 0; j < path[i].Ases.Length; j++)
            {
                if (j > 0) text[at++] = between;
                path[i].Ases[j].TryFormat(text[at..], out var written, default, CultureInfo.InvariantCulture);
                at += written;
            }

            if (close != 0) text[at++] = close;
        }

        return at;
    }

    /// <summary>Its length in the decision (RFC 4271 §9.1.2.2 a, RFC 5065 §5.3): a set counts one, a confederation nothing.</summary>
    public static int Hops(IReadOnlyList<AsSegment> path)
    {
        var hops = 0;
        for (var i = 0; i < path.Count; i++) hops += path[i].Type switch { 1 => 1, 2 => path[i].Ases.Length, _ => 0 };
        return hops;
    }
}
