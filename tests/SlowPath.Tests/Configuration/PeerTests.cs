using System.Net;
using System.Text;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;

namespace Appliance.SlowPath.Tests.Configuration;

/// <summary>Peers and negotiated tunnels as the file says them.</summary>
public sealed class PeerTests : IDisposable
{
    private readonly PeerFiles files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void AFewLinesAreEnough()
    {
        var loaded = files.Good("""
            peers:
              - { name: gw-b, local: 192.0.2.1, remote: 198.51.100.1, psk_file: gw-b.psk }
            tunnels:
              - { name: to-b, peer: gw-b, routes: [10.2.0.0/16] }

            """);
        Assert.Empty(loaded.Warnings);
        var peer = Assert.Single(loaded.Ike!.Peers);
        Assert.Equal(Identity.Address(IPAddress.Parse("192.0.2.1")), peer.LocalIdentity);
        Assert.True(peer.RemoteIdentity.Matches(Identity.Address(IPAddress.Parse("198.51.100.1"))));
        Assert.False(peer.RemoteIdentity.Matches(Identity.Address(IPAddress.Parse("198.51.100.2"))));
        Assert.Equal("0123456789abcdef0123456789abcdef", Encoding.ASCII.GetString(peer.SharedKey!));
        Assert.Same(ProposalWords.DefaultIke, peer.Proposals);
        Assert.Equal((14400, 30, 20, true, 1232), (peer.RekeySeconds, peer.LivenessSeconds, peer.KeepaliveSeconds, peer.Mobike, peer.FragmentSize));
        Assert.Null(peer.LocalCredential);
        Assert.Empty(peer.TrustAnchors);
        var child = Assert.Single(peer.Children);
        Assert.Equal((ChildStart.OnDemand, ChildMode.Tunnel, 3600, 1024, 1, false), (child.Start, child.Mode, child.RekeySeconds, child.ReplayWindow, child.Resources, child.IsTemplate));
        Assert.Equal("10.2.0.0/16", Assert.Single(child.Remote).ToString());
        Assert.Equal(TrafficSelector.AnyV4, Assert.Single(child.Local));
        var tunnel = Assert.Single(loaded.Gateway.Tunnels);
        Assert.Equal(("gw-b", "192.0.2.1", "198.51.100.1", EspEncapsulation.None), (tunnel.Peer, tunnel.Local.ToString(), tunnel.Remote.ToString(), tunnel.Encapsulation));
        loaded.WipeSecrets();
        Assert.All(peer.SharedKey!, o => Assert.Equal(0, o));
    }

    [Fact]
    public void EveryKey()
    {
        var loaded = files.Good(PeerFiles.Everything);
        Assert.Empty(loaded.Warnings);
        Assert.Equal((10, 100, "gw-z.example.org"), (loaded.Ike!.CookieThreshold, loaded.Ike.HalfOpenMaximum, loaded.Ike.RedirectTo));
        var (b, clients) = (loaded.Ike.Peers[0], loaded.Ike.Peers[1]);
        Assert.Equal("user@example.org", b.LocalIdentity.ToString());
        Assert.Equal(IdentificationType.DistinguishedName, b.RemoteIdentity.Type);
        Assert.Equal([PrfAlgorithm.HmacSha256, PrfAlgorithm.HmacSha512], b.Proposals[0].Prf);
        Assert.Equal([KeyExchangeMethod.Curve25519, KeyExchangeMethod.EcpP256], b.Proposals[0].KeyExchange);
        Assert.Equal([KeyExchangeMethod.EcpP384, KeyExchangeMethod.None], Assert.Single(b.Proposals[0].Additional));
        Assert.Equal([IntegrityTransform.HmacSha256Bits128], b.Proposals[1].Integrity);
        Assert.Equal(new EncryptionChoice(EncryptionTransform.AesCbc, 256), Assert.Single(b.Proposals[1].Encryption));
        Assert.Equal((7200, 0, 10, false, 0, true, false, true), (b.RekeySeconds, b.LivenessSeconds, b.KeepaliveSeconds, b.Mobike, b.FragmentSize, b.Childless, b.Unique, b.ForceUdp));
        Assert.Equal(32, b.SharedKey!.Length);
        Assert.Equal(0xff, b.SharedKey[31]);
        Assert.True(b.Ppk is { Mandatory: false, Key.Length: 32 } && b.Ppk.Identity.AsSpan().SequenceEqual("p1"u8));
        Assert.Equal([IPAddress.Parse("198.51.100.1"), IPAddress.Parse("2001:db8:b::1")], b.Remote);
        Assert.Null(b.LocalCredential);
        Assert.Equal(files.Path("other-ca.crt"), Assert.Single(b.TrustAnchors));
        Assert.Equal(files.Path("gw-a.crt"), clients.LocalCredential);
        Assert.Equal(files.Path("ca.crt"), Assert.Single(clients.TrustAnchors));
        Assert.Null(clients.SharedKey);
        Assert.Equal("gw-a.example.org", clients.LocalIdentity.ToString());
        Assert.True(clients.RemoteIdentity.Matches(Identity.Fqdn("laptop.example.org")));
        Assert.Equal(new AddressPool(IPAddress.Parse("10.9.0.10"), IPAddress.Parse("10.9.0.200")), clients.Pools[0]);
        Assert.Equal(IPAddress.Parse("fd00:9::ffff"), clients.Pools[1].Last);
        Assert.Equal(new CredentialFiles(files.Path("gw-a.crt"), files.Path("gw-a.crt"), files.Path("gw-a.key")), Assert.Single(loaded.Credentials));
        Assert.Equal([files.Path("ca.crt"), files.Path("other-ca.crt")], loaded.AuthorityFiles);
        Assert.Equal([files.Path("ca.crl")], loaded.RevocationFiles);
    }

