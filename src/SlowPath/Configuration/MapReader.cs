using System.Globalization;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads the keys of one map with their types and notes what is missing, unknown or wrong. <see cref="Done"/> at the end tells unknown keys.</summary>
internal sealed class MapReader
{
    private readonly Dictionary<string, (YamlText Key, YamlNode Value)> entries = new(StringComparer.Ordinal);
    private readonly List<string> known = [];
    private readonly ConfigurationErrors errors;
    private readonly string what;

    /// <summary>A reader of <paramref name="node"/>, called <paramref name="what"/> in messages; a node that is no map is an error and reads as empty.</summary>
    public MapReader(YamlNode? node, string what, ConfigurationErrors errors)
    {
        this.errors = errors;
        this.what = what;
        At = node?.At ?? new SourcePosition(1, 1);
        if (node is YamlMap map)
            foreach (var entry in map.Entries)
                entries[entry.Key.Text] = entry;
        else if (node is not null and not YamlText { IsNull: true })
            errors.Add(node.At, $"{what} must be keys and values", "write 'key: value' lines, or { key: value, … }");
    }

    /// <summary>Where the map starts.</summary>
    public SourcePosition At { get; }

    /// <summary>Tells keys that nobody asked for.</summary>
    public void Done()
    {
        foreach (var (name, entry) in entries)
            if (!known.Contains(name))
                errors.Add(entry.Key.At, $"unknown key '{Spelling.Shorten(name)}' in {what}", Spelling.Hint(name, known));
    }

    /// <summary>The value's node, or null when the key is absent or empty.</summary>
    public YamlNode? Node(string key)
    {
        known.Add(key);
        return entries.TryGetValue(key, out var entry) && entry.Value is not YamlText { IsNull: true } ? entry.Value : null;
    }

    /// <summary>Whether the key is there, with a value or without.</summary>
    public bool Has(string key)
    {
        known.Add(key);
        return entries.ContainsKey(key);
    }

    /// <summary>Where a key's value stands, or the map.</summary>
    public SourcePosition PositionOf(string key) => entries.TryGetValue(key, out var entry) ? entry.Value.At : At;

    /// <summary>Notes an error at a key's value.</summary>
    public void Wrong(string key, string message, string hint) => errors.Add(PositionOf(key), message, hint);

    /// <summary>The key's node; absent is an error.</summary>
    public YamlNode? Required(string key, string hint)
    {
        var node = Node(key);
        if (node is null) errors.Add(PositionOf(key), $"{what} has no '{key}'", hint);
        return node;
    }

    /// <summary>Text, or null.</summary>
    public YamlText? Text(string key)
    {
        var node = Node(key);
        if (node is null or YamlText) return (YamlText?)node;
        errors.Add(node.At, $"'{key}' must be one value", "a list or map stands here");
        return null;
    }

    /// <summary>One of the words, or the default.</summary>
    public T Choice<T>(string key, T otherwise, params (string Word, T Value)[] words)
    {
        if (Text(key) is not { } text) return otherwise;
        foreach (var (word, value) in words)
            if (word == text.Text)
                return value;
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is not known", Spelling.Hint(text.Text, words.Select(w => w.Word)));
        return otherwise;
    }

    /// <summary>A whole number within limits, or the default.</summary>
    public int Number(string key, int otherwise, int low, int high, string unit = "") => Text(key) is { } text ? NumberOf(text, key, otherwise, low, high, unit) : otherwise;

