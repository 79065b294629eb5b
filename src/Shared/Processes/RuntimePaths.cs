namespace Appliance.Shared;

/// <summary>Files of a running instance, all in one directory of mode 0700 on tmpfs.</summary>
public sealed record RuntimePaths
{
    /// <summary>Environment variable that overrides the directory of all instances.</summary>
    public const string Variable = "APPLIANCE_RUNTIME";

    private const int LongestName = 64;

    private RuntimePaths(string directory) => Directory = Path.GetFullPath(directory);

    /// <summary>Directory of all instances.</summary>
    public static string Base => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set : "/dev/shm/appliance";

    /// <summary>The instance's directory.</summary>
    public string Directory { get; }

    /// <summary>The shared region.</summary>
    public string Region => Path.Combine(Directory, "region");

    /// <summary>The API's Unix socket.</summary>
    public string ApiSocket => Path.Combine(Directory, "api.sock");

    /// <summary>The launch plan in force.</summary>
    public string Plan => Path.Combine(Directory, "plan.json");

    /// <summary>Held by the supervisor while it runs.</summary>
    public string SupervisorLock => Path.Combine(Directory, "supervisor.lock");

    /// <summary>Paths of an instance below <see cref="Base"/>.</summary>
    /// <exception cref="ArgumentException">The name cannot be a directory's, see <see cref="IsName"/>.</exception>
    public static RuntimePaths For(string instance) => In(Base, instance);

    /// <summary>Paths of an instance below another directory.</summary>
    /// <exception cref="ArgumentException">The name cannot be a directory's, see <see cref="IsName"/>.</exception>
    public static RuntimePaths In(string directory, string instance) => IsName(instance)
        ? new RuntimePaths(Path.Combine(directory, instance))
        : throw new ArgumentException($"instance name '{instance}': use 1 to {LongestName} letters, digits, '-', '_' and '.', not starting with '.'", nameof(instance));

    /// <summary>Paths in an instance's own directory, as <c>--runtime</c> names it.</summary>
    public static RuntimePaths At(string directory) => new(directory);

    /// <summary>True for a name that can be an instance's: 1 to 64 ASCII letters, digits, '-', '_' and '.', not starting with '.'.</summary>
    public static bool IsName(string? instance) =>
        instance is { Length: > 0 and <= LongestName } && instance[0] != '.' && instance.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>Makes the directory, mode 0700; one that is there gets this mode.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void Create()
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows()) return;
        System.IO.Directory.CreateDirectory(Directory, owner);
        File.SetUnixFileMode(Directory, owner);
    }
}
