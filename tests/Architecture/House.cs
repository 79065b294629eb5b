using System.Xml.Linq;

namespace Appliance.Architecture;

/// <summary>The repository as it lies on disk: rooms, projects and source files.</summary>
internal static class House
{
    private static readonly string[] Folders = ["src", "tests", "perf"];

    public static string Root { get; } = FindRoot();

    /// <summary>Names of the rooms of src.</summary>
    public static IReadOnlyList<string> Rooms { get; } = [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(d => Path.GetFileName(d)).Order()];

    /// <summary>Paths of C# sources below a folder, from the root, without what the build makes.</summary>
    public static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Root, f)).Where(f => !f.Split('/').Any(part => part is "obj" or "bin")).Order();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The source without comments, so that a rule looks at code. Strings stay.</summary>
    public static IEnumerable<string> CodeLines(string path) => File.ReadLines(Path.Combine(Root, path)).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal));

    /// <summary>Project files below src, tests and perf, from the root.</summary>
    public static IEnumerable<string> Projects() => Folders.Select(f => Path.Combine(Root, f)).Where(Directory.Exists)
        .SelectMany(f => Directory.EnumerateFiles(f, "*.csproj", SearchOption.AllDirectories)).Select(f => Path.GetRelativePath(Root, f)).Order();

    /// <summary>Values of elements of one name in a project file.</summary>
    public static IEnumerable<XElement> Elements(string project, string name) => XDocument.Load(Path.Combine(Root, project)).Descendants(name);

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at != null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Appliance.sln"))) return at.FullName;
        }

        throw new DirectoryNotFoundException($"no Appliance.sln above {AppContext.BaseDirectory}");
    }
}
