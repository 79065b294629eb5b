using System.Buffers.Binary;
using System.Net;
using Appliance.Ike;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Ike.Recording;
using Appliance.Machine;
using static Appliance.Fuzz.Targets.IkeMachineTargets;

namespace Appliance.Fuzz.Targets;

/// <summary>What an attacker on the way, an insider with keys and a host with faults can do to a machine.</summary>
internal static class IkeMachineMischief
{
    private static readonly ExchangeType[] Exchanges =
        [ExchangeType.CreateChildSa, ExchangeType.Informational, ExchangeType.IkeAuth, ExchangeType.IkeIntermediate, ExchangeType.IkeFollowupKe, ExchangeType.IkeSaInit, (ExchangeType)200];

    private static readonly Entropy Entropy = new(new byte[Entropy.SeedLength]);

    /// <summary>A datagram is lost, doubled, delayed, changed, cut, repeated later, or comes from elsewhere.</summary>
    public static void OnTheWay(IkeMachineWorld world, ref StoryReader story)
    {
        var (kind, at) = (story.Next() % 8, story.Next16());
        var way = world.ToGateway;
        if (kind == 6 && world.History.Count > 0)
        {
            world.Gateway.Step(world.History[at % world.History.Count]);
            return;
        }

        if (way.Count == 0) return;
        var first = way[0];
        switch (kind)
        {
            case 0:
                way.RemoveAt(0);
                break;
            case 1:
                way.Add(first);
                break;
            case 2:
                way.RemoveAt(0);
                way.Add(first);
                break;
            case 3:
                var changed = first.Octets.ToArray();
                changed[at % changed.Length] ^= (byte)(1 << (story.Next() % 8));
                way[0] = first with { Octets = changed };
                break;
            case 4:
                var cut = first.Octets[..(at % first.Octets.Length)];
                if (cut.Length >= IkeHeader.Size) BinaryPrimitives.WriteUInt32BigEndian(cut.AsSpan(24), (uint)cut.Length);
                way[0] = first with { Octets = cut };
                break;
            case 5:
                way.Insert(0, first with { Remote = new IPEndPoint(IPAddress.Parse("198.51.100.77"), at) });
                break;
            default:
                way.Clear();
                break;
        }
    }

    /// <summary>The insider's message, changed within and sealed again; without keys yet, changed as it is.</summary>
    public static void Inside(IkeMachineWorld world, ref StoryReader story)
    {
        var edits = story.Next() % 8;
        if (world.ToGateway.Count == 0) return;
        var datagram = world.ToGateway[0];
        if (!HeaderCodec.TryRead(datagram.Octets, out var header, out _)) return;
        var keys = SaOf(world, header)?.Keys;
        var fromInitiator = header.FromInitiator;
        byte[] inside;
        PayloadType first;
        if (keys is null || !keys.TryOpen(fromInitiator, datagram.Octets, out first, out inside, out var fragment) || fragment.Total > 0)
        {
            if (header.NextPayload is PayloadType.Encrypted or PayloadType.EncryptedFragment) return;
            (first, inside) = (header.NextPayload, datagram.Octets[IkeHeader.Size..]);
            inside = Edited(world, inside, edits, ref story);
            byte[] clear = [.. datagram.Octets[..IkeHeader.Size], .. inside];
            BinaryPrimitives.WriteUInt32BigEndian(clear.AsSpan(24), (uint)clear.Length);
            world.ToGateway[0] = datagram with { Octets = clear };
            return;
        }

        world.ToGateway[0] = datagram with { Octets = keys.Seal(fromInitiator, header, first, Edited(world, inside, edits, ref story), Entropy) };
    }

    /// <summary>A message of the insider that its machine would never send, to the gateway at once, with the number that it expects or nearly.</summary>
    public static void Forge(IkeMachineWorld world, ref StoryReader story)
    {
        var (kind, shape) = (story.Next(), story.Next());
        var theirs = world.Insider.Machine.All.Where(s => s.Keys is not null).ToList();
        if (theirs.Count == 0) return;
        var sa = theirs[shape % theirs.Count];
        if (world.Gateway.Machine.Find(sa.RemoteSpi) is not { } ours) return;
        var isResponse = (kind & 8) != 0;
        var id = (isResponse ? ours.NextRequestId : ours.ExpectedRequestId) + (uint)((kind >> 4) % 3) - ((kind & 0x80) != 0 ? 1u : 0);
        var flags = (sa.IsInitiator ? HeaderFlags.Initiator : 0) | (isResponse ? HeaderFlags.Response : 0);
        var header = new IkeHeader(sa.InitiatorSpi, sa.ResponderSpi, 0, IkeHeader.Version2, Exchanges[kind % 8 % Exchanges.Length], flags, id, 0);
        var (first, inside) = Made(world, ours, shape, ref story);
        foreach (var datagram in (shape & 0x80) != 0 ? sa.Keys!.SealFragments(sa.IsInitiator, header, first, inside, 100, Entropy) : [sa.Keys!.Seal(sa.IsInitiator, header, first, inside, Entropy)])
            world.Gateway.Step(new DatagramReceived(new IPEndPoint(world.Gateway.Address, 4500), new IPEndPoint(world.Insider.Address, 4500), datagram));
        if (!sa.AwaitsResponse) sa.NextRequestId = ours.ExpectedRequestId;
    }

