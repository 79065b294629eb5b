namespace Appliance.SlowPath.Configuration;

/// <summary>Finds what somebody probably meant.</summary>
internal static class Spelling
{
    /// <summary>"did you mean 'x'?", or the list of what is known.</summary>
    public static string Hint(string word, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0) return "there is none";
        var best = names.MinBy(n => Distance(word, n))!;
        var far = Math.Max(1, Math.Min(word.Length, best.Length) / 2);
        if (word.Length <= 40 && Distance(word, best) <= Math.Min(3, far)) return $"did you mean '{best}'?";
        return names.Count <= 24 ? "known here: " + string.Join(", ", names) : $"there are {names.Count} of them; see 'show'";
    }

    /// <summary>Cut for a message; control characters become '?'.</summary>
    public static string Shorten(string text)
    {
        var cut = text.Length <= 40 ? text : text[..40] + "…";
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 40) return int.MaxValue;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(diagonal + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(row[j], row[j - 1]) + 1);
                diagonal = row[j];
                row[j] = cost;
            }
        }

        return row[b.Length];
    }
}
