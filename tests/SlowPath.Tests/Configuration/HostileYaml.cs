using System.Diagnostics;
using System.Text;
using Appliance.SlowPath.Configuration;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Whatever the file holds, there is an answer, soon, and no exception.</summary>
public class HostileYaml
{
    public static TheoryData<string, string> Files => new()
    {
        { "deep lists", new string('[', 100_000) },
        { "deep maps", string.Concat(Enumerable.Repeat("{a: ", 50_000)) },
        { "deep block lists", string.Concat(Enumerable.Range(0, 3000).Select(i => new string(' ', i) + "-\n")) },
        { "anchor bomb", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nports: *c\n" },
        { "anchor on itself", "ports: &p [*p]\n" },
        { "tag", "ports: !!python/object:os.system [x]\n" },
        { "huge scalar", "instance: " + new string('a', 900_000) + "\n" },
        { "huge quoted scalar", "instance: \"" + new string('\\', 900_000) + "\n" },
        { "huge key", new string('k', 900_000) + ": 1\n" },
        { "many keys", string.Concat(Enumerable.Range(0, 60_000).Select(i => $"k{i}: 1\n")) },
        { "many policies that dangle", "policies:\n" + string.Concat(Enumerable.Range(0, 15_000).Select(i => $"  - {{action: protect, tunnel: t{i}}}\n")) },
        { "groups with many members and names", "bgp:\n  as: 65001\n  router_id: 192.0.2.1\n  neighbors:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"    - {{ name: n{i}, address: 10.{i >> 8}.{i & 255}.1, as: 65001 }}\n"))
            + "groups:\n  - name: a\n    local: 192.0.2.1\n    neighbors:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"      - m{i}\n")) + "    multicast:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"      - 239.{i >> 8}.{i & 255}.0/24\n"))
            + "    announce:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"      - 10.{i >> 8}.{i & 255}.0/24\n")) + "    members:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"      11.{i >> 8}.{i & 255}.0/24: 192.0.2.7\n")) },
        { "too long", new string('#', 2_000_000) },
        { "nul", "a\0b: \0" },
        { "lone surrogate", "a: \ud800" },
        { "byte order marks", "\ufeff\ufeff: x" },
        { "two documents", "ports: []\n---\nports: []\n" },
        { "percent", "%YAML 9.9\n---\nports: []\n" },
        { "unclosed quote", "ports: \"\n" },
        { "list as key", "? [a, b]\n: c\n" },
        { "tabs", "\tports:\n\t\t- x\n" },
        { "just a scalar", "hello" },
        { "null", "~" },
        { "big numbers", "frames: 99999999999999999999999999999\nspin: 99999999999999999999us\n" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void AnswersSoonAndWithErrors(string what, string text)
    {
        var clock = Stopwatch.StartNew();
        var configuration = ConfigurationReader.Read(text, Path.GetTempPath(), out var problems);
        Assert.True(configuration is null, what);
        Assert.NotEmpty(problems);
        Assert.All(problems, p => Assert.True(p.At is { Line: >= 1, Column: >= 1 } && !p.Format("f").Contains('\n', StringComparison.Ordinal) && p.Format("f").Length < 1000, p.ToString()));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{what} took {clock.Elapsed}");
    }

    [Fact]
    public void EveryCutOfAGoodFile()
    {
        for (var length = 0; length < Samples.Whole.Length; length += 3) _ = ConfigurationReader.Read(Samples.Whole[..length], Path.GetTempPath(), out _);
    }

    [Fact]
    public void RandomTextNeverThrows()
    {
        var pieces = new[]
        {
            "ports", "tunnels", "policies", "manual", "name", "device", "vpn", "region", ":", " ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "\"", "'", "#", "&a", "*a", "!t", "|", ">", "?", "%", "@", "`",
            "10.0.0.0/8", "fd00::/16", "0x1001", "50us", "auto", "-1", "\t", "\0", "é", "---", "...", "~", "null", "true", "local", "remote", "routes", "spi", "aes-128-gcm", "peers", "peer", "ike", "psk", "identity", "CN=x", "*.a", "proposals", "aes-256-gcm/x25519", "pools", "[tcp/80]", "groups", "gateways", "serve", "members", "neighbors", "rollover", "[1s, 2s]", "239.1.1.0/24",
        };
        var text = Gen.Elements(pieces).ListOf().Select(string.Concat);
        Prop.ForAll(text.ToArbitrary(), t =>
        {
            var configuration = ConfigurationReader.Read(t, Path.GetTempPath(), out var problems);
            return configuration is null == problems.Count > 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(80));
    }

    [Fact]
    public void MutationsOfAGoodFileNeverThrow()
    {
        var random = new Random(7);
        for (var i = 0; i < 4000; i++)
        {
            var text = new StringBuilder((i % 3) switch { 0 => Samples.Whole, 1 => PeerFiles.Everything, _ => GroupFiles.Gateway + GroupFiles.Rest });
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                var at = random.Next(text.Length);
                if (random.Next(3) == 0) text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                else text[at] = " \n:-[]{}\"'#&*!0a,"[random.Next(17)];
            }

            var configuration = ConfigurationReader.Read(text.ToString(), Path.GetTempPath(), out var problems);
            Assert.Equal(problems.Count > 0, configuration is null);
        }
    }

    [Fact]
    public void FileThatIsNoText()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [0xff, 0xfe, 0x80, 0xc0]);
            Assert.Null(ConfigurationReader.ReadFile(path, out var problems));
            Assert.Contains("not UTF-8", Assert.Single(problems).Message, StringComparison.Ordinal);
            Assert.Null(ConfigurationReader.ReadFile(path + ".none", out problems));
            Assert.Contains("cannot be read", Assert.Single(problems).Message, StringComparison.Ordinal);
            Assert.Null(ConfigurationReader.ReadFile(Path.GetTempPath(), out problems));
            Assert.Single(problems);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
