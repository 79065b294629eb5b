using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

public class TunnelErrors
{
    private const string Key16 = "00112233445566778899aabbccddeeff", Key32 = Key16 + Key16;

    private static string Tunnel(string rest, string name = "a", string remote = "198.51.100.1") => $"  - name: {name}\n    local: 192.0.2.1\n    remote: {remote}\n{rest}";

    private static string[] Errors(params string[] tunnels) => GoldenErrors.Errors(GoldenErrors.Ports + "tunnels:\n" + string.Concat(tunnels));

    private static string Manual(string cipher, string encryption, string integrity, string more = "") =>
        $"    manual:\n      cipher: {cipher}\n      outbound: {{ spi: 0x1001, encryption_key: \"{encryption}\", integrity_key: \"{integrity}\" }}\n"
        + $"      inbound: {{ spi: 0x1002, encryption_key: \"{Key16}\", integrity_key: \"{Key32}\" }}\n{more}";

    [Theory]
    [InlineData("aes-128-gcm")]
    [InlineData("aes-256-gcm")]
    [InlineData("aes-128-gmac")]
    [InlineData("chacha20-poly1305")]
    public void Rfc4106_2_Rfc8221_3_CounterModesAreNotKeyedByHand(string cipher)
    {
        var error = Assert.Single(Errors(Tunnel(Manual(cipher, Key16, Key32))));
        Assert.StartsWith($"f:9:15: {cipher} must not be keyed by hand (RFC 4106 §2, RFC 8221 §3)", error, StringComparison.Ordinal);
        Assert.DoesNotContain(Key16, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Key16 + "00", Key32, "f:10:48: 'encryption_key' has 17 octets, the cipher takes 16 (write 32 hexadecimal digits)")]
    [InlineData(Key16, Key16, "'integrity_key' has 16 octets, the cipher takes 32 (write 64 hexadecimal digits)")]
    [InlineData("xyz", Key32, "f:10:48: 'encryption_key' is not made of pairs of hexadecimal digits (write 32 digits)")]
    public void BadKeys(string encryption, string integrity, string error)
    {
        var told = Assert.Single(Errors(Tunnel(Manual("aes-128-cbc-hmac-sha2-256-128", encryption, integrity))));
        Assert.EndsWith(error, told, StringComparison.Ordinal);
        Assert.StartsWith("f:10:", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc4303_3_3_3_ManualKeysHaveNoEsn() =>
        Assert.Contains("no extended sequence numbers with manual keys", Assert.Single(Errors(Tunnel(Manual("aes-128-cbc-hmac-sha2-256-128", Key16, Key32, "      esn: true\n")))), StringComparison.Ordinal);

    [Fact]
    public void DuplicateSpi() => Assert.Equal(
        ["f:17:24: outbound SPI 0x00001001 is used already, in line 10 (every SA of a direction has an SPI of its own)",
         "f:18:23: inbound SPI 0x00001002 is used already, in line 11 (every SA of a direction has an SPI of its own)"],
        Errors(Tunnel(Manual("aes-128-cbc-hmac-sha2-256-128", Key16, Key32)), Tunnel(Manual("aes-128-cbc-hmac-sha2-256-128", Key16, Key32), "b")));

    [Theory]
    [InlineData("255")]
    [InlineData("0x100000000")]
    [InlineData("0")]
    public void Rfc4303_2_1_ReservedSpis(string spi) =>
        Assert.Contains($"'spi: {spi}' is no SPI", Assert.Single(Errors(Tunnel(Manual("aes-128-cbc-hmac-sha2-256-128", Key16, Key32).Replace("0x1001", spi, StringComparison.Ordinal)))), StringComparison.Ordinal);

    [Fact]
    public void OverlappingRoutes() => Assert.Equal(
        ["f:12:14: route 10.2.3.0/24 of tunnel 'b' overlaps 10.2.0.0/16 of tunnel 'a' in line 8 (every inner prefix is behind one tunnel: split or remove one of them)",
         "f:12:27: route fd00:2::/48 of tunnel 'b' overlaps fd00:2::/48 of tunnel 'a' in line 8 (every inner prefix is behind one tunnel: split or remove one of them)"],
        Errors(Tunnel("    routes: [10.2.0.0/16, \"fd00:2::/48\"]\n"), Tunnel("    routes: [10.2.3.0/24, \"fd00:2::/48\"]\n", "b", "198.51.100.2")));

    [Fact]
    public void RoutesSideBySideDoNotOverlap() => Assert.Empty(Errors(Tunnel("    routes: [10.2.0.0/16]\n"), Tunnel("    routes: [10.3.0.0/16, 10.1.0.0/16]\n", "b", "198.51.100.2")));

    [Fact]
    public void DanglingTunnelOfAPolicy() => Assert.Equal(
        ["f:9:41: there is no tunnel 'to-x' (did you mean 'to-b'?)"],
        Errors(Tunnel("", "to-b"), "policies:\n  - { name: x, action: protect, tunnel: to-x, local: any }\n"));

    [Theory]
    [InlineData("    remote_port: 4500\n", "'remote_port' without UDP encapsulation")]
    [InlineData("    keepalive: 20s\n", "'keepalive' without UDP encapsulation")]
    [InlineData("    encapsulation: udp\n    keepalive: 20\n", "'keepalive: 20' is not a time with a unit")]
    [InlineData("    dscp: 64\n", "'dscp: 64' is not a number from 0 to 63")]
    [InlineData("    mtu: 1400 bytes\n", "'mtu: 1400 bytes' has a unit where none belongs")]
    [InlineData("    mode: transport\n    routes: [10.2.0.0/16]\n", "a transport-mode tunnel carries traffic of its two ends alone")]
    [InlineData("    hold: maybe\n", "'hold: maybe' is not known")]
    public void WrongTunnelKeys(string lines, string error) => Assert.Contains(error, Assert.Single(Errors(Tunnel(lines))), StringComparison.Ordinal);

    [Theory]
    [InlineData("2001:db8::1", "local and remote are of different families")]
    [InlineData("192.0.2.1", "local and remote are the same address")]
    [InlineData("224.0.0.1", "no unicast address")]
    [InlineData("example.com", "is no address")]
    public void WrongEnds(string remote, string error) => Assert.Contains(error, Assert.Single(Errors(Tunnel("", remote: remote))), StringComparison.Ordinal);

    [Theory]
    [InlineData("{ action: bypass, local_ports: 80 }", "'local_ports' without a protocol that has ports")]
    [InlineData("{ action: bypass, protocol: tcp, remote_ports: 443-80 }", "'remote_ports: 443-80' is no number or range")]
    [InlineData("{ action: bypass, icmp: { type: 8 } }", "'icmp' without that protocol")]
    [InlineData("{ action: bypass, protocol: icmp, icmp: { type: 3-5, code: 1 } }", "codes of more than one type")]
    [InlineData("{ action: bypass, local: 10.0.0.0/8, remote: \"fd00::/8\" }", "local and remote are of different families")]
    [InlineData("{ action: alow }", "'action: alow' is not known")]
    [InlineData("{ local: any }", "a policy has no 'action'")]
    [InlineData("{ action: discard, tunnel: a }", "'tunnel' where the action is not protect")]
    [InlineData("{ action: discard, local: 10.0.0.9-10.0.0.1 }", "is no range of addresses")]
    public void WrongPolicies(string policy, string error) => Assert.Contains(error, Assert.Single(Errors(Tunnel(""), "policies:\n  - " + policy + "\n")), StringComparison.Ordinal);

    [Fact]
    public void TheWholeFileOfTheContract()
    {
        var configuration = ConfigurationReader.Read(Samples.Whole, Path.GetTempPath(), out var problems);
        Assert.Empty(problems);
        Assert.NotNull(configuration);
        Assert.Equal("gw-a", configuration.Gateway.Instance);
        Assert.Equal(TunnelConfiguration.Auto, configuration.Gateway.Tunnels[0].Mtu);
        Assert.Equal(EspEncapsulation.Udp, configuration.Gateway.Tunnels[1].Encapsulation);
        Assert.Equal(20, configuration.Gateway.Tunnels[1].KeepaliveSeconds);
        Assert.Equal(48, configuration.Gateway.Tunnels[1].Manual!.OutboundKey.Length);
        Assert.Equal(new PortRange(80, 443), configuration.Gateway.Policies[1].RemotePorts);
        Assert.Equal(new PortRange(8 * 256, 8 * 256 + 255), configuration.Gateway.Policies[2].Icmp);
        Assert.DoesNotContain(Key16, configuration.Gateway.Tunnels[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingDeviceHasItsPlace()
    {
        var configuration = ConfigurationReader.Read(GoldenErrors.Ports, Path.GetTempPath(), out _)!.Gateway;
        var folder = Directory.CreateTempSubdirectory("devices");
        try
        {
            folder.CreateSubdirectory("wan0");
            folder.CreateSubdirectory("lan1");
            var error = Assert.Single(DeviceCheck.Missing(configuration, folder.FullName));
            Assert.Equal("f:2:26: port 'lan': there is no device 'lan0' (did you mean 'lan1'?)", error.Format("f"));
        }
        finally
        {
            folder.Delete(true);
        }
    }
}
