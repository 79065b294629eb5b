namespace Appliance.Shared;

/// <summary>Where the files of one running instance are: a directory on tmpfs that its owner alone can enter.</summary>
public sealed record RuntimePaths
{
    /// <summary>Environment variable that replaces <see cref="DefaultBase"/>.</summary>
    public const string BaseVariable = "APPLIANCE_RUNTIME";

    /// <summary>Directory of all instances.</summary>
    public const string DefaultBase = "/dev/shm/appliance";

    private const int LongestName = 64;

    private RuntimePaths(string instance, string directory)
    {
        Instance = instance;
        Directory = directory;
    }

    /// <summary>Name of the instance.</summary>
    public string Instance { get; }

    /// <summary>Its directory.</summary>
    public string Directory { get; }

    /// <summary>The shared region.</summary>
    public string Region => Path.Combine(Directory, "region");

    /// <summary>Unix socket of the API.</summary>
    public string ApiSocket => Path.Combine(Directory, "api.sock");

    /// <summary>The launch plan in force.</summary>
    public string Plan => Path.Combine(Directory, "plan.json");

    /// <summary>Locked by the supervisor while it runs.</summary>
    public string SupervisorLock => Path.Combine(Directory, "supervisor.lock");

    /// <summary>The paths of an instance.</summary>
    /// <exception cref="ArgumentException">The name is not 1–64 letters, digits, '-', '_' or '.' (it becomes a directory).</exception>
    public static RuntimePaths For(string instance)
    {
        if (!IsName(instance)) throw new ArgumentException($"instance name '{instance}': use 1 to {LongestName} letters, digits, '-', '_' and '.', not starting with '.'", nameof(instance));
        var place = Environment.GetEnvironmentVariable(BaseVariable);
        return In(instance, Path.Combine(string.IsNullOrEmpty(place) ? DefaultBase : place, instance));
    }

    /// <summary>The paths inside a directory that is given (by <c>--runtime</c>).</summary>
    public static RuntimePaths In(string instance, string directory) => new(instance, Path.GetFullPath(directory));

    /// <summary>Makes the directory, mode 0700; one that is there gets this mode.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void Create()
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows()) return;
        System.IO.Directory.CreateDirectory(Directory, owner);
        File.SetUnixFileMode(Directory, owner);
    }

    /// <summary>True for a name that can be an instance's.</summary>
    public static bool IsName(string? instance) =>
        instance is { Length: > 0 and <= LongestName } && instance[0] != '.' && instance.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