    /// <summary>Files that are no certificates are told at the places that name them; what is in them is for the credential store to say.</summary>
    [Fact]
    public void CredentialsThatCannotBeUsedAreToldWithTheirPlaces()
    {
        var problems = CredentialCheck.Problems(files.Good(PeerFiles.Everything), TimeProvider.System, out _).Select(p => p.Format("f")).ToList();
        Assert.Contains(problems, p => p.StartsWith($"f:3:16: {files.Path("gw-a.crt")}: ", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith($"f:5:17: {files.Path("ca.crt")}: ", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith($"f:6:16: {files.Path("ca.crl")}: ", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith($"f:19:19: {files.Path("other-ca.crt")}: ", StringComparison.Ordinal));
    }

    [Fact]
    public void ACertificateThatDoesNotSayWhoWeSayWeAre()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=gw-x.example.org", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        files.Write("x.crt", certificate.ExportCertificatePem());
        files.Write("x.key", key.ExportPkcs8PrivateKeyPem());
        var loaded = files.Good(PeerFiles.One(peer: "auth: certificate\n    peer_auth: psk\n    certificate: x.crt\n    private_key: x.key\n    identity: gw-a.example.org"));
        var problem = Assert.Single(CredentialCheck.Problems(loaded, TimeProvider.System, out _));
        Assert.StartsWith("f:2:5: peer 'gw-b': it will not believe that we are gw-a.example.org: ", problem.Format("f"), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryKeyOfATunnel()
    {
        var loaded = files.Good(PeerFiles.Everything);
        var (children, tunnels) = (loaded.Ike!.Peers[0].Children, loaded.Gateway.Tunnels);
        Assert.Equal(["10.1.0.0/16[tcp/80]", "10.1.7.1-10.1.7.9[udp/1000-2000]", "0.0.0.0/0[icmp/2048-2303]", "::/0[icmp/2048-2303]"], children[0].Local.Select(s => s.ToString()));
        Assert.Equal(["10.2.0.0/15", "fd00:2::/48[gre]"], children[0].Remote.Select(s => s.ToString()));
        Assert.Equal((ChildStart.Always, 600, 100_000_000_000UL, 5_000_000UL, 64, 2, true),
            (children[0].Start, children[0].RekeySeconds, children[0].RekeyBytes, children[0].RekeyPackets, children[0].ReplayWindow, children[0].Resources, children[0].Tfc));
        var esp = children[0].Proposals;
        Assert.Equal([true, false], esp[0].Esn);
        Assert.Equal([KeyExchangeMethod.Curve25519], esp[0].KeyExchange);
        Assert.Equal([true], esp[1].Esn);
        Assert.Equal([false], esp[2].Esn);
        Assert.Equal((ChildMode.IipTran, ChildStart.Passive), (children[1].Mode, children[1].Start));
        Assert.Equal("0.0.0.0/0 === 10.4.0.0/16", $"{Assert.Single(children[1].Local)} === {Assert.Single(children[1].Remote)}");
        Assert.Equal(ChildMode.Transport, children[2].Mode);
        Assert.All(children[2].Proposals, p => Assert.Equal([false], p.Esn));
        Assert.Equal((EspEncapsulation.Udp, 10, "192.0.2.1"), (tunnels[0].Encapsulation, tunnels[0].KeepaliveSeconds, tunnels[0].Local.ToString()));
        var template = Assert.Single(loaded.Ike.Peers[1].Children);
        Assert.True(template is { IsTemplate: true, Start: ChildStart.Passive, Remote.Count: 0 });
        Assert.True(tunnels[3] is { IsTemplate: true } && tunnels[3].Remote.IsAny);
    }

    [Fact]
    public void Rfc4303_3_3_3_NoReplayWindowNoEsn()
    {
        var child = files.Good(PeerFiles.One("replay_window: 0")).Ike!.Peers[0].Children[0];
        Assert.All(child.Proposals, p => Assert.Equal([false], p.Esn));
    }

    [Fact]
    public void AKeyIsTextHexadecimalOrBase64()
    {
        foreach (var (written, octets) in new[] { ("plain text of a key", "plain text of a key"), ("0x706c61696e2074657874206f662061206b6579", "plain text of a key"), ("0scGxhaW4gdGV4dCBvZiBhIGtleQ==", "plain text of a key") })
        {
            files.Write("gw-b.psk", written + "\n");
            Assert.Equal(octets, Encoding.ASCII.GetString(files.Good(PeerFiles.One("")).Ike!.Peers[0].SharedKey!));
        }
    }

    [Fact]
    public void WithoutPeersThereIsNoIke() => Assert.Null(files.Good("").Ike);
}
