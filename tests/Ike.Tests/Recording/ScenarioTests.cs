using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Recording;

/// <summary>
/// Scenarios in <c>Scenarios/NAME/</c>: a file of JSON lines for each life of a machine (<c>a-1.jsonl</c>). They say what IKE does, octet by octet: what changes them on purpose
/// rewrites them (<c>IKE_SCENARIOS=write</c>), and the difference is part of the change.
/// </summary>
public class ScenarioTests
{
    private const string Switch = "IKE_SCENARIOS";

    public static TheoryData<string> Names => [.. ScenarioList.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheMachineDoesWhatWasRecorded(string name)
    {
        var folder = Path.Combine(Folder(), name);
        if (Environment.GetEnvironmentVariable(Switch) == "write") Write(folder, Record(name));
        var files = Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        foreach (var lives in files.GroupBy(f => Path.GetFileName(f)[0]))
        {
            // The lives of a gateway share handles: a successor finds the contexts that the replay before it made.
            var format = new IkeRecordingFormat();
            var contexts = new List<byte[]>();
            foreach (var file in lives)
            {
                var difference = Replayer.Run(new IkeMachine(new IkeMachineOptions()), format, File.ReadLines(file),
                    (_, actions) => contexts.AddRange(actions.OfType<SaveContext>().Select(s => s.Context)));
                Assert.True(difference is null, $"{file}:{difference?.Line}: the machine does something else. When that is meant: {Switch}=write and look at the difference.\n" +
                    $"recorded: {difference?.Expected}\nnow:      {difference?.Actual}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void RecordingAgainGivesTheSame(string name)
    {
        foreach (var (file, lines) in Record(name)) Assert.Equal(File.ReadAllLines(Path.Combine(Folder(), name, file)).Select(Actions), lines.Select(Actions));
    }

    [Fact]
    public void ARecordingShowsNoKey()
    {
        var keys = Enumerable.Range(1, 100).SelectMany(n => (byte[][])[StandIns.Key(n), StandIns.Secret(n).Octets.ToArray()]).Select(k => Convert.ToHexStringLower(k)[..16]).ToList();
        foreach (var file in Directory.GetFiles(Folder(), "*.jsonl", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain(keys, k => text.Contains(k, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void AnotherSecretLeadsToAnotherRun()
    {
        var lines = Record("set-up").Single(r => r.File == "a-1.jsonl").Lines;
        var changed = lines.Select(l => l.Replace("\"secret\":{\"handle\":1,", "\"secret\":{\"handle\":99,", StringComparison.Ordinal)).ToList();
        Assert.NotEqual(lines, changed);
        Assert.NotNull(Replayer.Run(new IkeMachine(new IkeMachineOptions()), new IkeRecordingFormat(), changed));
    }

    /// <summary>What a line says of actions alone: a new field of the configuration with its default is no difference.</summary>
    private static string Actions(string line) => line[line.LastIndexOf("\"actions\":[", StringComparison.Ordinal)..];

    private static List<(string File, List<string> Lines)> Record(string name)
    {
        var net = new ScenarioNet();
        ScenarioList.All[name](net);
        return [.. ((ScenarioGateway[])[net.A, net.B]).SelectMany(g => g.Recordings.Select((lines, i) => ($"{g.Name}-{i + 1}.jsonl", lines)))];
    }

    private static void Write(string folder, List<(string File, List<string> Lines)> recordings)
    {
        Directory.CreateDirectory(folder);
        foreach (var old in Directory.GetFiles(folder, "*.jsonl")) File.Delete(old);
        foreach (var (file, lines) in recordings) File.WriteAllText(Path.Combine(folder, file), string.Join('\n', lines) + '\n');
    }

    private static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Appliance.sln"))) return Path.Combine(at.FullName, "tests", "Ike.Tests", "Scenarios");
        throw new DirectoryNotFoundException("the repository (Appliance.sln) is not above " + AppContext.BaseDirectory);
    }
}
