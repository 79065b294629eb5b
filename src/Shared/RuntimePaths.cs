namespace Appliance.Shared;

/// <summary>Files of a running instance, all in one directory of mode 0700 on tmpfs.</summary>
public sealed record RuntimePaths
{
    /// <summary>Environment variable that overrides the directory of all instances.</summary>
    public const string Variable = "APPLIANCE_RUNTIME";

    private RuntimePaths(string directory) => Directory = directory;

    /// <summary>Directory of all instances.</summary>
    public static string Base => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set : "/dev/shm/appliance";

    /// <summary>The instance's directory.</summary>
    public string Directory { get; }

    /// <summary>The shared region.</summary>
    public string Region => Path.Combine(Directory, "region");

    /// <summary>The API's Unix socket.</summary>
    public string ApiSocket => Path.Combine(Directory, "api.sock");

    /// <summary>The launch plan.</summary>
    public string Plan => Path.Combine(Directory, "plan.json");

    /// <summary>Held by the supervisor while it runs.</summary>
    public string SupervisorLock => Path.Combine(Directory, "supervisor.lock");

    /// <summary>Paths of an instance below <see cref="Base"/>.</summary>
    public static RuntimePaths For(string instance) => In(Base, instance);

    /// <summary>Paths of an instance below another directory.</summary>
    public static RuntimePaths In(string directory, string instance) => new(Path.Combine(directory, instance));
}
