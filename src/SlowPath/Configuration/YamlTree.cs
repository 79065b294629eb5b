using Appliance.Policy;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Appliance.SlowPath.Configuration;

/// <summary>A node of the file, with its place.</summary>
internal abstract record YamlNode(SourcePosition At);

/// <summary>Text or a number.</summary>
internal sealed record YamlText(SourcePosition At, string Text, bool Quoted) : YamlNode(At)
{
    /// <summary>Nothing stands there.</summary>
    public bool IsNull => !Quoted && Text is "" or "~" or "null";
}

/// <summary>A list.</summary>
internal sealed record YamlList(SourcePosition At, List<YamlNode> Items) : YamlNode(At);

/// <summary>Keys and values; keys are unique.</summary>
internal sealed record YamlMap(SourcePosition At, List<(YamlText Key, YamlNode Value)> Entries) : YamlNode(At);

/// <summary>
/// Builds the tree from parser events. The file is hostile: its size, depth and number of nodes are bounded, and anchors, aliases and tags
/// are refused, so that nothing in it can expand.
/// </summary>
internal sealed class YamlTree
{
    private const int MaximumDepth = 10;
    private const int MaximumNodes = 2_000_000;
    private const int MaximumScalar = 4096;
    private readonly ConfigurationErrors errors;
    private readonly Parser parser;
    private int nodes;

    private YamlTree(string text, ConfigurationErrors errors)
    {
        this.errors = errors;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>The document's node, or null with an error noted.</summary>
    public static YamlNode? Read(string text, ConfigurationErrors errors)
    {
        var tree = new YamlTree(text, errors);
        try
        {
            return tree.Document();
        }
        catch (YamlException exception)
        {
            errors.Add(Position(exception.Start), $"not valid YAML: {OneLine(exception)}", "check indentation, colons and quotes here");
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            errors.Add(new SourcePosition(1, 1), $"not valid YAML: {OneLine(exception)}", "check the file with a YAML linter");
        }

        return null;
    }

    private static string OneLine(Exception exception)
    {
        var text = (exception.InnerException ?? exception).Message.ReplaceLineEndings(" ");
        return text.Length <= 160 ? text : text[..160] + "…";
    }

    private static SourcePosition Position(Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    private YamlNode? Document()
    {
        if (Next() is not StreamStart) return null;
        if (Next() is not DocumentStart)
        {
            errors.Add(new SourcePosition(1, 1), "the file is empty", "write a configuration: ports, tunnels, policies");
            return null;
        }

        var root = Node(Next(), 0);
        if (root is null) return null;
        Next();
        if (Next() is DocumentStart second) errors.Add(Position(second.Start), "a second YAML document", "one file holds one configuration: remove '---'");
        return root;
    }

    private ParsingEvent? Next() => parser.MoveNext() ? parser.Current : null;

    /// <summary>Null stops the whole reading; the error is noted.</summary>
    private YamlNode? Node(ParsingEvent? e, int depth)
    {
        if (e is null) return null;
        var at = Position(e.Start);
        if (++nodes > MaximumNodes) return Stop(at, $"more than {MaximumNodes} values", "split the configuration over several gateways");
        if (depth > MaximumDepth) return Stop(at, "nested too deeply", $"no key of a configuration stands deeper than {MaximumDepth} levels");
        if (e is AnchorAlias) return Stop(at, "aliases (*name) are not allowed", "write the value itself");
        if (e is NodeEvent node && (!node.Anchor.IsEmpty || !node.Tag.IsEmpty)) return Stop(at, "anchors (&name) and tags (!name) are not allowed", "write the plain value");
        return e switch
        {
            Scalar scalar when scalar.Value.Length > MaximumScalar => Stop(at, $"a value of {scalar.Value.Length} characters", $"no value is longer than {MaximumScalar}"),
            Scalar scalar => new YamlText(at, scalar.Value, scalar.Style is not ScalarStyle.Plain),
            SequenceStart => List(at, depth),
            MappingStart => Map(at, depth),
            _ => null,
        };
    }

    private YamlList? List(SourcePosition at, int depth)
    {
        var list = new YamlList(at, []);
        for (var e = Next(); e is not SequenceEnd; e = Next())
        {
            if (Node(e, depth + 1) is not { } item) return null;
            list.Items.Add(item);
        }

        return list;
    }

    private YamlMap? Map(SourcePosition at, int depth)
    {
        var map = new YamlMap(at, []);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var e = Next(); e is not MappingEnd; e = Next())
        {
            if (Node(e, depth + 1) is not { } keyNode) return null;
            if (Node(Next(), depth + 1) is not { } value) return null;
            if (keyNode is not YamlText key) errors.Add(keyNode.At, "a list or map stands where a key should", "write 'key: value'");
            else if (!seen.Add(key.Text)) errors.Add(key.At, $"'{Spelling.Shorten(key.Text)}' stands here a second time", "keep one of them");
            else map.Entries.Add((key, value));
        }

        return map;
    }

    private YamlNode? Stop(SourcePosition at, string message, string hint)
    {
        errors.Add(at, message, hint);
        return null;
    }
}
