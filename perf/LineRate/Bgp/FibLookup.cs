using System.Buffers.Binary;
using System.Diagnostics;
using Appliance.DataPlane;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.LineRate.Bgp;

/// <summary>
/// What a lookup costs among routes that are in the region, to destinations that are routes' first addresses in no order: bare, and in the stages of a worker. The best of some rounds: the
/// machine is shared.
/// </summary>
internal sealed class FibLookup(Region region)
{
    private const int Lookups = 1 << 20, Frames = 4096, Rounds = 5, Fills = 64;

    /// <summary>Nanoseconds a destination, in batches as the router has them: IPv4 cells are asked for ahead, IPv6 destinations go down side by side.</summary>
    public double Bare(LearnedChange[] routes)
    {
        var destinations = Pick(routes, Lookups);
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++) best = Math.Min(best, Bare(destinations));
        return best;
    }

    /// <summary>Nanoseconds a packet in <see cref="Classifier"/> and <see cref="Router"/>.</summary>
    public double Stages(LearnedChange[] routes)
    {
        using var memory = new FrameMemory(Frames, 1);
        var context = new WorkerContext(region, new FrameExchange(memory, 1, false).Pools[0], 0);
        var (classifier, router) = (new Classifier(context, new WorkerPorts(region, -1)), new Router(region));
        var packets = new Packet[Frames];
        var destinations = Pick(routes, Frames * Fills);
        var (batch, local) = (new PacketBatch(4 * PacketBatch.Size), new PacketBatch(4 * PacketBatch.Size));
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var ticks = 0L;
            for (var fill = 0; fill < Fills; fill++)
            {
                for (var i = 0; i < Frames; i++) packets[i] = Write(memory, (uint)i * FrameMemory.FrameSize + FrameMemory.Headroom, destinations[fill * Frames + i]);
                var begin = Stopwatch.GetTimestamp();
                for (var at = 0; at < Frames; at += PacketBatch.Size)
                {
                    classifier.Run(packets.AsSpan(at, PacketBatch.Size), batch);
                    router.Run(batch, local);
                    if (batch.Count != PacketBatch.Size || router.NextHop(batch.Routes[at & 63]).Kind is not (NextHopKind.Adjacent or NextHopKind.Glean)) throw new InvalidOperationException("a packet found no learned route");
                    batch.Count = 0;
                }

                ticks += Stopwatch.GetTimestamp() - begin;
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(0, ticks).TotalNanoseconds / ((double)Frames * Fills));
        }

        return best;
    }

    private static IpAddress[] Pick(LearnedChange[] routes, int count)
    {
        var random = new Random(1);
        var destinations = new IpAddress[count];
        for (var i = 0; i < count; i++) destinations[i] = routes[random.Next(routes.Length)].Prefix.Address;
        return destinations;
    }

    private double Bare(IpAddress[] destinations)
    {
        var (table4, table6) = (region.Ipv4Routes, region.Ipv6Routes);
        var slots = new uint[PacketBatch.Size];
        var sum = 0UL;
        var clock = Stopwatch.StartNew();
        for (var at = 0; at < destinations.Length; at += PacketBatch.Size)
        {
            var batch = destinations.AsSpan(at, PacketBatch.Size);
            if (batch[0].IsV4)
            {
                foreach (ref readonly var destination in batch) table4.Prefetch(destination.V4);
                for (var i = 0; i < batch.Length; i++) slots[i] = table4.Find(batch[i].V4);
            }
            else
            {
                foreach (ref readonly var destination in batch) table6.Prefetch(destination);
                table6.Find(batch, slots);
            }

            foreach (var slot in slots) region.PrefetchNextHop(slot);
            foreach (var slot in slots) sum += (ulong)region.NextHop(slot).Kind;
        }

        var took = clock.Elapsed.TotalNanoseconds / destinations.Length;
        return sum == (ulong)NextHopKind.Group * (ulong)destinations.Length ? took : throw new InvalidOperationException("a lookup found no learned route");
    }

    private static Packet Write(FrameMemory memory, uint address, IpAddress destination)
    {
        const int length = 64;
        var octets = memory.Span(address, length);
        octets.Clear();
        if (destination.IsV4)
        {
            Ipv4Header.TryWrite(octets, length, IpProtocol.Udp, 0x0a01_0005, destination.V4, 0, 64, 7, 0);
        }
        else
        {
            Ipv6Header.TryWrite(octets, length - 40, IpProtocol.Udp, 0x2001_0db8UL << 32, 5, destination.High, destination.Low, 0, 64);
        }

        BinaryPrimitives.WriteUInt16BigEndian(octets[(destination.IsV4 ? 24 : 44)..], (ushort)(length - (destination.IsV4 ? 20 : 40)));
        return new Packet { Address = address, Length = length, Flags = PacketFlags.NoEthernet };
    }
}
