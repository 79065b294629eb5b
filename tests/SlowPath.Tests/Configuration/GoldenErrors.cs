using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Each wrong file beside what is said of it, word for word.</summary>
public class GoldenErrors
{
    internal const string Ports = """
        ports:
          - { name: lan, device: lan0, side: protected }
          - { name: wan, device: wan0, side: unprotected }

        """;

    internal static string[] Errors(string text)
    {
        var configuration = ConfigurationReader.Read(text, Path.GetTempPath(), out var problems);
        Assert.Equal(problems.Count == 0, configuration is not null);
        return problems.Select(p => p.Format("f")).ToArray();
    }

    [Fact]
    public void UnknownKeyWithWhatWasMeant() => Assert.Equal(
        ["f:4:1: unknown key 'tunels' in the configuration (did you mean 'tunnels'?)"], Errors(Ports + "tunels: []\n"));

    [Fact]
    public void UnknownKeyInsideAPort() => Assert.Equal(
        ["f:2:32: unknown key 'sid' in a port (did you mean 'side'?)"], Errors("ports:\n  - { name: lan, device: lan0, sid: x, side: protected }\n"));

    [Theory]
    [InlineData("spin: 50\n", "f:4:7: 'spin: 50' is not a time with a unit (write a whole number and us, ms or s, as in 50us)")]
    [InlineData("spin: 50 us\n", "f:4:7: 'spin: 50 us' is not a time with a unit (write a whole number and us, ms or s, as in 50us)")]
    [InlineData("spin: 50m\n", "f:4:7: 'spin: 50m' is not a time with a unit (write a whole number and us, ms or s, as in 50us)")]
    [InlineData("spin: 2s\n", "f:4:7: 'spin: 2s' is out of range (from 0s to 1s)")]
    [InlineData("frames: 8k\n", "f:4:9: 'frames: 8k' has a unit where none belongs (write a whole number from 256 to 1048576, without a unit)")]
    [InlineData("frames: -1\n", "f:4:9: 'frames: -1' is not a number from 256 to 1048576 (write a whole number from 256 to 1048576, without a unit)")]
    [InlineData("vpn: { addresses: [10.1.255.1/32], mtu: 1400B }\n", "f:4:41: 'mtu: 1400B' has a unit where none belongs (write a whole number from 1280 to 9000 octets, without a unit)")]
    public void WrongUnits(string line, string error) => Assert.Equal([error], Errors(Ports + line));

    [Theory]
    [InlineData("workers: [0, 0]\n", "f:4:14: core 0 has a worker already (one worker a core)")]
    [InlineData("workers: 2\n", "f:4:10: 'workers' must be a list (write [a, b] or lines that start with '- ')")]
    [InlineData("crypto_tier: vae\n", "f:4:14: 'crypto_tier: vae' is not known (did you mean 'vaes'?)")]
    [InlineData("instance: ../x\n", "f:4:11: '../x' is no name (up to 31 letters, digits, '-', '_' and '.', starting with a letter or digit)")]
    [InlineData("protected: [10.0.0.1/8]\n", "f:4:13: '10.0.0.1/8' has bits set beyond /8: write 10.0.0.0/8 (write 10.0.0.0/8 or \"fd00::/16\")")]
    [InlineData("protected: [10.0.0/8]\n", "f:4:13: '10.0.0/8' is no IPv4 or IPv6 address (write 10.0.0.0/8 or \"fd00::/16\")")]
    [InlineData("protected: [10.0.0.0/33]\n", "f:4:13: '10.0.0.0/33': a prefix length here is 0 to 32 (write 10.0.0.0/8 or \"fd00::/16\")")]
    [InlineData("frames: 1000\nframes: 2000\n", "f:5:1: 'frames' stands here a second time (keep one of them)")]
    public void WrongValues(string lines, string error) => Assert.Equal([error], Errors(Ports + lines));

    [Fact]
    public void PortsThatCannotBe() => Assert.Equal(
        [
            "f:2:5: a port has no 'side' (write 'side: protected' towards the hosts that it serves, 'side: unprotected' towards the network)",
            "f:3:5: there is a port 'lan' already, in line 2 (give it another name)",
            "f:3:26: device 'lan0' is used already, in line 2 (one port a device)",
            "f:4:54: there is no port 'm3' (did you mean 'm2'?)",
            "f:5:54: 'lan' is not the other end of 'm2' (two memory ports name each other as peer)",
        ],
        Errors("""
            ports:
              - { name: lan, device: lan0 }
              - { name: lan, device: lan0, side: protected }
              - { name: m1, kind: memory, side: protected, peer: m3 }
              - { name: m2, kind: memory, side: protected, peer: lan }

            """));

    [Fact]
    public void NoPortsAtAll() => Assert.Equal(["f:1:1: there are no ports (name at least one: - { name: wan, device: eth0, side: unprotected })"], Errors("instance: a\n"));

    [Fact]
    public void EmptyFile() => Assert.Equal(["f:1:1: the file is empty (write a configuration: ports, tunnels, policies)"], Errors(""));

    [Fact]
    public void AllErrorsAreToldInTheOrderOfTheFile() => Assert.Equal([1, 2, 3], Errors("spin: 1\nframes: x\nports: 7\n").Select(e => int.Parse(e.Split(':')[1], null)).Distinct());
}
