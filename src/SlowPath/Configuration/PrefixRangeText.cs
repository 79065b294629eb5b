using System.Globalization;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads ranges of prefixes: <c>10.0.0.0/8</c> alone is that prefix, <c>ge N</c> and <c>le N</c> behind it are longer ones inside; <c>any</c> is all.</summary>
internal static class PrefixRangeText
{
    private const string Hint = "write \"10.0.0.0/8 le 24\", \"10.0.0.0/8 ge 16 le 24\", a prefix, or any";

    /// <summary>All of a list; none where it says <c>any</c>.</summary>
    public static IReadOnlyList<PrefixRange> Several(MapReader map, string key, ConfigurationErrors errors)
    {
        var texts = map.Texts(key);
        return texts is [{ Text: "any" }] ? [] : [.. texts.Select(t => One(t, errors)).OfType<PrefixRange>()];
    }

    private static PrefixRange? One(YamlText text, ConfigurationErrors errors)
    {
        var words = text.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is not (1 or 3 or 5))
        {
            errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no range of prefixes", Hint);
            return null;
        }

        if (!IpPrefix.TryParse(words[0], host: false, out var within, out _, out var problem))
        {
            errors.Add(text.At, problem, Hint);
            return null;
        }

        var longest = within.IsV4 ? 32 : 128;
        int? ge = null, le = null;
        for (var i = 1; i < words.Length; i += 2)
        {
            var known = int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length >= within.Length && length <= longest;
            if (known && words[i] == "ge" && ge is null) ge = length;
            else if (known && words[i] == "le" && le is null) le = length;
            else
            {
                errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no range of prefixes: 'ge' and 'le' take lengths from {within.Length} to {longest}", Hint);
                return null;
            }
        }

        var range = new PrefixRange(within, ge ?? within.Length, le ?? (ge is null ? within.Length : longest));
        if (range.Shortest <= range.Longest) return range;
        errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no range of prefixes: 'ge' is more than 'le'", Hint);
        return null;
    }
}
