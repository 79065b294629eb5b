using Appliance.Ike.Messages;

namespace Appliance.Ike.Recording;

/// <summary>What is recorded: each begins with nothing and says on its way what must have come of it.</summary>
internal static class ScenarioList
{
    public static IReadOnlyDictionary<string, Action<ScenarioNet>> All { get; } = new Dictionary<string, Action<ScenarioNet>>
    {
        ["set-up"] = net => net.Start().Run(1000).Established(),
        ["signatures"] = Signatures,
        ["cookie"] = Cookie,
        ["fragments"] = Fragments,
        ["child-rekey"] = ChildRekey,
        ["child-rekey-collision"] = net => Collision(net, "net"),
        ["ike-rekey"] = IkeRekey,
        ["ike-rekey-collision"] = net => Collision(net, "b", "a"),
        ["delete"] = Delete,
        ["liveness"] = Liveness,
        ["restore"] = Restore,
    };

    private static void Signatures(ScenarioNet net)
    {
        IkeConfiguration Certified(ScenarioGateway self) => net.Of(self, p => p with { SharedKey = null, LocalCredential = self.Name, TrustAnchors = ["ca"] }) with
        {
            Credentials = new Dictionary<string, CredentialFacts> { [self.Name] = new([[1, 2, 3]], Crypto.SignatureKeyKind.EcdsaP256) },
            AuthorityHashes = new Dictionary<string, byte[]> { ["ca"] = new byte[20] },
        };
        net.Start(Certified(net.A), Certified(net.B)).Run(1000).Established();
    }

    private static void Cookie(ScenarioNet net)
    {
        net.Start(null, net.Of(net.B) with { CookieThreshold = 0 }).Run(1000).Established();
        Assert.Equal(4, net.Seen.Count(h => h.Exchange == ExchangeType.IkeSaInit));
    }

    private static void Fragments(ScenarioNet net)
    {
        net.Start(net.Of(net.A, p => p with { FragmentSize = 128 }), net.Of(net.B, p => p with { FragmentSize = 128 })).Run(1000).Established();
        Assert.True(net.Seen.Count(h => h.NextPayload == PayloadType.EncryptedFragment) >= 6);
    }

    private static void ChildRekey(ScenarioNet net)
    {
        var before = net.Start().Run(1000).Established().A.Sa.Children[0].InboundSpi;
        net.A.Step(net.Now, new ChildExpires(net.A.Sa.Children[0].Sa.OutboundSpi, false));
        net.Run(20_000).Established();
        Assert.NotEqual(before, net.A.Sa.Children[0].InboundSpi);
    }

    private static void IkeRekey(ScenarioNet net)
    {
        var (ike, child) = (net.Start().Run(1000).Established().A.Sa.LocalSpi, net.A.Sa.Children[0].InboundSpi);
        net.A.Step(net.Now, new OperatorAsked(7, OperatorVerb.Rekey, "b"));
        net.Run(30_000).Established();
        Assert.NotEqual(ike, net.A.Sa.LocalSpi);
        Assert.DoesNotContain(net.A.Log, l => l.Level >= IkeLogLevel.Warning);
        Assert.NotEqual(child, net.A.Sa.Children[0].InboundSpi);
    }

    private static void Collision(ScenarioNet net, string ofA, string? ofB = null)
    {
        net.Start().Run(1000).Established();
        net.A.Step(net.Now, new OperatorAsked(1, OperatorVerb.Rekey, ofA));
        net.B.Step(net.Now, new OperatorAsked(1, OperatorVerb.Rekey, ofB ?? ofA));
        net.Run(60_000).Established();
    }

    private static void Delete(ScenarioNet net)
    {
        net.Start(net.Of(net.A, p => p with { Children = [p.Children[0] with { Start = ChildStart.OnDemand }] })).Run(1000);
        net.A.Step(net.Now, new PacketWaits("net", null, null));
        net.Run(1000).Established();
        net.B.Step(net.Now, new OperatorAsked(1, OperatorVerb.Down, "net"));
        net.Run(10_000).Established(0);
        net.A.Step(net.Now, new OperatorAsked(2, OperatorVerb.Down, "b"));
        net.Run(10_000);
        Assert.Empty(net.A.Machine.All);
        Assert.Empty(net.B.Machine.All);
    }

    private static void Liveness(ScenarioNet net)
    {
        net.Start(net.Of(net.A, p => p with { LivenessSeconds = 10 })).Run(25_000).Established();
        Assert.True(net.Seen.Count(h => h is { Exchange: ExchangeType.Informational, IsResponse: true }) >= 2);
    }

    private static void Restore(ScenarioNet net)
    {
        var ike = net.Start().Run(1000).Established().A.Sa.LocalSpi;
        net.A.Restart(net.Now, net.Of(net.A));
        net.Run(5000).Established();
        net.A.Step(net.Now, new OperatorAsked(1, OperatorVerb.Rekey, "net"));
        net.Run(20_000).Established();
        Assert.Equal(ike, net.A.Sa.LocalSpi);
    }
}
