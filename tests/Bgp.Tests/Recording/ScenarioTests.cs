using Appliance.Bgp.Tests.Machine.Rig;
using Appliance.Machine;

namespace Appliance.Bgp.Tests.Recording;

/// <summary>
/// Scenarios in <c>Scenarios/NAME/</c>: a file of JSON lines for each life of a machine (<c>a-1.jsonl</c>). They say what BGP does, octet by octet: what changes them on purpose rewrites
/// them (<c>BGP_SCENARIOS=write</c>), and the difference is part of the change.
/// </summary>
public sealed class ScenarioTests
{
    private const string Switch = "BGP_SCENARIOS";

    public static TheoryData<string> Names => [.. ScenarioList.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheMachineDoesWhatWasRecorded(string name)
    {
        var folder = Path.Combine(Folder(), name);
        if (Environment.GetEnvironmentVariable(Switch) == "write") Write(folder, Record(name));
        var files = Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var difference = Replayer.Run(new BgpMachine(), new BgpRecordingFormat(), File.ReadLines(file));
            Assert.True(difference is null, $"{file}:{difference?.Line}: the machine does something else. When that is meant: {Switch}=write and look at the difference.\n" +
                $"recorded: {difference?.Expected}\nnow:      {difference?.Actual}");
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
        var key = Convert.ToHexStringLower(new BgpRecordingFormat().Key(1));
        foreach (var file in Directory.GetFiles(Folder(), "*.jsonl", SearchOption.AllDirectories)) Assert.DoesNotContain(key, File.ReadAllText(file), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Directory.GetFiles(Folder(), "*.jsonl", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains("\"md5_key\":1", StringComparison.Ordinal));
    }

    [Fact]
    public void AnotherMessageLeadsToAnotherRun()
    {
        var lines = Record("set-up").Single(r => r.File == "a-1.jsonl").Lines;
        // B's OPEN with another AS.
        var changed = lines.Select(l => l.Replace("41040000fdea", "41040000fdeb", StringComparison.Ordinal)).ToList();
        Assert.NotEqual(lines, changed);
        Assert.NotNull(Replayer.Run(new BgpMachine(), new BgpRecordingFormat(), changed));
    }

    /// <summary>What a line says of actions alone: a new field of the configuration with its default is no difference.</summary>
    private static string Actions(string line) => line[line.LastIndexOf("\"actions\":[", StringComparison.Ordinal)..];

    private static List<(string File, IReadOnlyList<string> Lines)> Record(string name)
    {
        var format = new BgpRecordingFormat();
        var pair = new Pair(format: format);
        ScenarioList.All[name](pair, format);
        return [.. ((Speaker[])[pair.A, pair.B]).SelectMany(s => s.Recordings.Select((lines, i) => ($"{s.Name}-{i + 1}.jsonl", lines)))];
    }

    private static void Write(string folder, List<(string File, IReadOnlyList<string> Lines)> recordings)
    {
        Directory.CreateDirectory(folder);
        foreach (var old in Directory.GetFiles(folder, "*.jsonl")) File.Delete(old);
        foreach (var (file, lines) in recordings) File.WriteAllText(Path.Combine(folder, file), string.Join('\n', lines) + '\n');
    }

    private static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Appliance.sln"))) return Path.Combine(at.FullName, "tests", "Bgp.Tests", "Scenarios");
        throw new DirectoryNotFoundException("the repository (Appliance.sln) is not above " + AppContext.BaseDirectory);
    }
}
