using System.Net;
using Appliance.Bgp;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>The section <c>ce</c>: what it means, and what is wrong in it, word for word.</summary>
public class CeTests
{
    private const string Key = "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private const string Bgp = """
        bgp:
          as: 65001
          router_id: 192.0.2.1
          networks:
            - { prefix: 10.1.0.0/16, med: 7 }
            - 172.16.0.0/12
          neighbors:
            - { name: pe1, address: 192.0.2.254, as: 65000, families: [ipv4, ipv6] }

        """;

    private const string Ce = """
        ce:
          gateway: 192.0.2.1
          trusted_subnets: [10.1.0.0/16, "fd00:1::/48"]
          peer: { psk: "KEY", allowed: [10.0.0.0/8, "fd00::/16"] }
          tunnel:
            mode: iiptran
            esp: [aes-128-gmac]
            establish: always
            rekey: 2h
            selectors:
              - { protocol: tcp, remote_ports: 443 }
              - { protocol: tcp, local_ports: 443 }
              - { protocol: icmp }
          accept:
            - { neighbors: [pe1], gateways: [198.51.100.0/24], prefixes: ["10.0.0.0/8 ge 16 le 24", "fd00::/16 le 48", 10.0.0.0/8] }
          encrypt:
            - { prefixes: ["10.0.0.0/8 le 32"] }
          bypass: [203.0.113.0/24]
          community: non-transitive
          tunnel_encapsulation: true
          protected_memory: reset
        state: /var/lib/appliance/a

