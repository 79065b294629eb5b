using System.Xml.Linq;

namespace Appliance.Architecture;

/// <summary>The build makes undocumented public members an error; this holds that the build is asked to, in every room.</summary>
public sealed class PublicTypeTests
{
    [Fact]
    public void DocumentationIsMadeForEveryRoomAndWarningsAreErrors()
    {
        var props = XDocument.Load(Path.Combine(House.Root, "Directory.Build.props"));
        var groups = props.Root!.Elements("PropertyGroup").ToArray();
        Assert.Contains(groups, g => g.Attribute("Condition")?.Value == "$(Room.StartsWith('src'))" && g.Element("GenerateDocumentationFile")?.Value == "true");
        Assert.Equal("true", groups[0].Element("TreatWarningsAsErrors")?.Value);
        Assert.Equal("enable", groups[0].Element("Nullable")?.Value);
    }

    [Fact]
    public void NoRoomTurnsTheRulesOff()
    {
        string[] switches = ["GenerateDocumentationFile", "TreatWarningsAsErrors", "Nullable", "AnalysisLevel", "EnforceCodeStyleInBuild"];
        var found = House.Rooms.SelectMany(r => switches.Where(s => House.Elements($"src/{r}/{r}.csproj", s).Any()).Select(s => $"{r}: {s}"));
        Assert.Empty(found);
        var undocumented = House.Rooms.Where(r => House.Elements($"src/{r}/{r}.csproj", "NoWarn").Any(e => e.Value.Contains("1591", StringComparison.Ordinal)));
        Assert.Empty(undocumented);
    }
}
