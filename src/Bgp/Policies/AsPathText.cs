using System.Globalization;

namespace Appliance.Bgp;

/// <summary>The text of an AS_PATH as regular expressions see it, without an allocation; the same as <see cref="AsPaths.ToText"/>, which tables show.</summary>
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
            var (open, close) = path[i].Type switch { AsPaths.Set => ('{', '}'), AsPaths.ConfederationSequence => ('(', ')'), AsPaths.ConfederationSet => ('[', ']'), _ => ('\0', '\0') };
            if (i > 0) text[at++] = ' ';
            if (open != 0) text[at++] = open;
            for (var j = 0; j < path[i].Ases.Length; j++)
            {
                if (j > 0) text[at++] = ' ';
                path[i].Ases[j].TryFormat(text[at..], out var written, default, CultureInfo.InvariantCulture);
                at += written;
            }

            if (close != 0) text[at++] = close;
        }

        return at;
    }
}
