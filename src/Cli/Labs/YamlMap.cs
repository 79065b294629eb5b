using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Appliance.Cli.Labs;

/// <summary>A YAML mapping that is read key by key; whatever is left over at the end is an error. Every error has file, line and column.</summary>
internal sealed class YamlMap
{
    private readonly string file;
    private readonly YamlMappingNode node;
    private readonly HashSet<string> taken = [];

    public YamlMap(string file, YamlNode node)
    {
        this.file = file;
        this.node = node as YamlMappingNode ?? throw Error(file, node, "a mapping (key: value) is expected here", "write { key: value, … }");
    }

    /// <summary>Reads a file of one document.</summary>
    public static YamlMap Load(string file)
    {
        var stream = new YamlStream();
        try
        {
            using var text = new StreamReader(file);
            stream.Load(text);
        }
        catch (YamlException e)
        {
            throw new Failure("the file is not YAML", $"{file}:{e.Start.Line}:{e.Start.Column}", e.Message, "correct the file at that place", Failure.BadInput);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Failure("cannot read the file", file, e.Message, "give the path of a file that is there", Failure.BadInput);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The scanner has states of its own that it did not expect.
            throw new Failure("the file is not YAML", $"{file}:1:1", e.Message, "check the file with a YAML linter", Failure.BadInput);
        }

        if (stream.Documents.Count != 1) throw new Failure("the file is empty", file, "one YAML document is expected", "see scripts/labs for examples", Failure.BadInput);
        return new YamlMap(file, stream.Documents[0].RootNode);
    }

    /// <summary>A scalar that must be there.</summary>
    public string Text(string key) => ScalarOf(Require(key));

    /// <summary>A scalar, or what it is when it is not there.</summary>
    public string Text(string key, string otherwise) => Find(key) is { } found ? ScalarOf(found) : otherwise;

    /// <summary>A number within bounds.</summary>
    public int Number(string key, int otherwise, int least, int most)
    {
        if (Find(key) is not { } found) return otherwise;
        if (int.TryParse(ScalarOf(found), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        throw Error(file, found, $"{key} must be a number from {least} to {most}", "correct the number");
    }

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool otherwise) => Find(key) is not { } found ? otherwise
        : ScalarOf(found) switch { "true" => true, "false" => false, _ => throw Error(file, found, $"{key} must be true or false", "write true or false") };

    /// <summary>One of several words.</summary>
    public T Word<T>(string key, IReadOnlyDictionary<string, T> words, T otherwise)
    {
        if (Find(key) is not { } found) return otherwise;
        return words.TryGetValue(ScalarOf(found), out var value) ? value
            : throw Error(file, found, $"{key} is '{ScalarOf(found)}'", $"choose one of {string.Join(", ", words.Keys)}");
    }

    /// <summary>A mapping that must be there.</summary>
    public YamlMap Map(string key) => new(file, Require(key));

    /// <summary>True when the key is there.</summary>
    public bool Has(string key) => node.Children.ContainsKey(new YamlScalarNode(key));

    /// <summary>Mappings of a list; none when it is not there.</summary>
    public IReadOnlyList<YamlMap> Maps(string key) => [.. ListOf(key).Select(n => new YamlMap(file, n))];

    /// <summary>Scalars of a list; none when it is not there.</summary>
    public IReadOnlyList<string> Texts(string key) => [.. ListOf(key).Select(ScalarOf)];

    /// <summary>Keys and values of a mapping of scalars; none when it is not there.</summary>
    public IReadOnlyList<(string Key, string Value)> Pairs(string key) => Find(key) is not { } found ? []
        : found is YamlMappingNode map ? [.. map.Children.Select(c => (ScalarOf(c.Key), ScalarOf(c.Value)))]
        : throw Error(file, found, $"{key} must be a mapping", "write { name: value }");

    /// <summary>An error at the value of a key.</summary>
    public Failure Wrong(string key, string why, string todo) => Error(file, Find(key) ?? node, why, todo);

    /// <summary>Refuses keys that nobody asked for.</summary>
    public void End()
    {
        foreach (var (key, _) in node.Children)
        {
            if (!taken.Contains(ScalarOf(key))) throw Error(file, key, $"unknown key '{ScalarOf(key)}'", $"known keys here: {string.Join(", ", taken.Order(StringComparer.Ordinal))}");
        }
    }

    private static Failure Error(string file, YamlNode at, string why, string todo) =>
        new("the file cannot be used", $"{file}:{at.Start.Line}:{at.Start.Column}", why, todo, Failure.BadInput);

    private YamlNode? Find(string key)
    {
        taken.Add(key);
        return node.Children.TryGetValue(new YamlScalarNode(key), out var found) ? found : null;
    }

    private YamlNode Require(string key) => Find(key) ?? throw Error(file, node, $"'{key}' is missing", $"add {key}: …");

    private IEnumerable<YamlNode> ListOf(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode list => list.Children,
        { } other => throw Error(file, other, $"{key} must be a list", "write [ … ]"),
    };

    private string ScalarOf(YamlNode value) => value is YamlScalarNode { Value: { } text } ? text
        : throw Error(file, value, "a single value is expected here", "write a word or a number");
}
