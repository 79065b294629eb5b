using System.CommandLine;
using Appliance.Shared;

namespace Appliance.Cli.Commands;

/// <summary>Which running instance a command is about.</summary>
internal static class Instances
{
    /// <summary>Environment variable that names it where the option does not; inside a lab's gateway it is set.</summary>
    public const string Variable = "APPLIANCE_INSTANCE";

    /// <summary>The option that names it.</summary>
    public static Option<string?> Option() => new("--instance", "-i") { Description = $"Instance; else ${Variable}, else the only one", HelpName = "NAME" };

    /// <summary>The option for JSON.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print the API's JSON" };

    /// <summary>Files of the instance of that name; without a name, of the only one.</summary>
    /// <exception cref="Failure">None or several.</exception>
    public static RuntimePaths Find(string? name)
    {
        name ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set : null;
        var there = Directory.Exists(RuntimePaths.Base)
            ? Directory.GetDirectories(RuntimePaths.Base).Select(d => Path.GetFileName(d)).Where(RuntimePaths.IsName).Order(StringComparer.Ordinal).ToList() : [];
        if (name is not null && there.Contains(name)) return RuntimePaths.For(name);
        if (name is null && there.Count == 1) return RuntimePaths.For(there[0]);
        var found = there.Count == 0 ? "no instance runs" : $"instances: {string.Join(", ", there)}";
        throw name is null && there.Count > 1
            ? new Failure("which instance?", RuntimePaths.Base, found, "name one: --instance NAME", Failure.BadInput)
            : new Failure(name is null ? "there is no instance" : $"there is no instance '{name}'", RuntimePaths.Base, found, "start one: appliance run CONFIG");
    }
}