    /// <summary>Requests for IKE SAs from everywhere.</summary>
    public static void Flood(IkeMachineWorld world, ref StoryReader story)
    {
        var (count, network) = (story.Next() % 48, story.Next());
        if (world.History.FirstOrDefault(d => d.Octets.Length > IkeHeader.Size && d.Octets[18] == (byte)ExchangeType.IkeSaInit && d.Octets.AsSpan(8, 8).IndexOfAnyExcept((byte)0) < 0) is not { } sample) return;
        for (var i = 0; i < count; i++)
        {
            var octets = sample.Octets.ToArray();
            BinaryPrimitives.WriteUInt64BigEndian(octets, ((ulong)network << 32) + (ulong)i + 1);
            world.Gateway.Step(new DatagramReceived(sample.Local, new IPEndPoint(new IPAddress([203, 0, network, (byte)(i / 3)]), 500), octets));
        }
    }

    /// <summary>News of the data plane, the operator and the machine, true or not; none about the honest peer.</summary>
    public static void News(IkeMachineNode node, IkeMachineWorld world, ref StoryReader story)
    {
        var (kind, more) = (story.Next(), story.Next());
        var isGateway = node == world.Gateway;
        var peer = isGateway ? "insider" : "gateway";
        var tunnel = isGateway ? ((string[])["net", "more", "none"])[more % 3] : "to" + more % 3;
        var children = node.Machine.AllChildren.Where(c => c.Sa.PeerName != "honest").Select(c => c.Child).ToList();
        var child = children.Count > 0 ? children[more % children.Count] : null;
        var spi = node.Machine.Servers.Find("mesh")?.Newest?.Spi ?? more;
        IkeEvent e = (kind % 16) switch
        {
            0 => new OperatorAsked(more, OperatorVerb.Rekey, peer),
            1 => new OperatorAsked(more, OperatorVerb.Rekey, tunnel),
            2 => new OperatorAsked(more, OperatorVerb.Up, (more & 8) == 0 ? tunnel : peer),
            3 => new OperatorAsked(more, OperatorVerb.Down, (more & 8) == 0 ? tunnel : peer),
            4 => new PacketWaits(tunnel, TrafficSelector.AnyV4 with { Low = IPAddress.Parse("10.1.0.9"), High = IPAddress.Parse("10.1.0.9") }, null),
            5 => new ChildExpires(child?.Sa.OutboundSpi ?? more, (more & 1) != 0),
            6 => new UnknownSpiSeen((more & 1) == 0 ? IPAddress.Parse("198.51.100.1") : IPAddress.Parse("192.0.2.1"), more),
            7 => new PeerMoved(child?.InboundSpi ?? more, new IPEndPoint(IPAddress.Parse("198.51.100.1"), 4500 + more)),
            8 => new AddressesChanged((more & 1) == 0 ? [node.Address] : [node.Address, IPAddress.Parse("192.0.2.200")]),
            9 => new TrafficRead(node.Machine.All.FirstOrDefault(s => s.PeerName != "honest")?.LocalSpi ?? more, more),
            10 => new DrainChanged((more & 1) != 0),
            12 => new GroupRekeyAsked(more, (more & 1) == 0 ? "mesh" : "none"),
            13 => new GroupExpires("mesh", (more & 2) == 0 ? spi : more, (more & 1) != 0),
            14 => new GroupKeyMade(more, StandIns.Secret(more)),
            _ => TimePassed.Event,
        };
        node.Step(e);
    }

    /// <summary>Work that waits: done, refused, failed, of a wrong kind, twice, or for nobody.</summary>
    public static void Work(IkeMachineNode node, ref StoryReader story)
    {
        var (kind, at) = (story.Next(), story.Next());
        if (node.Held.Count == 0)
        {
            node.Step(new WorkRefused(at));
            return;
        }

        var work = node.Held[at % node.Held.Count];
        node.Held.Remove(work);
        switch (kind % 8)
        {
            case 0:
                node.Step(new WorkRefused(work.Token));
                break;
            case 1:
                node.Step(new SharedSecretComputed(work.Token, [], null));
                break;
            case 2:
                node.Step(new ChildInstalled(work.Token, "the fuzzer does not want it"));
                break;
            case 3:
                node.Step(new SignatureMade(work.Token, AuthenticationMethod.DigitalSignature, [1, 2, 3]));
                break;
            case 4:
                node.Step(new KeyExchangeBegun(work.Token, new StandInExchange(Crypto.KeyExchangeMethod.Curve25519, StandIns.PublicValue(at))));
                break;
            case 5 when work is InstallGroupSa:
                node.Step(new GroupInstalled(work.Token, "the fuzzer does not want it"));
                break;
            case 5:
                node.Step(new SharedSecretComputed(work.Token, StandIns.PublicValue(at), StandIns.Secret(1000 + at)));
                break;
            case 6:
                node.Step(node.Result(work));
                node.Step(new WorkRefused(work.Token));
                break;
            default:
                node.Step(node.Result(work));
                break;
        }
    }

