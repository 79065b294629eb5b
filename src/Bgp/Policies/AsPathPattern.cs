using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Appliance.Bgp;

/// <summary>
/// A regular expression over the text of an AS_PATH as operators write it: <c>_</c> stands for a boundary (beginning, end, space, brace, bracket, comma), so <c>^65001_</c> is what a
/// neighbour says and <c>_65001$</c> what an AS originates. The text has spaces between numbers, <c>{1 2}</c> for AS_SET, <c>(1 2)</c> and <c>[1 2]</c> for confederations. Time is
/// linear in the path (no backtracking); the last verdicts are kept by path, since the routes of an UPDATE share one.
/// </summary>
public sealed class AsPathPattern
{
    private const int LongestText = 512, CacheSize = 256, OnStack = 512;
    private const string Allowed = "0123456789.*+?|()[]^$_{},- ";
    private readonly Regex regex;
    private readonly Verdict?[] cache = new Verdict?[CacheSize];

    private AsPathPattern(string text, Regex regex) => (Text, this.regex) = (text, regex);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Parses one; <paramref name="problem"/> says what is wrong.</summary>
    public static bool TryParse(string text, out AsPathPattern? pattern, out string problem)
    {
        pattern = null;
        problem = "is empty: write ^$ for paths of our own AS";
        if (text.Length == 0) return false;
        problem = $"is longer than {LongestText} characters";
        if (text.Length > LongestText) return false;
        var translated = new StringBuilder();
        var inClass = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && i + 1 < text.Length && Allowed.Contains(text[i + 1], StringComparison.Ordinal) && !char.IsAsciiDigit(text[i + 1]))
            {
                translated.Append(c).Append(text[++i]);
                continue;
            }

            problem = $"has '{(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)}' in it: digits, spaces and . * + ? | ( ) [ ] ^ $ _ {{ }} , - alone";
            if (!Allowed.Contains(c, StringComparison.Ordinal)) return false;
            if (c == '_' && !inClass) translated.Append(@"(?:^|$|[ {}()\[\],])");
            else if (c == '[' && inClass) translated.Append(@"\[");
            else translated.Append(c == '_' ? ' ' : c);
            inClass = c == '[' || (inClass && c != ']');
        }

        try
        {
            pattern = new AsPathPattern(text, new Regex(translated.ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture));
            problem = "";
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            problem = exception is RegexParseException parse ? $"is no regular expression: {parse.Error}" : "is too large a regular expression";
            return false;
        }
    }

    /// <summary>Whether it is found in a path.</summary>
    public bool Matches(IReadOnlyList<AsSegment> path)
    {
        ref var slot = ref cache[RuntimeHelpers.GetHashCode(path) & (CacheSize - 1)];
        var known = slot;
        if (known is not null && ReferenceEquals(known.Path, path)) return known.Holds;
        var holds = Find(path);
        slot = new Verdict(path, holds);
        return holds;
    }

    private bool Find(IReadOnlyList<AsSegment> path)
    {
        var longest = AsPathText.LongestOf(path);
        if (longest <= OnStack)
        {
            Span<char> near = stackalloc char[OnStack];
            return regex.IsMatch(near[..AsPathText.Write(path, near)]);
        }

        var far = ArrayPool<char>.Shared.Rent(longest);
        var holds = regex.IsMatch(far.AsSpan(0, AsPathText.Write(path, far)));
        ArrayPool<char>.Shared.Return(far);
        return holds;
    }

    private sealed record Verdict(IReadOnlyList<AsSegment> Path, bool Holds);
}

/// <summary>An AS path list: the first pattern that is found in a path decides, what none is found in is not meant.</summary>
/// <param name="Entries">Patterns in their order; whether a path in which it is found is meant, or left out.</param>
public sealed record AsPathFilter(IReadOnlyList<(AsPathPattern Pattern, bool Permits)> Entries)
{
    /// <summary>Whether a path is meant.</summary>
    public bool Contains(IReadOnlyList<AsSegment> path)
    {
        foreach (var (pattern, permits) in Entries)
            if (pattern.Matches(path))
                return permits;
        return false;
    }
}
