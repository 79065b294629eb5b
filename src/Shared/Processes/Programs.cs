namespace Appliance.Shared;

/// <summary>Where the product's executables are: beside the one that runs (installed), or in the build tree.</summary>
public static class Programs
{
    /// <summary>The command line.</summary>
    public const string Cli = "appliance";

    /// <summary>Holds what must outlive a worker process.</summary>
    public const string Supervisor = "Appliance.Supervisor";

    /// <summary>Fast path.</summary>
    public const string DataPlane = "Appliance.DataPlane";

    /// <summary>Configuration, tables, API.</summary>
    public const string SlowPath = "Appliance.SlowPath";

    /// <summary>Full path of an executable.</summary>
    /// <exception cref="FileNotFoundException">It is in none of the places; the message names them.</exception>
    public static string Find(string name)
    {
        var places = Places(name, AppContext.BaseDirectory).ToArray();
        return places.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"program '{name}' not found; looked for {string.Join(" and ", places)}. Build or install the whole product.");
    }

    private static IEnumerable<string> Places(string name, string here)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        here = Path.TrimEndingDirectorySeparator(here);
        yield return Path.Combine(here, file);

        // Build tree: artifacts/bin/<Project>/<configuration>/, with the same configuration as ours.
        var configuration = Path.GetFileName(here);
        var bin = Path.GetDirectoryName(Path.GetDirectoryName(here));
        if (bin == null) yield break;
        var project = name == Cli ? "Cli" : name[(name.LastIndexOf('.') + 1)..];
        yield return Path.Combine(bin, project, configuration, file);
    }
}
