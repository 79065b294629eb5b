using System.Text.RegularExpressions;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>What people copy from is right: the configurations of the labs, and those of the README that name peers of groups.</summary>
public sealed partial class ExampleTests : IDisposable
{
    private readonly PeerFiles files = new();

    private static string Root => Path.Combine(AppContext.BaseDirectory, "Examples");

    public static TheoryData<string> Labs => [.. Directory.EnumerateFiles(Path.Combine(Root, "labs"), "*.yaml", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lab.yaml").Select(f => Path.GetRelativePath(Root, f)).Order(StringComparer.Ordinal)];

    public void Dispose() => files.Dispose();

    [GeneratedRegex(@"[\w./-]+\.(crt|key|psk|md5|crl)\b")]
    private static partial Regex NamedFiles();

    [GeneratedRegex(@"^```\n(peers: .*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    private LoadedConfiguration Good(string text)
    {
        foreach (Match name in NamedFiles().Matches(text))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(files.Path(name.Value))!);
            files.Write(name.Value, "0123456789abcdef0123456789abcdef\n");
        }

        var loaded = ConfigurationReader.Read(text, files.Path("."), out var problems);
        Assert.Empty(problems.Select(p => p.Format("f")));
        return loaded!;
    }

    [Theory]
    [MemberData(nameof(Labs))]
    public void AConfigurationOfALab(string file) => Good(File.ReadAllText(Path.Combine(Root, file)));

    [Fact]
    public void MemberAndGatewayOfTheReadme()
    {
        var examples = Blocks().Matches(File.ReadAllText(Path.Combine(Root, "README.md"))).Select(m => Good(GoldenErrors.Ports + m.Groups[1].Value)).ToList();
        Assert.Equal(2, examples.Count);
        Assert.All(examples, e => Assert.Empty(e.Warnings));
        Assert.Equal([true, false], examples.Select(e => Assert.Single(e.Ike!.Groups).Server is null));
        Assert.Equal(["mesh.v4 mesh.v6", "mesh.v4 mesh.v6"], examples.Select(e => string.Join(' ', e.Gateway.Tunnels.Where(t => t.Group == "mesh").Select(t => t.Name))));
        Assert.Equal("mesh", examples[0].Bgp!.Neighbors[0].Group!.Name);
        Assert.Equal("mesh", examples[1].Bgp!.Dynamic[0].Template.Group!.Name);
    }
}
