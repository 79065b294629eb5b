using Appliance.Crypto;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using Samples = Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Groups;

/// <summary>A member (node a) whose gateway (node b) hands out what the test writes by hand, and what the member says to it.</summary>
internal sealed class ByHand
{
    public const uint One = 0x1001, Two = 0x1002, Three = 0x1003;

    /// <summary>Rejects no group, serves none: it only says that it knows multi-point SAs.</summary>
    private static readonly IkeGroup Elsewhere = new() { Name = "elsewhere", Gateways = ["nobody"] };

    public ByHand(Func<IkeConfiguration, IkeConfiguration>? member = null, Func<IkeConfiguration, IkeConfiguration>? gateway = null)
    {
        Configuration = Samples.With(Samples.PeerB()) with { Groups = [new IkeGroup { Name = "mesh", Gateways = ["b"], Senders = 2 }] };
        if (member is not null) Configuration = member(Configuration);
        Net.Path = f =>
        {
            Listen(f);
            return Passes(f) ? [f] : [];
        };
        var served = Samples.With(Samples.PeerA()) with { Groups = [Elsewhere] };
        Net.Start(Configuration, gateway is null ? served : gateway(served)).Run();
    }

    public Net Net { get; } = new();

    public Node Member => Net.A;

    public DataPlaneGroups Plane => Net.A.Groups;

    public IkeConfiguration Configuration { get; }

    /// <summary>What the member refused, and why.</summary>
    public List<(uint Spi, MpsaRefusal Reason)> Refusals { get; } = [];

    /// <summary>INFORMATIONAL answers of the member that were not empty.</summary>
    public int FullAnswers { get; private set; }

    public int Answers { get; private set; }

    public Func<Flight, bool> Passes { get; set; } = _ => true;

    public GroupStatus Status => Member.Machine.Groups.Single(g => g.Name == "mesh");

    public static MpsaPut Put(uint spi, uint firstSenderId = 1, uint roll1 = 0, uint roll2 = 0, uint life = 3600, byte key = 0) => new()
    {
        Spi = spi, Encryption = new(EncryptionTransform.AesGcm16, 256), Prf = PrfAlgorithm.HmacSha256, Nonce = new byte[32], SkD = new Secret([.. Enumerable.Repeat((byte)(key == 0 ? spi : key), 32)]),
        LifetimeSeconds = life, Rollover1Seconds = roll1, Rollover2Seconds = roll2, SenderIdBits = 20, SenderIds = [firstSenderId, firstSenderId + 1], Group = "mesh",
    };

    /// <summary>The gateway hands it out, and what follows is delivered.</summary>
    public ByHand Hand(params IReadOnlyList<MpsaPut> puts) => Say([.. puts.Select(MpsaPutCodec.Write)]);

    public ByHand Say(params IReadOnlyList<Payload> payloads)
    {
        Net.B.Act(step => Net.B.Sa.Start(step, new Saying(Net.B.Sa, payloads)));
        Net.Run();
        return this;
    }

    public ByHand Pass(long milliseconds)
    {
        Net.Pass(milliseconds);
        return this;
    }

    private void Listen(Flight flight)
    {
        if (flight.To != Net.B || !HeaderCodec.TryRead(flight.Octets, out var header, out _) || header.Exchange != ExchangeType.Informational) return;
        if (Net.B.Machine.Find(header.FromInitiator ? header.ResponderSpi : header.InitiatorSpi) is not { Keys: { } keys } || !keys.TryOpen(header.FromInitiator, flight.Octets, out var first, out var octets, out _)) return;
        PayloadReader.TryRead(first, octets, out var payloads, out _);
        if (header.IsResponse) (Answers, FullAnswers) = (Answers + 1, FullAnswers + (payloads.Count > 0 ? 1 : 0));
        Refusals.AddRange(payloads.OfType<NotifyPayload>().Where(n => n.NotifyType == NotifyType.MpsaRefused).Select(MpsaPutCodec.ReadRefusal));
    }

    private sealed class Saying(IkeSa sa, IReadOnlyList<Payload> payloads) : InitiatedExchange(sa)
    {
        public override ExchangeType Type => ExchangeType.Informational;

        public override void Begin(Step step) => Sa.SendRequest(step, payloads);

        public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Finish(step, this);
    }
}