    /// <summary>A process dies: the gateway's, which finds its contexts, or the insider's, which finds them or not.</summary>
    public static void Restart(IkeMachineWorld world, ref StoryReader story)
    {
        var kind = story.Next() % 3;
        if (kind == 0) world.Gateway.Restart(IkeMachineWorld.OfGateway(), keeps: true);
        else world.Insider.Restart(world.OfInsider(), keeps: kind == 1);
    }

    /// <summary>A kept context of the insider's IKE SAs is damaged, and then the process dies and another one finds it.</summary>
    public static void Context(IkeMachineWorld world, ref StoryReader story)
    {
        var (which, at, value) = (story.Next(), story.Next16(), story.Next());
        var kept = world.Gateway.Contexts.Keys.Where(k => k != world.HonestSpi).ToArray();
        if (kept.Length == 0) return;
        var id = kept[which % kept.Length];
        var context = world.Gateway.Contexts[id].ToArray();
        if ((value & 1) != 0) context = context[..(at % context.Length)];
        else context[at % context.Length] ^= value;
        world.Gateway.Contexts[id] = context;
        world.ForgetIvs(id);
        world.ForgetSenderIds();
        world.Gateway.Step(new ContextRestored(id + value, context));
        world.Gateway.Restart(IkeMachineWorld.OfGateway(), keeps: true);
    }

    private static IkeSa? SaOf(IkeMachineWorld world, in IkeHeader header) => world.Insider.Machine.Find(header.FromInitiator ? header.InitiatorSpi : header.ResponderSpi);

    /// <summary>Payloads for a forged message: octets of the story, a list of SPIs to delete, a notification, or those of an earlier message.</summary>
    private static (PayloadType First, byte[] Inside) Made(IkeMachineWorld world, IkeSa ours, byte shape, ref StoryReader story)
    {
        List<Payload> payloads = [];
        switch (shape / 4 % 4)
        {
            case 0:
                return ((PayloadType)(33 + story.Next() % 24), story.Take(story.Next()));
            case 1:
                var spis = ours.Children.Select(c => c.Sa.OutboundSpi).Concat(Enumerable.Range(0, story.Next16() % 5000).Select(i => (uint)i)).ToArray();
                var protocol = (ProtocolId)(1 + story.Next() % 3);
                payloads.Add(new DeletePayload(protocol, protocol == ProtocolId.Ike ? [] : spis));
                break;
            case 2:
                var spi = story.Next() % 2 == 0 ? [] : BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(ours.Children is [var child, ..] ? child.Sa.OutboundSpi : 7));
                payloads.Add(new NotifyPayload((ProtocolId)(story.Next() % 4), spi, (NotifyType)story.Next16(), story.Take(story.Next() % 64)));
                break;
            default:
                foreach (var datagram in world.History.AsEnumerable().Reverse().Skip(story.Next() % 16))
                {
                    if (HeaderCodec.TryRead(datagram.Octets, out var header, out _) && SaOf(world, header)?.Keys is { } keys && keys.TryOpen(header.FromInitiator, datagram.Octets, out var first, out var inside, out _))
                        return (first, inside);
                }

                break;
        }

        var written = PayloadWriter.Write(payloads, out var type);
        return (type, written);
    }

    private static byte[] Edited(IkeMachineWorld world, byte[] octets, int edits, ref StoryReader story)
    {
        var list = octets.ToList();
        for (var i = 0; i <= edits; i++)
        {
            var (kind, value, at) = (story.Next() % 6, story.Next(), list.Count == 0 ? 0 : story.Next16() % list.Count);
            switch (kind)
            {
                case 0 when list.Count > 0:
                    list[at] ^= (byte)(1 << (value % 8));
                    break;
                case 1 when list.Count > 0:
                    list[at] = value;
                    break;
                case 2:
                    list.RemoveRange(at, Math.Min(value, list.Count - at));
                    break;
                case 3:
                    list.InsertRange(at, list.Skip(at).Take(value).ToArray());
                    break;
                case 4:
                    list.Insert(at, value);
                    break;
                case 5 when world.History.Count > 0:
                    list.InsertRange(at, world.History[value % world.History.Count].Octets.Skip(IkeHeader.Size));
                    break;
            }
        }

        return [.. list.Take(8000)];
    }
}
