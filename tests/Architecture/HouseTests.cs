using System.Text.RegularExpressions;

namespace Appliance.Architecture;

/// <summary>The house looks the same in every room.</summary>
public sealed partial class HouseTests
{
    private const int LongestFile = 500;

    [Fact]
    public void NamespacesMatchTheRooms()
    {
        var wrong = House.Rooms.SelectMany(room => House.Sources($"src/{room}").Select(f => (File: f, Space: Namespace().Match(House.Read(f)).Groups[1].Value, Room: room)))
            .Where(f => f.Space.Length > 0 && f.Space != $"Appliance.{f.Room}" && !f.Space.StartsWith($"Appliance.{f.Room}.", StringComparison.Ordinal));
        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryRoomHasAReadmeOfAboutHalfAPage()
    {
        foreach (var room in House.Rooms)
        {
            var path = Path.Combine(House.Root, "src", room, "README.md");
            Assert.True(File.Exists(path), $"src/{room} has no README.md: what flows through, files in packet order, invariants");
            Assert.InRange(File.ReadAllLines(path).Length, 5, 80);
        }
    }

    [Fact]
    public void FilesAreShort()
    {
        var all = House.Sources("src").Concat(House.Sources("tests")).Concat(Directory.Exists(Path.Combine(House.Root, "perf")) ? House.Sources("perf") : []);
        Assert.DoesNotContain(all.Select(f => (f, Lines: File.ReadLines(Path.Combine(House.Root, f)).Count())), f => f.Lines > LongestFile);
    }

    [Fact]
    public void ThereIsOneEnumerationOfDropReasons()
    {
        var reasons = House.Sources("src").SelectMany(f => Enumeration().Matches(House.Read(f)).Select(m => m.Groups[1].Value))
            .Where(n => n.Contains("Drop", StringComparison.Ordinal) && n != "DropSeverity");
        Assert.Equal(["DropReason"], reasons);
    }

    [Fact]
    public void NothingIsLeftForLater()
    {
        var found = House.Sources("src").SelectMany(f => House.Read(f).Split('\n').Where(l => Unfinished().IsMatch(l)).Select(l => $"{f}: {l.Trim()}"));
        Assert.Empty(found);
    }

    /// <summary>Nothing of the product reads what lies outside of the repository: it is built and run elsewhere.</summary>
    [Fact]
    public void NoPathLeadsOutOfTheRepository()
    {
        // Put together here, so that this file does not hold what it looks for.
        string[] outside = ["/work" + "/", "/tmp" + "/wt", ".." + "/shared/"];
        var files = House.Sources("src").Concat(House.Sources("tests")).Concat(House.Projects());
        Assert.Empty(files.SelectMany(f => outside.Where(o => House.Read(f).Contains(o, StringComparison.OrdinalIgnoreCase) && !IsReference(f, o)).Select(o => $"{f}: {o}")));
    }

    // A project file refers to the room beside it.
    private static bool IsReference(string file, string text) => file.EndsWith(".csproj", StringComparison.Ordinal) && text.StartsWith("..", StringComparison.Ordinal);

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^\s*(?:public|internal|private|protected)?\s*enum (\w+)", RegexOptions.Multiline)]
    private static partial Regex Enumeration();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex Unfinished();
}
