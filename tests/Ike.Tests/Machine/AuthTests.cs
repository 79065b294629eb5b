using System.Net;
using System.Text;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>IKE_AUTH: who is let in, and what the others learn.</summary>
public class AuthTests
{
    private static readonly byte[] PpkKey = Encoding.ASCII.GetBytes("post-quantum preshared key 32 oct");

    [Fact]
    public void Rfc7296_2_15_AnotherSharedKeyIsRefusedAndNobodyIsToldWhy()
    {
        var net = new Net().Start(With(PeerB("secret")), With(PeerA("another"))).Run();
        Assert.Contains(net.B.Texts, t => t.Contains("shared keys differ", StringComparison.Ordinal));
        Assert.Contains("AUTHENTICATION_FAILED", net.A.Machine.Peers.Single().LastProblem, StringComparison.Ordinal);
        Assert.Empty(net.A.Installed);
        Assert.Empty(net.B.Installed);
        Assert.DoesNotContain(net.B.Machine.All, s => s.State == IkeSaState.Established);
        net.B.Do(new ConfigurationChanged(With()));
        net.Pass(Tuning.HalfOpenResponder);
        Assert.DoesNotContain(net.B.Machine.All, s => s.RemoteIdentity is not null);
    }

    [Fact]
    public void Rfc4301_4_4_3_AnIdentityThatNoEntryTakesIsRefused()
    {
        var net = new Net().Start(With(PeerB() with { LocalIdentity = Identity.Fqdn("mallory.example.org") }), With(PeerA())).Run();
        Assert.Contains(net.B.Texts, t => t.Contains("mallory.example.org", StringComparison.Ordinal) && t.Contains("no peer of the configuration has the identity", StringComparison.Ordinal));
        Assert.Empty(net.B.Installed);
        Assert.Empty(net.A.Installed);
    }

