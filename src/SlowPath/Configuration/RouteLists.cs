using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>prefix_lists</c> and <c>as_path_lists</c>, and the same entries where they stand in a term.</summary>
internal sealed class RouteLists(ConfigurationErrors errors)
{
    private readonly Dictionary<string, PrefixFilter> prefixLists = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AsPathFilter> pathLists = new(StringComparer.Ordinal);
    private readonly Dictionary<object, YamlNode> nodes = new(ReferenceEqualityComparer.Instance);

    /// <summary>What the lists say that were found, to be emptied by whoever wants to know.</summary>
    public List<YamlNode> Found { get; } = [];

    /// <summary>The lists that have names.</summary>
    public void Read(MapReader bgp)
    {
        foreach (var node in bgp.List("prefix_lists")) Named(node, "a prefix list", "prefixes", Prefixes, prefixLists);
        foreach (var node in bgp.List("as_path_lists")) Named(node, "an AS path list", "patterns", Paths, pathLists);
    }

    /// <summary>The prefix lists that a key names.</summary>
    public IReadOnlyList<PrefixFilter> PrefixLists(MapReader map, string key) => Find(map, key, "prefix list", prefixLists);

    /// <summary>The AS path lists that a key names.</summary>
    public IReadOnlyList<AsPathFilter> PathLists(MapReader map, string key) => Find(map, key, "AS path list", pathLists);

    /// <summary>Entries of a prefix list.</summary>
    public PrefixFilter Prefixes(MapReader map, string key)
    {
        var ranges = new List<PrefixRange>();
        foreach (var text in map.Texts(key))
        {
            if (PrefixRange.TryParse(text.Text, out var range, out var problem)) ranges.Add(range);
            else errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' {problem}", "write 10.0.0.0/8 (that prefix alone), 10.0.0.0/8 ge 16 le 24, \"fd00::/8 le 48\", or not 10.1.0.0/16; host bits are zero");
        }

        return new PrefixFilter(ranges);
    }

    /// <summary>Entries of an AS path list.</summary>
    public AsPathFilter Paths(MapReader map, string key)
    {
        var entries = new List<(AsPathPattern, bool)>();
        foreach (var text in map.Texts(key))
        {
            var permits = !text.Text.StartsWith("not ", StringComparison.Ordinal);
            if (AsPathPattern.TryParse(permits ? text.Text : text.Text[4..].Trim(), out var pattern, out var problem)) entries.Add((pattern!, permits));
            else errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' {problem}", "write \"^65001_\", \"_65001$\", \"_65001_\" or another regular expression over the path; _ is a boundary");
        }

        return new AsPathFilter(entries);
    }

    private void Named<T>(YamlNode node, string what, string key, Func<MapReader, string, T> read, Dictionary<string, T> lists)
        where T : class
    {
        var map = new MapReader(node, what, errors);
        map.Required("name", "every list has a name: terms ask for it");
        map.Required(key, $"write the entries as a list: {key}: [...]");
        var name = ConfigurationReader.Name(map, "name", "", errors);
        var list = read(map, key);
        map.Done();
        nodes[list] = node;
        if (name.Length > 0 && !lists.TryAdd(name, list)) map.Wrong("name", $"there is {what} '{name}' already", "give it another name");
    }

    private List<T> Find<T>(MapReader map, string key, string what, Dictionary<string, T> lists)
        where T : class
    {
        var found = new List<T>();
        foreach (var text in map.Texts(key))
        {
            if (lists.TryGetValue(text.Text, out var list))
            {
                found.Add(list);
                Found.Add(nodes[list]);
            }
            else if (!errors.Full) errors.Add(text.At, $"there is no {what} '{Spelling.Shorten(text.Text)}'", Spelling.Hint(text.Text, lists.Keys));
        }

        return found;
    }
}
