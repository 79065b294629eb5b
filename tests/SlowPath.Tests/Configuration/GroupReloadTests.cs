using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Groups come and go while running; what their SAs were made for does not change under them.</summary>
public sealed class GroupReloadTests : IDisposable
{
    private const string Group = "groups:\n  - { name: mesh, local: 192.0.2.1, gateways: [gw], members: { 10.9.0.0/16: 198.51.100.9 } }\n";

    private const string Start = Bench.Configuration + "peers:\n  - { name: gw, local: 192.0.2.1, remote: 198.51.100.7, psk: 0123456789abcdef0123456789abcdef, childless: true }\n";

    private readonly Bench bench = new(Start);

    public void Dispose() => bench.Dispose();

    private void Reload(string text)
    {
        File.WriteAllText(bench.File, text);
        bench.Reload();
    }

    private string Tunnels() => string.Join(' ', bench.Gateway.Contents.Tunnels.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void AGroupComesChangesAndGoes()
    {
        Assert.Equal("to-b to-c", Tunnels());
        Reload(Start + Group);
        Assert.Equal("mesh.v4 to-b to-c", Tunnels());
        Reload(Start + Group.Replace("gateways: [gw]", "gateways: [gw], mtu: 1300, replay_window: 64, path_mtu: 1400", StringComparison.Ordinal).Replace("10.9.0.0/16", "10.8.0.0/16", StringComparison.Ordinal));
        Assert.Equal(1300, bench.Gateway.Contents.Tunnels["mesh.v4"].InnerMtu);
        Reload(Start);
        Assert.Equal("to-b to-c", Tunnels());
        Reload(Start + Group.Replace("192.0.2.1", "192.0.2.7", StringComparison.Ordinal));
        Assert.Equal("192.0.2.7", bench.Gateway.Contents.Tunnels["mesh.v4"].Local.ToString());
    }

    [Theory]
    [InlineData("local: 192.0.2.1", "local: 192.0.2.7", "'local' of group 'mesh' cannot change while running")]
    [InlineData("local: 192.0.2.1", "local: [192.0.2.1, \"2001:db8::1\"]", "'local' of group 'mesh' cannot change while running")]
    [InlineData("gateways: [gw]", "gateways: [gw], df: set", "'df', 'dscp' or 'tfc' of group 'mesh' cannot change while running")]
    [InlineData("gateways: [gw]", "gateways: [gw], dscp: 7", "'df', 'dscp' or 'tfc' of group 'mesh' cannot change while running")]
    [InlineData("gateways: [gw]", "gateways: [gx]", "there is no peer 'gx'")]
    public void WhatCannotChangeIsRefused(string before, string after, string why)
    {
        Reload(Start + Group);
        var refusal = Assert.Throws<RefusedException>(() => Reload(Start + Group.Replace(before, after, StringComparison.Ordinal)));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Equal("mesh.v4 to-b to-c", Tunnels());
    }
}
