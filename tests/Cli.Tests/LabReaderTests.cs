using Appliance.Cli;
using Appliance.Cli.Labs;

namespace Appliance.CliTests;

public sealed class LabReaderTests : IDisposable
{
    private const string Good = """
        lab: small
        nodes:
          - { name: host-a, kind: host, routes: [ { to: default, via: 10.1.0.1 } ] }
          - { name: gw-a, kind: gateway, configuration: gw-a.yaml }
          - { name: gw-b, kind: gateway, configuration: gw-b.yaml, sysctls: { net.core.rmem_max: 1000 } }
        links:
          - a: { node: host-a, device: eth0, addresses: [ 10.1.0.2/24, "fd00:1::2/64" ] }
            b: { node: gw-a, device: lan0, addresses: [ 10.1.0.1/24 ] }
            mtu: 9000
        keys:
          - { cipher: aes-256-gcm, esn: false, replay_window: 64, ends: [ gw-a/to-b, gw-b/to-a ] }
        wan: [ gw-a/lan0 ]
        pki: { certificates: [ gw-a.example.org ], shared_keys: [ site ] }
        up: [ gw-a/to-b ]
        traffic: { from: host-a, ping: 10.2.0.2, ping6: "fd00:2::2", tcp_server: host-a, tcp_address: 10.2.0.2 }
        """;

    private readonly Scratch scratch = new();

    public LabReaderTests()
    {
        scratch.Write("gw-a.yaml", "instance: gw-a\n");
        scratch.Write("gw-b.yaml", "instance: gw-b\n");
    }

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void LabFile_IsReadWhole()
    {
        var lab = LabReader.Read(scratch.Write("lab.yaml", Good));
        Assert.Equal("small", lab.Name);
        Assert.Equal([NodeKind.Host, NodeKind.Gateway, NodeKind.Gateway], lab.Nodes.Select(n => n.Kind));
        Assert.Equal(["gw-a", "gw-b"], lab.Gateways.Select(g => g.Instance));
        Assert.Equal(new LabRoute("default", "10.1.0.1"), Assert.Single(lab.Node("host-a").Routes));
        Assert.Equal(new LabSysctl("net.core.rmem_max", "1000"), Assert.Single(lab.Node("gw-b").Sysctls));
        Assert.Equal((9000, 1), (lab.Links[0].Mtu, lab.Links[0].Queues));
        Assert.Equal(["10.1.0.2/24", "fd00:1::2/64"], lab.Links[0].A.Addresses);
        Assert.Equal(new LabKeys("aes-256-gcm", false, 64, "gw-a", "to-b", "gw-b", "to-a"), Assert.Single(lab.Keys));
        Assert.Equal(("gw-a", "lan0"), Assert.Single(lab.Wan));
        Assert.Equal([new LabPing("ping", "host-a", "10.2.0.2"), new LabPing("ping6", "host-a", "fd00:2::2")], lab.Traffic!.Pings);
        Assert.Equal(("host-a", "10.2.0.2"), lab.Traffic.Tcp);
        Assert.Equal(["gw-a.example.org"], lab.Pki!.Certificates);
        Assert.Equal(["site"], lab.Pki.SharedKeys);
        Assert.Equal("gw-a/to-b", Assert.Single(lab.Up).ToString());
    }

    [Fact]
    public void BridgesProgramsAndPairs_AreRead()
    {
        scratch.Write("daemon.sh", "exec sleep 1\n");
        var lab = LabReader.Read(scratch.Write("lab.yaml", """
            lab: pairs
            nodes:
              - { name: host-a, kind: host }
              - { name: pe, kind: router, program: daemon.sh, bridges: [ { name: ce, addresses: [ 192.0.2.13/28 ] } ] }
            links:
              - { a: { node: host-a, device: eth0 }, b: { node: pe, device: to-a, bridge: ce } }
            traffic: { pairs: [ { from: host-a, ping: 192.0.2.13 }, { from: pe, ping: 192.0.2.14 } ] }
            """));
        Assert.Equal("192.0.2.13/28", Assert.Single(Assert.Single(lab.Node("pe").Bridges).Addresses));
        Assert.EndsWith("/daemon.sh", lab.Node("pe").Program, StringComparison.Ordinal);
        Assert.Equal(("", "ce"), (lab.Links[0].A.Bridge, lab.Links[0].B.Bridge));
        Assert.True(lab.Traffic!.IsPairs);
        Assert.Equal([new LabPing("host-a 192.0.2.13", "host-a", "192.0.2.13"), new LabPing("pe 192.0.2.14", "pe", "192.0.2.14")], lab.Traffic.Pings);
    }

