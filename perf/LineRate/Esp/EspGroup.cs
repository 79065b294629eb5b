using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>One multi-point SA between this gateway and many members: an outbound record with a Sender-ID of its own for each worker, one inbound record that all of them send under.</summary>
internal static class EspGroup
{
    public const byte SenderIdBits = 20;
    private const uint Group = 1, Spi = 0x1000;

    /// <summary>Measures cases in turns, and compares them with the one that has one worker and as many members, and as many workers and the fewest members.</summary>
    public static IReadOnlyList<Row> Measure(IReadOnlyList<EspShape> shapes, AesGcmTier tier, double seconds)
    {
        var cases = shapes.Select(shape => new EspCase(shape, tier)).ToList();
        try
        {
            EspCase.Measure(cases, seconds);
            double? Of(int workers, int members) =>
                Enumerable.Range(0, shapes.Count).Where(i => shapes[i].Workers == workers && shapes[i].Members == members).Select(i => (double?)cases[i].Nanoseconds).FirstOrDefault();
            return [.. shapes.Select((shape, i) => cases[i].Row() with
            {
                Scaling = shape.Workers > 1 && Of(1, shape.Members) is { } one ? Math.Round(one / cases[i].Nanoseconds, 2) : null,
                CostOfMembers = Of(shape.Workers, shapes[0].Members) is { } few && shape.Members != shapes[0].Members ? Math.Round(cases[i].Nanoseconds / few, 2) : null,
            })];
        }
        finally
        {
            foreach (var each in cases) each.Dispose();
        }
    }

    /// <summary>Writes tunnel 0, and a next hop for each member from slot <paramref name="firstHop"/> on, by one adjacency. The inbound SA is in slot 0.</summary>
    public static void Fill(Region region, SaLookupTable lookup, EspShape shape, uint firstHop, ReadOnlySpan<byte> key)
    {
        ref var tunnel = ref region.Tunnel(0);
        (tunnel.InnerMtu, tunnel.CheckSourceRoute, tunnel.Group, tunnel.Local) = (1440, 1, Group, IpAddress.FromV4(EspBench.OuterLocal));
        for (var worker = 0; worker < SaSlots.Size; worker++) tunnel.OutboundSas[worker] = (uint)(worker % shape.Workers);
        tunnel.State = SlotState.Live;
        for (uint member = 0; member < shape.Members; member++)
        {
            ref var hop = ref region.NextHop(firstHop + member);
            (hop.Kind, hop.Tunnel, hop.Adjacency, hop.Address) = (NextHopKind.Tunnel, 0, EspBench.Outside, Address(member));
            hop.State = SlotState.Live;
        }

        for (uint worker = 0; worker < shape.Workers; worker++) Outbound(ref region.OutboundSa(worker), worker, key);
        ref var sa = ref region.InboundSa(0);
        sa.Spi = Spi;
        sa.Cipher = (byte)Cipher.AesGcm;
        sa.KeyLength = (byte)CipherKey.Expand(Cipher.AesGcm, key, sa.Key);
        (sa.IvLength, sa.IcvLength, sa.Alignment) = (8, 16, 4);
        (sa.Flags, sa.SenderIdBits, sa.ReplayWindow) = (SaFlags.MultiPoint, SenderIdBits, 1024);
        sa.State = SlotState.Live;
        _ = lookup.TryAdd(Spi, tunnel.Local, IpAddress.Any, 0);
    }

    /// <summary>ESP address of a member.</summary>
    public static IpAddress Address(uint member) => IpAddress.FromV4(EspBench.OuterRemote + member);

    /// <summary>Before a recorded pass comes again: no sender has sent anything.</summary>
    public static void Forget(Region region, uint[] senders)
    {
        foreach (var record in senders)
        {
            region.Sender(record).Highest = 0;
            region.SenderWindow(record) = default;
        }
    }

    private static void Outbound(ref OutboundSa sa, uint worker, ReadOnlySpan<byte> key)
    {
        sa.Spi = Spi;
        sa.Cipher = (byte)Cipher.AesGcm;
        sa.KeyLength = (byte)CipherKey.Expand(Cipher.AesGcm, key, sa.Key);
        (sa.IvLength, sa.IcvLength, sa.Alignment) = (8, 16, 4);
        sa.Worker = (byte)worker;
        (sa.Flags, sa.SenderIdBits, sa.IvBase) = (SaFlags.MultiPoint, SenderIdBits, (ulong)(worker + 1) << (64 - SenderIdBits));
        (sa.SequenceSoftLimit, sa.SequenceHardLimit) = (ulong.MaxValue, ulong.MaxValue >> SenderIdBits);
        sa.Source = IpAddress.FromV4(EspBench.OuterLocal);
        OuterHeader.Build(ref sa);
        sa.State = SlotState.Live;
    }
}
