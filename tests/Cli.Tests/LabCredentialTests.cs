using Appliance.Cli.Labs;

namespace Appliance.CliTests;

/// <summary>What the gateways of a lab prove themselves with.</summary>
public sealed class LabCredentialTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void SharedKeys_AreFresh_AndForTheirOwnerAlone_BesideTheConfigurations()
    {
        var (first, second) = (Make("one"), Make("two"));
        var key = File.ReadAllText(Path.Combine(first, "pki", "site.psk"));
        Assert.Matches("^0x[0-9a-f]{64}$", key);
        Assert.NotEqual(key, File.ReadAllText(Path.Combine(second, "pki", "site.psk")));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(first, "pki", "site.psk")));
        Assert.Equal("instance: gw-a\n", File.ReadAllText(Path.Combine(first, "gw-a.yaml")));
    }

    private string Make(string id)
    {
        var folder = Directory.CreateDirectory(Path.Combine(LabState.Base, $"credentials-{id}-{Environment.ProcessId}")).FullName;
        try
        {
            var node = new LabNode("gw-a", NodeKind.Gateway, scratch.Write("original.yaml", "instance: gw-a\n"), "gw-a", [], [], "", [], null, false, false);
            var pki = new LabPki([], ["site"]);
            var file = new LabFile("x", "", [node], [], [], [], null, pki, [], []);
            var state = new LabState(Path.GetFileName(folder), "x", "", true, 0, 0, []);
            var said = new List<string>();
            LabCredentials.Make(state, file, pki, said.Add);
            Assert.Equal(["credentials: 1 shared key made afresh"], said);
            var copy = Path.Combine(scratch.Path, id);
            Directory.CreateDirectory(Path.Combine(copy, "pki"));
            foreach (var name in new[] { "gw-a.yaml", "pki/site.psk" }) File.Move(Path.Combine(folder, name), Path.Combine(copy, name));
            return copy;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