    [Theory]
    [InlineData("device: to-a, bridge: ce", "device: to-a, bridge: cee", "pe has no bridge 'cee'")]
    [InlineData("program: daemon.sh", "program: none.sh", "none.sh is not there")]
    [InlineData("[ { from: host-a, ping: 192.0.2.13 } ]", "[]", "there are no pairs")]
    [InlineData("from: host-a, ping", "from: host-x, ping", "there is no node 'host-x'")]
    public void BridgesProgramsAndPairs_ThatAreWrong_AreRefused(string right, string wrong, string said)
    {
        scratch.Write("daemon.sh", "exec sleep 1\n");
        const string Right = """
            lab: pairs
            nodes:
              - { name: host-a, kind: host }
              - { name: pe, kind: router, program: daemon.sh, bridges: [ { name: ce } ] }
            links:
              - { a: { node: host-a, device: eth0 }, b: { node: pe, device: to-a, bridge: ce } }
            traffic: { pairs: [ { from: host-a, ping: 192.0.2.13 } ] }
            """;
        Assert.Contains(right, Right, StringComparison.Ordinal);
        var failure = Assert.Throws<Failure>(() => LabReader.Read(scratch.Write("lab.yaml", Right.Replace(right, wrong, StringComparison.Ordinal))));
        Assert.Contains(said, failure.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: host,", "kind: hots,", ":3:27", "choose one of host, router, gateway")]
    [InlineData("lab: small", "lab: small\nnodez: []", ":2:1", "unknown key 'nodez'")]
    [InlineData("mtu: 9000", "mtu: 9001", ":9:10", "mtu must be a number from 576 to 9000")]
    [InlineData("10.1.0.2/24", "10.1.0.2/33", ":7:49", "'10.1.0.2/33' is no address with a prefix length")]
    [InlineData("node: gw-a,", "node: gw-c,", ":8:16", "there is no node 'gw-c'")]
    [InlineData("configuration: gw-a.yaml", "configuration: gw-x.yaml", ":4:49", "gw-x.yaml is not there")]
    [InlineData("configuration: gw-b.yaml", "configuration: gw-a.yaml", ":5:49", "two gateways are instance 'gw-a'")]
    [InlineData("name: gw-b", "name: gw-a", ":5:13", "there are two nodes 'gw-a'")]
    [InlineData("aes-256-gcm", "aes-257-gcm", ":11:15", "'aes-257-gcm' is no cipher")]
    [InlineData("gw-b/to-a", "host-a/to-a", ":11:65", "two ends GATEWAY/TUNNEL are expected")]
    [InlineData("wan: [ gw-a/lan0 ]", "wan: [ gw-a/lan1 ]", ":12:6", "there is no device 'gw-a/lan1'")]
    [InlineData("shared_keys: [ site ]", "shared_keys: [ ../site ]", ":13:57", "'../site' is no name of a file")]
    [InlineData("certificates: [ gw-a.example.org ]", "certificates: [ ca ]", ":13:22", "'ca' is no name of a file")]
    [InlineData("up: [ gw-a/to-b ]", "up: [ host-a/to-b ]", ":14:5", "'host-a/to-b' is no GATEWAY/TUNNEL")]
    [InlineData("kind: host,", "kind: host, masquerade: eth0,", ":3:45", "only a router translates addresses")]
    [InlineData("esn: false", "esn: maybe", ":11:33", "esn must be true or false")]
    [InlineData("via: 10.1.0.1", "via: nowhere", ":3:63", "'nowhere' is no address")]
    [InlineData("links:", "links: [", ":", "")]
    public void Error_NamesLineAndColumn(string right, string wrong, string place, string why)
    {
        var path = scratch.Write("lab.yaml", Good.Replace(right, wrong, StringComparison.Ordinal));
        var failure = Assert.Throws<Failure>(() => LabReader.Read(path));
        Assert.StartsWith(path, failure.Where, StringComparison.Ordinal);
        Assert.StartsWith(place, failure.Where[path.Length..], StringComparison.Ordinal);
        Assert.Contains(why, failure.Why + failure.Todo, StringComparison.Ordinal);
        Assert.Equal(Failure.BadInput, failure.ExitCode);
    }

    [Fact]
    public void MissingFile_IsBadInput() => Assert.Equal(Failure.BadInput, Assert.Throws<Failure>(() => LabReader.Read(scratch.Path + "/none.yaml")).ExitCode);

    [Fact]
    public void EveryLabOfTheProduct_IsRead()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "labs"), "lab.yaml", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(Path.GetFileName(Path.GetDirectoryName(file)), LabReader.Read(file).Name));
    }

    [Fact]
    public void FreshKeys_HaveTheCiphersLength_AndAreFresh()
    {
        Assert.All(CipherKeys.Names, name =>
        {
            Assert.True(CipherKeys.TryLength(name, out var octets));
            Assert.Equal(octets * 2, CipherKeys.Fresh(name).Length);
            Assert.NotEqual(CipherKeys.Fresh(name), CipherKeys.Fresh(name));
        });
        Assert.True(CipherKeys.FreshSpi() > 255);
    }
}
