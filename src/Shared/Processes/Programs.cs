namespace Appliance.Shared;

/// <summary>Where the product's executables are: beside the one that runs (installed), or in the build tree (<c>artifacts/bin/PROJECT/CONFIGURATION/</c>).</summary>
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

    /// <summary>
    /// What the slow path is started with. The collector's youngest generation has 8 MiB instead of as much as the processor's whole last-level cache, which on large machines makes
    /// 6 KB of unused memory for each of 10 000 IKE SAs. Code that is used a lot is compiled anew at once instead of after 100 ms in which no other was used for the first time: a full table and
    /// thousands of peers come right after the start (1 M routes 1.7 → 1.4 s, IKE SAs a second 1690 → 1900). The runtime takes both from the environment alone.
    /// </summary>
    public static IReadOnlyDictionary<string, string> SlowPathEnvironment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_GCgen0size"] = "0x800000",
        ["DOTNET_TC_CallCountingDelayMs"] = "0",
    };

    /// <summary>Full path of the executable with that assembly name.</summary>
    /// <exception cref="FileNotFoundException">It is in neither place; the message names both.</exception>
    public static string Find(string program) => Find(program, AppContext.BaseDirectory);

    /// <summary>The same, as seen from another directory.</summary>
    /// <exception cref="FileNotFoundException">It is in neither place; the message names both.</exception>
    public static string Find(string program, string directory)
    {
        var here = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        var beside = Path.Combine(here, program);
        if (File.Exists(beside)) return beside;
        var project = program == Cli ? "Cli" : program[(program.LastIndexOf('.') + 1)..];
        var built = Path.GetFullPath(Path.Combine(here, "..", "..", project, Path.GetFileName(here), program));
        if (File.Exists(built)) return built;
        throw new FileNotFoundException($"{program} is neither {beside} nor {built}: build or install the whole product", program);
    }
}