    [Fact]
    public void Rfc7296_2_21_2_AResponderOfAnotherIdentityIsRefusedAndTold()
    {
        var net = new Net().Start(With(PeerB() with { RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn("c.example.org")) }), With(PeerA())).Run();
        Assert.Contains("b.example.org", net.A.Machine.Peers.Single().LastProblem, StringComparison.Ordinal);
        Assert.Empty(net.A.Installed);
        Assert.DoesNotContain(net.B.Machine.All, s => s.State == IkeSaState.Established);
        Assert.Empty(net.B.Installed);
    }

    [Fact]
    public void Rfc4301_4_4_3_TheFirstEntryThatFitsIdentityAndMethodDecides()
    {
        var entries = new[]
        {
            PeerA() with { Name = "other", Remote = [], RemoteIdentity = IdentityPattern.Exactly(Identity.Fqdn("x.example.org")) },
            PeerA() with { Name = "certificate", Remote = [], TrustAnchors = ["ca"] },
            PeerA() with { Name = "right", Remote = [] },
            PeerA() with { Name = "late", Remote = [] },
        };
        var net = new Net().Start(With(PeerB()), With(entries)).Run();
        Assert.Equal("right", net.B.Sa.PeerName);
    }

    [Fact]
    public void Rfc7427_CertificatesProveBothSides()
    {
        var (a, b) = Certified(100);
        var net = new Net().Start(a, b).Run();
        Assert.Equal(4, net.Seen.Count);
        Assert.Single(net.A.Installed);
        var verify = Assert.Single(net.B.Actions.OfType<VerifySignature>());
        Assert.True(verify.HashesAnnounced);
        Assert.Equal("a.example.org", verify.Identity.ToString());
        Assert.Equal(100, Assert.Single(verify.Certificates).Length);
        Assert.Equal([2, 3, 4, 5], net.A.Actions.OfType<MakeSignature>().Single().PeerHashes);
    }

    [Fact]
    public void AWrongSignatureIsRefused()
    {
        var (a, b) = Certified(100);
        var net = new Net();
        net.A.Sign = m => m.Octets;
        net.Start(a, b).Run();
        Assert.Contains(net.B.Texts, t => t.Contains("the signature is wrong", StringComparison.Ordinal));
        Assert.Empty(net.B.Installed);
    }

    [Fact]
    public void Rfc7383_LargeCertificatesGoInFragmentsAndAnyOrderWillDo()
    {
        var (a, b) = Certified(6000);
        var held = new List<Flight>();
        var net = new Net();
        net.Path = f =>
        {
            if (f.Octets[16] != (byte)PayloadType.EncryptedFragment) return [f];
            held.Add(f);
            if (held.Count < 6) return [];
            var all = held.AsEnumerable().Reverse().Append(held[2]).ToArray();
            held.Clear();
            return all;
        };
        net.Start(a, b).Run();
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
        Assert.True(net.Seen.All(f => f.Octets.Length <= 1232));
    }

    [Fact]
    public void Rfc7383_2_6_1_LostFragmentsAreSentAgain()
    {
        var (a, b) = Certified(6000);
        var count = 0;
        var net = new Net { Path = f => ++count % 5 == 3 ? [] : [f] };
        net.Start(a, b).Pass(60_000);
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
    }

    [Fact]
    public void Rfc8784_3_AKeyOfBothSidesIsInTheKeys()
    {
        var ppk = new PostQuantumKey("p1"u8.ToArray(), PpkKey, true);
        var net = new Net().Start(With(PeerB() with { Ppk = ppk }), With(PeerA() with { Ppk = ppk })).Run();
        Assert.True(net.A.Sa.Extensions.HasFlag(Extensions.Ppk));
        Assert.True(net.B.Sa.Extensions.HasFlag(Extensions.Ppk));
        Assert.Equal(net.A.Installed.Values.Single().In, net.B.Installed.Values.Single().Out);
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public void Rfc8784_3_ADifferentKeyIsLeftOutUnlessOneInsists(bool aInsists, bool bInsists, bool established)
    {
        var net = new Net().Start(
            With(PeerB() with { Ppk = new PostQuantumKey("p1"u8.ToArray(), PpkKey, aInsists) }), With(PeerA() with { Ppk = new PostQuantumKey("p2"u8.ToArray(), PpkKey, bInsists) })).Run();
        Assert.Equal(established, net.A.Installed.Count == 1);
        Assert.Equal(established, net.B.Installed.Count == 1);
        if (established) Assert.False(net.A.Sa.Extensions.HasFlag(Extensions.Ppk));
    }

    [Fact]
    public void Rfc7296_1_2_AChildThatFailsLeavesTheIkeSa()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA() with { Children = [Tunnel with { Start = ChildStart.Passive, Remote = [TrafficSelector.AnyV6], Local = [TrafficSelector.AnyV6] }] })).Run();
        Assert.Empty(net.A.Installed);
        Assert.Empty(net.B.Installed);
        Assert.Equal(net.A.Sa.InitiatorSpi, net.B.Sa.InitiatorSpi);
        Assert.Contains("tunnel", net.A.Machine.Manager.Records.Single().LastProblem, StringComparison.Ordinal);
    }

    [Fact]
    public void AnInstallThatFailsOnTheResponderIsToldToTheInitiator()
    {
        var net = new Net();
        net.B.InstallProblem = "no room";
        net.Start(With(PeerB()), With(PeerA())).Run();
        Assert.Empty(net.A.Installed);
        Assert.Equal(IkeSaState.Established, net.A.Sa.State);
    }

    [Fact]
    public void Rfc6023_AnIkeSaNeedsNoChildWhenBothAllowThat()
    {
        var net = new Net().Start(With(PeerB() with { Childless = true, Children = [] }), With(PeerA() with { Childless = true }));
        net.A.Do(new OperatorAsked(7, OperatorVerb.Up, "b"));
        net.Run();
        Assert.Empty(net.A.Sa.Children);
        Assert.Equal(new AnswerOperator(7, null), Assert.Single(net.A.Answers));
    }

    [Fact]
    public void Rfc7296_2_4_AnInitialContactForgetsWhatWasBefore()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var before = net.B.Sa.LocalSpi;
        net.A.Contexts.Clear();
        net.A.Restart(With(PeerB()), AddressA);
        net.Pass(1000);
        Assert.NotEqual(before, net.B.Sa.LocalSpi);
        Assert.Single(net.B.Installed);
        Assert.Contains(net.B.Actions, a => a is ForgetContext forget && forget.Id == before);
    }

    [Fact]
    public void Rfc7296_2_4_AnInitialContactSoonAfterWeBeganIsARestartAndNoCrossing()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA())).Run();
        var before = net.A.Sa.LocalSpi;
        net.B.Contexts.Clear();
        var peer = PeerA();
        net.B.Restart(With(peer with { Children = [peer.Children[0] with { Start = ChildStart.Always }] }), AddressB);
        net.Pass(1000);
        Assert.NotEqual(before, net.A.Sa.LocalSpi);
        Assert.False(net.A.Sa.IsInitiator);
        Assert.Contains(net.A.Actions, a => a is ForgetContext forget && forget.Id == before);
        Assert.Single(net.A.Installed);
    }

    [Fact]
    public void BothBeginAtOnceAndOneIkeSaRemains()
    {
        var net = new Net().Start(With(PeerB()), With(PeerA() with { Children = [PeerA().Children[0] with { Start = ChildStart.Always }] })).Pass(60_000);
        Assert.Equal(net.A.Sa.InitiatorSpi, net.B.Sa.InitiatorSpi);
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
    }

    private static (IkeConfiguration A, IkeConfiguration B) Certified(int length)
    {
        var hashes = new Dictionary<string, byte[]> { ["ca"] = new byte[20] };
        var facts = new Dictionary<string, CredentialFacts> { ["own"] = new([new byte[length]], default) };
        return (With(PeerB() with { SharedKey = null, LocalCredential = "own", TrustAnchors = ["ca"] }) with { AuthorityHashes = hashes, Credentials = facts },
            With(PeerA() with { SharedKey = null, LocalCredential = "own", TrustAnchors = ["ca"] }) with { AuthorityHashes = hashes, Credentials = facts });
    }
}
