using System.Text.Json;
using System.Text.Json.Serialization;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>A node of a lab that is up. <paramref name="Process"/> and <paramref name="Started"/> name a gateway's supervisor; 0 when there is none.</summary>
internal sealed record LabNodeState(string Name, NodeKind Kind, string Namespace, string? Instance, int Process, long Started);

/// <summary>
/// What a lab made on this machine, kept on tmpfs from before the first thing is made until after the last is gone, so that
/// <c>lab down</c> works after any crash. <paramref name="Transient"/>: of <c>lab run</c>, worth nothing once its owner is gone.
/// </summary>
internal sealed record LabState(string Id, string Lab, string File, bool Transient, int Owner, long OwnerStarted, IReadOnlyList<LabNodeState> Nodes)
{
    /// <summary>Environment variable that overrides where labs are kept.</summary>
    public const string Variable = "APPLIANCE_LABS";

    /// <summary>Directory of all labs.</summary>
    public static string Base => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set : "/dev/shm/appliance-labs";

    /// <summary>Directory of this lab: state, logs, captures and the gateways' runtime directories.</summary>
    [JsonIgnore]
    public string Directory => Path.Combine(Base, Id);

    /// <summary>Runtime directory of its gateways.</summary>
    [JsonIgnore]
    public string Runtime => Path.Combine(Directory, "run");

    /// <summary>True while the process that made it lives.</summary>
    [JsonIgnore]
    public bool OwnerLives => LinuxProcess.StartTime(Owner) == OwnerStarted;

    /// <summary>Every lab whose state is there, oldest first.</summary>
    public static IReadOnlyList<LabState> All()
    {
        if (!System.IO.Directory.Exists(Base)) return [];
        var found = new List<LabState>();
        foreach (var directory in new DirectoryInfo(Base).GetDirectories().OrderBy(d => d.CreationTimeUtc))
        {
            var path = Path.Combine(directory.FullName, "state.json");
            try
            {
                if (JsonSerializer.Deserialize(System.IO.File.ReadAllText(path), LabJson.Default.LabState) is { } state) found.Add(state);
            }
            catch (Exception e) when (e is IOException or JsonException)
            {
                // Being made or removed at this moment by its owner.
            }
        }

        return found;
    }

    /// <summary>The lab of that id or name; without a name, the only one.</summary>
    /// <exception cref="Failure">None or several.</exception>
    public static LabState One(string? name)
    {
        var all = All();
        var found = all.Where(s => name is null || s.Id == name || s.Lab == name).ToList();
        if (found.Count == 1) return found[0];
        var here = all.Count == 0 ? "no lab is up" : "labs that are up: " + string.Join(", ", all.Select(s => s.Id));
        throw found.Count == 0
            ? new Failure(name is null ? "there is no lab" : $"there is no lab '{name}'", Base, here, "start one: appliance lab up FILE", Failure.BadInput)
            : new Failure("which lab?", Base, here, "name one: --lab ID", Failure.BadInput);
    }

    /// <summary>The node of that name.</summary>
    public LabNodeState Node(string name) => Nodes.FirstOrDefault(n => n.Name == name)
        ?? throw new Failure($"there is no node '{name}'", $"lab {Id}", $"its nodes: {string.Join(", ", Nodes.Select(n => n.Name))}", "name one of them", Failure.BadInput);

    /// <summary>Files of a gateway.</summary>
    public RuntimePaths Paths(LabNodeState gateway) => RuntimePaths.In(Runtime, gateway.Instance!);

    /// <summary>Output of a gateway or of a node's program.</summary>
    public string Log(LabNodeState node) => Path.Combine(Directory, node.Name + ".log");

    /// <summary>Writes the state in one step.</summary>
    public LabState Save()
    {
        RuntimePaths.At(Runtime).Create();
        var path = Path.Combine(Directory, "state.json");
        System.IO.File.WriteAllText(path + ".new", JsonSerializer.Serialize(this, LabJson.Default.LabState));
        System.IO.File.Move(path + ".new", path, overwrite: true);
        return this;
    }
}

/// <summary>JSON of lab states.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(LabState))]
internal sealed partial class LabJson : JsonSerializerContext;
