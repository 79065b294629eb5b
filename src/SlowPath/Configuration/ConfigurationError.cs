using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>What is wrong in a configuration file, where, and what to do about it.</summary>
public sealed record ConfigurationError(SourcePosition At, string Message, string Hint)
{
    /// <summary>One line: <c>file:line:column: message (what to do)</c>.</summary>
    public string Format(string file) => $"{file}:{At.Line}:{At.Column}: {Message} ({Hint})";
}

/// <summary>Collects errors; all of them are told, not the first alone.</summary>
public sealed class ConfigurationErrors
{
    /// <summary>More than these help nobody.</summary>
    private const int Maximum = 100;
    private readonly List<ConfigurationError> errors = [], warnings = [];

    /// <summary>Errors so far, in the order of the file.</summary>
    public IReadOnlyList<ConfigurationError> InOrder => Sorted(errors);

    /// <summary>What is allowed and unwise, in the order of the file.</summary>
    public IReadOnlyList<ConfigurationError> Warnings => Sorted(warnings);

    /// <summary>True when there is one.</summary>
    public bool Any => errors.Count > 0;

    /// <summary>True when no more are taken, so that nobody needs to think about hints.</summary>
    public bool Full => errors.Count >= Maximum;

    /// <summary>Notes an error.</summary>
    public void Add(SourcePosition at, string message, string hint)
    {
        if (!Full) errors.Add(new ConfigurationError(at, message, hint));
    }

    /// <summary>Notes something that is allowed and unwise.</summary>
    public void Warn(SourcePosition at, string message, string hint)
    {
        if (warnings.Count < Maximum) warnings.Add(new ConfigurationError(at, message, hint));
    }

    private static List<ConfigurationError> Sorted(List<ConfigurationError> list) => [.. list.OrderBy(e => e.At.Line).ThenBy(e => e.At.Column)];
}