        """;

    private static readonly string All = GoldenErrors.Ports + Bgp + Ce.Replace("KEY", Key, StringComparison.Ordinal);

    private static LoadedConfiguration Read(string text)
    {
        var read = ConfigurationReader.Read(text, Path.GetTempPath(), out var problems);
        Assert.True(read is not null, string.Join("\n", problems.Select(p => p.Format("f"))));
        return read;
    }

    private static IpAddress Ip(string text) => IpAddress.From(IPAddress.Parse(text));

    [Fact]
    public void EveryKeyIsRead()
    {
        var loaded = Read(All);
        var (ce, gateways) = (loaded.Ce!, loaded.Ce!.Gateways);
        Assert.Equal("/var/lib/appliance/a", loaded.Gateway.StateDirectory);
        Assert.Equal((Ip("192.0.2.1"), "10.1.0.0/16 fd00:1::/48", "203.0.113.0/24", 4096), (gateways.Gateway, string.Join(' ', gateways.Trusted), string.Join(' ', gateways.Bypass), gateways.MaximumGateways));
        var accept = Assert.Single(gateways.Accept);
        Assert.Equal((16, 24, 16, 48, 8, 8), (accept.Prefixes[0].Shortest, accept.Prefixes[0].Longest, accept.Prefixes[1].Shortest, accept.Prefixes[1].Longest, accept.Prefixes[2].Shortest, accept.Prefixes[2].Longest));
        Assert.True(accept.TakesNeighbor("pe1") && !accept.TakesNeighbor("pe10") && accept.TakesGateway(Ip("198.51.100.7")) && !accept.TakesGateway(Ip("198.51.101.7")));
        Assert.True(Assert.Single(gateways.Encrypt!).TakesNeighbor("anybody"));
        Assert.True(gateways.Claims[^1].Allows(new IpPrefix(Ip("10.7.0.0"), 16)) && !gateways.Claims[^1].Allows(new IpPrefix(Ip("11.0.0.0"), 16)));
        Assert.Equal((TunnelKind.IipTran, ChildMode.IipTran, ChildStart.Always, 7200, true, false, true), (ce.Tunnel.Kind, ce.Child.Mode, ce.Child.Start, ce.Child.RekeySeconds, ce.IdentifiedByAddress, ce.IsTransitive, ce.ResetMemory));
        Assert.Equal(EncryptionTransform.NullAesGmac, ce.Child.Proposals[0].Encryption[0].Transform);
        Assert.Equal(["0.0.0.0/0[tcp]", "0.0.0.0/0[icmp]", "::/0[tcp]", "::/0[icmp]"], ce.Child.Local.Select(s => s.ToString().Replace("[1]", "[icmp]", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheSpdHasBypassForPlainRoutesThenProtectByRoute()
    {
        var policies = Read(All + "policies:\n  - { name: mine, action: discard, remote: 10.66.0.0/16 }\n").Gateway.Policies;
        Assert.Equal(["mine", "ce-bypass-1", "ce-protect-1", "ce-protect-2", "ce-protect-3", "ce-protect-4", "ce-protect-5", "ce-protect-6"], policies.Select(p => p.Name));
        Assert.True(policies[1] is { Action: SpdAction.Bypass, OnlyPlain: true, Remote: not null, Local: null });
        Assert.True(policies[2] is { Action: SpdAction.Protect, Tunnel: null, Protocol: 6, Remote: null, RemotePorts: { Low: 443, High: 443 }, LocalPorts: null });
        Assert.Equal(Ip("10.1.255.255"), policies[2].Local!.Value.High);
        Assert.Equal(Ip("fd00:1::"), policies[5].Local!.Value.Low);
    }

    [Fact]
    public void TrustedSubnetsAreAnnouncedWithTheIdentity()
    {
        var networks = Read(All).Bgp!.Networks;
        Assert.Equal(["10.1.0.0/16", "172.16.0.0/12", "fd00:1::/48"], networks.Select(n => n.Prefix.ToText(n.Family)));
        Assert.Equal([0x435e_0000_c000_0201UL], networks[0].Attributes.ExtendedCommunities);
        Assert.Equal(7u, networks[0].Attributes.Med);
        Assert.Empty(networks[1].Attributes.ExtendedCommunities);
        Assert.Equal("0004000C060A000000000001C0000201", Convert.ToHexString(networks[2].Attributes.TunnelEncapsulation!));
        Assert.Equal(0x035eUL, Read(All.Replace("  community: non-transitive\n", "", StringComparison.Ordinal)).Bgp!.Networks[0].Attributes.ExtendedCommunities[0] >> 48);
    }

    [Fact]
    public void EachGatewayGetsATunnelAndAnEntryOfThePad()
    {
        var loaded = Read(All + $"peers:\n  - {{ name: known, local: 192.0.2.1, remote: 198.51.100.9, psk: \"{Key}\", allowed: [10.9.0.0/16] }}\n  - {{ name: any, remote: any, peer_identity: x.example.org, psk: \"{Key}\", childless: true, identity: me.example.org }}\n");
        var (ce, peers) = (loaded.Ce!, loaded.Ike!.Peers);
        var pad = ce.Pad(peers, [Ip("198.51.100.1"), Ip("198.51.100.9")]);
        Assert.Equal(["known", "ce-198.51.100.1", "any"], pad.Select(p => p.Name));
        Assert.Equal("ce-198.51.100.9", Assert.Single(pad[0].Children).Name);
        Assert.Equal("ce-198.51.100.1", Assert.Single(pad[1].Children).Name);
        Assert.True(pad[1].RemoteIdentity.Matches(Identity.Address(IPAddress.Parse("198.51.100.1"))) && !pad[1].RemoteIdentity.Matches(Identity.Address(IPAddress.Parse("198.51.100.2"))));
        Assert.Equal((Identity.Address(IPAddress.Parse("192.0.2.1")), "198.51.100.1"), (pad[1].LocalIdentity, pad[1].Remote[0].ToString()));
        var tunnel = ce.TunnelTo(Ip("198.51.100.9"), peers);
        Assert.Equal(("ce-198.51.100.9", "known", Ip("192.0.2.1"), Ip("198.51.100.9"), 0), (tunnel.Name, tunnel.Peer, tunnel.Local, tunnel.Remote, tunnel.Routes.Count));
        Assert.Equal("ce-198.51.100.1", ce.TunnelTo(Ip("198.51.100.1"), peers).Peer);
        Assert.False(ce.Gateways.Claims[0].Allows(new IpPrefix(Ip("10.7.0.0"), 16)));
    }

    [Fact]
    public void ThePeerCanBeAnEntryOfThePad()
    {
        var loaded = Read(All.Replace($"{{ psk: \"{Key}\", allowed: [10.0.0.0/8, \"fd00::/16\"] }}", "sites", StringComparison.Ordinal)
            + $"peers:\n  - {{ name: sites, remote: any, identity: a.example.org, peer_identity: \"*.example.org\", psk: \"{Key}\" }}\n");
        Assert.Empty(loaded.Ike!.Peers);
        var peer = Assert.Single(loaded.Ce!.Pad(loaded.Ike.Peers, [Ip("198.51.100.1")]));
        Assert.True(peer.RemoteIdentity.Matches(Identity.Fqdn("b.example.org")));
        Assert.Equal((Identity.Fqdn("a.example.org"), false), (peer.LocalIdentity, loaded.Ce.IdentifiedByAddress));
    }

    [Fact]
    public void SecretsOfTheTemplateAreWiped()
    {
        var loaded = Read(All);
        loaded.WipeSecrets();
        Assert.All(loaded.Ce!.Peer.SharedKey!, o => Assert.Equal(0, o));
    }

    [Theory]
    [InlineData("gateway: 192.0.2.1", "gateway: \"2001:db8::1\"", "'2001:db8::1' is no IPv4 address (the extended community has room for an IPv4 address alone (draft-guichard-ce-ce-ipsec-00 §6))")]
    [InlineData("  gateway: 192.0.2.1\n", "", "ce has no 'gateway'")]
    [InlineData("neighbors: [pe1], ", "", "an accept rule has no 'neighbors' (name the neighbours whose routes are meant, or any)")]
    [InlineData("neighbors: [pe1]", "neighbors: [pe2]", "there is no neighbour 'pe2' (did you mean 'pe1'?)")]
    [InlineData("ge 16 le 24", "ge 24 le 16", "'10.0.0.0/8 ge 24 le 16' is no range of prefixes: 'ge' is more than 'le'")]
    [InlineData("ge 16 le 24", "lt 16", "'ge' and 'le' take lengths from 8 to 32")]
    [InlineData("10.0.0.0/8 ge", "10.0.0.1/8 ge", "'10.0.0.1/8' has bits set beyond /8: write 10.0.0.0/8")]
    [InlineData("mode: iiptran", "mode: transport", "'mode: transport' is not known")]
    [InlineData("establish: always", "start: always", "unknown key 'start' in ce: tunnel")]
    [InlineData("remote_ports: 443 }", "remote_port: 443 }", "unknown key 'remote_port' in a selector (did you mean 'remote_ports'?)")]
    [InlineData("protocol: icmp", "remote_ports: 5", "'remote_ports' without a protocol that has ports")]
    [InlineData("psk: \"" + Key + "\", ", "", "a peer without a secret: no 'psk_file', no 'certificate'")]
    [InlineData("state: /var/lib/appliance/a", "state: \"\"", "'' is no folder")]
    [InlineData("community: non-transitive", "community: none", "'community: none' is not known")]
    public void WhatIsWrongIsTold(string right, string wrong, string error)
    {
        Assert.Contains(right, All, StringComparison.Ordinal);
        Assert.Contains(error, Assert.Single(GoldenErrors.Errors(All.Replace(right, wrong, StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [Fact]
    public void NamesOfTunnelsThatAreMadeAreNotForOthers() => Assert.Contains("'ce-198.51.100.1' is a name of tunnels that are made from routes (give it another one)",
        Assert.Single(GoldenErrors.Errors(All + "tunnels:\n  - { name: ce-198.51.100.1, local: 192.0.2.1, remote: 198.51.100.7, routes: [10.77.0.0/16] }\n")), StringComparison.Ordinal);
}
