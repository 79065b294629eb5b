using Appliance.Crypto;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Machine;

/// <summary>Several key exchanges in IKE_INTERMEDIATE (RFC 9242, RFC 9370).</summary>
public class IntermediateTests
{
    private static readonly IkeProposal Three = X25519 with { Additional = [[KeyExchangeMethod.EcpP256], [KeyExchangeMethod.EcpP384]] };

    [Fact]
    public void Rfc9370_2_2_2_EachAdditionalKeyExchangeChangesTheKeys()
    {
        var net = new Net(exportKeys: true).Start(With(PeerB() with { Proposals = [Three] }), With(PeerA() with { Proposals = [Three, X25519] })).Run();
        Assert.Equal(8, net.Seen.Count);
        Assert.Equal("aes-256-gcm/prf-sha256/x25519/p-256/p-384", net.A.Sa.Suite!.ToString());
        Assert.Equal(net.A.Installed.Values.Single().In, net.B.Installed.Values.Single().Out);
        Assert.Equal(3, net.A.Actions.OfType<ExportKeys>().Select(e => Convert.ToHexString(e.EncryptionInitiator.Octets)).Distinct().Count());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void EveryMessageMayBeLostOnce(int lost)
    {
        var count = 0;
        var net = new Net { Path = f => count++ == lost ? [] : [f] };
        net.Start(With(PeerB() with { Proposals = [Three] }), With(PeerA() with { Proposals = [Three] })).Pass(3000);
        Assert.Single(net.A.Installed);
        Assert.Single(net.B.Installed);
        Assert.Single(net.B.Machine.All);
    }

    [Fact]
    public void Rfc9370_2_2_2_NobodySkipsAKeyExchangeThatWasChosen()
    {
        var net = new Net();
        var refused = 0;
        net.Path = f =>
        {
            // The initiator goes to IKE_AUTH at once: one who leaves the additional key exchange out.
            if (f.Octets[18] != (byte)ExchangeType.IkeIntermediate || f.To != net.B || refused++ > 0) return [f];
            var sa = net.A.Machine.All.Single();
            var skipped = sa.Keys!.Seal(true, sa.HeaderOf(ExchangeType.IkeAuth, false, 1), PayloadType.None, [], new Appliance.Machine.Entropy(new byte[32]));
            return [f with { Octets = skipped }];
        };
        net.Start(With(PeerB() with { Proposals = [Three] }), With(PeerA() with { Proposals = [Three] })).Run();
        Assert.Empty(net.B.Installed);
        Assert.DoesNotContain(net.B.Machine.All, s => s.State == IkeSaState.Established);
    }

    [Fact]
    public void APeerWithoutIntermediateGetsTheProposalWithoutAdditionalKeyExchanges()
    {
        var net = new Net().Start(With(PeerB() with { Proposals = [Three, X25519] }), With(PeerA())).Run();
        Assert.Equal(4, net.Seen.Count);
        Assert.Single(net.B.Installed);
    }
}
