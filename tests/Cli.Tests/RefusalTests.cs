using System.Text.RegularExpressions;
using Appliance.Shared;

namespace Appliance.CliTests;

/// <summary>A configuration that is wrong: exit code 2, the error with its file, line and column, and nothing of the gateway there.</summary>
public sealed class RefusalTests : IDisposable
{
    private const string Ports = "ports:\n  - { name: lo, device: lo, side: unprotected }\n";
    private const string Key16 = "000102030405060708090a0b0c0d0e0f";
    private const string Key32 = Key16 + Key16;

    private readonly LabRig rig = new();

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "bad key length", Ports + "tunnels:\n" + Tunnel("a", "198.51.100.1", "10.2.0.0/16", 0x1001, key: Key16 + "00"), "7:50: 'encryption_key' has 17 octets" },
        { "duplicate SPI", Ports + "tunnels:\n" + Tunnel("a", "198.51.100.1", "10.2.0.0/16", 0x1001) + Tunnel("b", "198.51.100.2", "10.3.0.0/16", 0x1001), "11:26: outbound SPI 0x00001001 is used already" },
        { "overlapping tunnels", Ports + "tunnels:\n" + Tunnel("a", "198.51.100.1", "10.2.0.0/16", 0x1001) + Tunnel("b", "198.51.100.2", "10.2.3.0/24", 0x2001), "9:85: route 10.2.3.0/24 of tunnel 'b' overlaps 10.2.0.0/16 of tunnel 'a'" },
        { "missing device", "ports:\n  - { name: wan, device: not-there0, side: unprotected }\n", "3:26: port 'wan': there is no device 'not-there0'" },
        { "unknown key", Ports + "tunels: []\n", "4:1: unknown key 'tunels'" },
        { "GCM keyed by hand", Ports + "tunnels:\n" + Tunnel("a", "198.51.100.1", "10.2.0.0/16", 0x1001, cipher: "aes-128-gcm"), "RFC 4106 §2" },
    };

    public void Dispose() => rig.Dispose();

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Check_SaysWhere_AndExitsWith2(string what, string text, string error)
    {
        var file = rig.Write("gw.yaml", "instance: refused\n" + text);
        var (code, output, told) = rig.Run("check", file);
        Assert.True(code == 2, $"{what}: {code} {output}{told}");
        Assert.Contains(error, told, StringComparison.Ordinal);
        Assert.Matches($"(?m)^{Regex.Escape(file)}:[0-9]+:[0-9]+: ", told);
        Assert.DoesNotContain(Key16, told + output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Wrong))]
    public void Run_StartsNothing(string what, string text, string error)
    {
        LabRig.SkipUnlessRoot();
        var file = rig.Write("gw.yaml", "instance: refused\nvpn: { device: refused0, addresses: [10.1.255.1/32] }\n" + text);
        using var process = rig.Start("run", file);
        var told = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(20_000), what);
        Assert.True(process.ExitCode == 2, told);
        Assert.Contains(error[(error.IndexOf(' ', StringComparison.Ordinal) + 1)..], told, StringComparison.Ordinal);
        Assert.False(Directory.Exists(rig.Runtime) && Directory.GetFileSystemEntries(rig.Runtime).Length > 0);
        Assert.False(Directory.Exists("/sys/class/net/refused0"));
        Assert.Empty(ChildrenOf(process.Id));
    }

    [Fact]
    public void CommandsWithoutAGateway_SayWhatToDo()
    {
        foreach (var command in new string[][] { ["show", "sa"], ["top", "--seconds", "1"], ["sa", "delete", "inbound", "0x1001"], ["reload"], ["show", "ike"], ["ike", "up", "x"], ["show", "bgp"], ["show", "bgp", "routes", "10.0.0.0/8"], ["bgp", "clear", "x"] })
        {
            var (code, _, told) = rig.Run(command);
            Assert.Equal(1, code);
            foreach (var part in new[] { "there is no instance", "where:", "why:", "do:", "appliance run" }) Assert.Contains(part, told, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<int> ChildrenOf(int parent) => Directory.GetDirectories("/proc").Select(d => Path.GetFileName(d)).Where(n => n.All(char.IsAsciiDigit)).Select(n => int.Parse(n, null))
        .Where(p => Read($"/proc/{p}/environ").Contains($"APPLIANCE_PARENT={parent}\0", StringComparison.Ordinal));

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Tunnel(string name, string remote, string route, int spi, string key = Key16, string cipher = "aes-128-cbc-hmac-sha2-256-128") =>
        $"  - {{ name: {name}, local: 192.0.2.1, remote: {remote}, encapsulation: esp, routes: [{route}],\n" +
        $"      manual: {{ cipher: {cipher},\n" +
        $"        outbound: {{ spi: 0x{spi:x}, encryption_key: {key}, integrity_key: {Key32} }},\n" +
        $"        inbound: {{ spi: 0x{spi + 1:x}, encryption_key: {Key16}, integrity_key: {Key32} }} }} }}\n";
}