    /// <summary>A number in an existing node.</summary>
    public int NumberOf(YamlText text, string key, int otherwise, int low, int high, string unit = "")
    {
        if (int.TryParse(text.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= low && number <= high) return number;
        var suffix = unit.Length > 0 ? " " + unit : "";
        var message = text.Text.Length > 0 && char.IsAsciiDigit(text.Text[0]) && text.Text.Any(char.IsAsciiLetter)
            ? $"'{key}: {Spelling.Shorten(text.Text)}' has a unit where none belongs"
            : $"'{key}: {Spelling.Shorten(text.Text)}' is not a number from {low} to {high}";
        errors.Add(text.At, message, $"write a whole number from {low} to {high}{suffix}, without a unit");
        return otherwise;
    }

    /// <summary>A number, or one word with a value of its own.</summary>
    public int NumberOr(string key, string word, int wordValue, int low, int high, string unit = "")
    {
        var text = Text(key);
        return text is null || text.Text == word ? wordValue : NumberOf(text, key, wordValue, low, high, unit);
    }

    /// <summary>Yes or no.</summary>
    public bool Flag(string key, bool otherwise) => Choice(key, otherwise, ("true", true), ("false", false));

    /// <summary>A time in microseconds; its unit must be written.</summary>
    public long Microseconds(string key, long otherwise, long low, long high)
    {
        if (Text(key) is not { } text) return otherwise;
        var digits = text.Text.TakeWhile(char.IsAsciiDigit).Count();
        var scale = text.Text[digits..] switch { "us" => 1L, "ms" => 1000L, "s" => 1_000_000L, _ => 0 };
        if (digits == 0 || scale == 0)
        {
            errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is not a time with a unit", "write a whole number and us, ms or s, as in 50us");
            return otherwise;
        }

        if (digits <= 9 && long.Parse(text.Text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture) * scale is var time && time >= low && time <= high) return time;
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is out of range", $"from {Show(low)} to {Show(high)}");
        return otherwise;
    }

    /// <summary>The items of a list; a value that is no list is an error.</summary>
    public IReadOnlyList<YamlNode> List(string key)
    {
        var node = Node(key);
        if (node is YamlList list) return list.Items;
        if (node is not null) errors.Add(node.At, $"'{key}' must be a list", "write [a, b] or lines that start with '- '");
        return [];
    }

    /// <summary>One value or a list of values; anything else is an error.</summary>
    public IReadOnlyList<YamlText> Texts(string key) => TextsOf(Node(key), key);

    /// <summary>The same in an existing node; null is none.</summary>
    public IReadOnlyList<YamlText> TextsOf(YamlNode? node, string key)
    {
        if (node is YamlText one) return [one];
        if (node is not YamlList list)
        {
            if (node is not null) errors.Add(node.At, $"'{key}' must be one value or a list of values", "write a, or [a, b]");
            return [];
        }

        foreach (var item in list.Items)
            if (item is not YamlText)
                errors.Add(item.At, $"an item of '{key}' must be one value", "a list or map stands here");
        return [.. list.Items.OfType<YamlText>()];
    }

    /// <summary>A duration in whole seconds with its unit (s, m, h, d); the words "never" and "off" are 0.</summary>
    public int Seconds(string key, int otherwise, int low, int high) => Text(key) is { } text ? SecondsOf(text, key, otherwise, low, high) : otherwise;

    /// <summary>A duration in an existing node.</summary>
    public int SecondsOf(YamlText text, string key, int otherwise, int low, int high)
    {
        if (text.Text is "never" or "off") return 0;
        if (TryScaled(text.Text, out var seconds, ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)))
        {
            if (seconds >= (ulong)low && seconds <= (ulong)high) return (int)seconds;
            errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is out of range", $"from {low}s to {high}s, or never");
            return otherwise;
        }

        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is not a time with a unit", "write a whole number and s, m, h or d, as in 30s or 4h, or never");
        return otherwise;
    }

    /// <summary>An amount, with or without K, M, G or T (powers of 1000); 0 and "never" are 0.</summary>
    public ulong Amount(string key, ulong otherwise)
    {
        if (Text(key) is not { } text) return otherwise;
        if (text.Text is "never" or "0") return 0;
        if (TryScaled(text.Text, out var amount, ("", 1), ("K", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)) && amount > 0) return amount;
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no amount", "write a whole number, with K, M, G or T (1000, 1000000, …) as in 100G, or 0 for never");
        return otherwise;
    }

    private static bool TryScaled(string text, out ulong value, params (string Unit, ulong Scale)[] units)
    {
        value = 0;
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits is 0 or > 15 || !ulong.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        foreach (var (unit, scale) in units)
        {
            if (unit != text[digits..]) continue;
            if (number > ulong.MaxValue / scale) return false;
            value = number * scale;
            return true;
        }

        return false;
    }

    private static string Show(long microseconds) =>
        microseconds % 1_000_000 == 0 ? $"{microseconds / 1_000_000}s" : microseconds % 1000 == 0 ? $"{microseconds / 1000}ms" : $"{microseconds}us";
}
