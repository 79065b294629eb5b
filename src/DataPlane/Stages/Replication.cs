using Appliance.Esp;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Sends a multicast packet to every member of a <see cref="ReplicateRecord"/>. Members of one tunnel stand together in the list, and a group has a tunnel for each outer family:
/// <code>
/// 1 per packet   TTL, once; a copy of the packet for each tunnel but the last
/// 2 per tunnel   SA and size; encrypted once, several packets at a time
/// 3 per member   a copy of the ciphertext with its outer destination, to its neighbour
/// </code>
/// A sequence number and its IV are taken once for each encryption, so copies that go under one IV are the same octets. Copies are counted, and so is one that found no frame.
/// </summary>
internal sealed class Replication(WorkerContext context, Router router, TunnelSa tunnelSa, Transmit transmit, IcmpErrors icmp, Fragmenter fragmenter, Encapsulation encapsulation)
{
    private readonly Region region = context.Region;
    private readonly Packet[] packets = new Packet[PacketBatch.Size];
    private readonly Run[] runs = new Run[PacketBatch.Size];
    private readonly uint[] hops = new uint[PacketBatch.Size];
    private readonly DropReason[] reasons = new DropReason[PacketBatch.Size];
    private int count, copies;

    /// <summary>Takes a packet that policy lets pass, for the members of a list.</summary>
    public void Add(Packet packet, in PacketFields fields, uint list)
    {
        var at = new Place(Volatile.Read(ref region.Replicate(list).First), 0);
        if (!TryRun(ref at, out var run))
        {
            context.Drop(packet, DropReason.NotWanted);
            return;
        }

        if (copies >= Tuning.CopiesPerBatch)
        {
            context.Drop(packet, DropReason.ReplicationLimit);
            return;
        }

        if (!TimeToLive.TryDecrement(context, packet, fields))
        {
            icmp.TimeExceeded(packet, fields);
            return;
        }

        if ((packet.Flags & PacketFlags.ChecksumPartial) != 0)
        {
            packet.Flags &= ~PacketFlags.ChecksumPartial;
            _ = TransportChecksum.Complete(context.Memory.Span(packet), fields);
        }

        for (; TryRun(ref at, out var next); run = next)
            if (Frames.TryCopy(context, packet, out var copy))
                Into(copy, fields, run);
        Into(packet, fields, run);
    }

    /// <summary>Encrypts and sends what was collected.</summary>
    public void Flush()
    {
        copies = 0;
        Seal();
    }

    /// <summary>Next members that go into one tunnel; false at the end of the list.</summary>
    private bool TryRun(ref Place at, out Run run)
    {
        run = default;
        while (TryMember(ref at, out var before, out var hop))
        {
            var tunnel = region.NextHop(hop).Tunnel;
            if (run.Members == 0) run = new Run { Start = before, Hop = hop, Tunnel = tunnel };
            if (tunnel != run.Tunnel)
            {
                at = before;
                return true;
            }

            run.Members++;
        }

        return run.Members != 0;
    }

    /// <summary>The next hop of the member at a place, and the place behind it; members that are gone are passed over.</summary>
    private bool TryMember(ref Place at, out Place found, out uint hop)
    {
        while (at.Block - 1 < (uint)region.Counts.NextHops - 1)
        {
            ref var block = ref region.ReplicateBlock(at.Block);
            if (at.Index >= Math.Min(block.Count, MemberSlots.Size))
            {
                at = new Place(block.Next, 0);
                continue;
            }

            found = at;
            at = at with { Index = at.Index + 1 };
            hop = block.Members[(int)found.Index];
            ref readonly var record = ref router.NextHop(hop);
            if (record.Kind == NextHopKind.Tunnel && !record.Address.IsAny) return true;
        }

        (found, hop) = (at, 0);
        return false;
    }

    /// <summary>An inner packet on its way to the members behind one tunnel.</summary>
    private void Into(in Packet packet, in PacketFields fields, in Run run)
    {
        var slot = tunnelSa.SlotOf(run.Tunnel);
        var reason = Check(packet, fields, run, slot);
        if (reason != DropReason.None)
        {
            context.Drop(packet, reason);
            return;
        }

        int mtu = region.Tunnel(run.Tunnel).InnerMtu;
        if (packet.Length <= mtu || mtu == 0 || (fields.Family == 6 && packet.Length <= SpecConstants.MinimumMtuV6))
        {
            Queue(packet, slot, run);
        }
        else if (fields.DontFragment)
        {
            icmp.TooBig(packet, fields, mtu);
        }
        else
        {
            reason = fragmenter.TryCut(packet, mtu, out var pieces);
            if (reason != DropReason.None) context.Drop(packet, reason);
            foreach (ref readonly var piece in pieces) Queue(piece, slot, run);
        }
    }

    /// <summary>A packet that found no SA is not held: when it came again it would go to those that have got it too.</summary>
    private DropReason Check(in Packet packet, in PacketFields fields, in Run run, uint slot)
    {
        var state = tunnelSa.CheckSa(run.Tunnel, slot);
        if (state != TunnelSaState.Ready)
        {
            if (state != TunnelSaState.NoTunnel) tunnelSa.Ask(packet, fields, run.Tunnel, state, slot, run.Hop);
            return state switch
            {
                TunnelSaState.NoTunnel => DropReason.NoTunnelForPolicy,
                TunnelSaState.Expired => DropReason.SaExpired,
                _ => DropReason.NoOutboundSa,
            };
        }

        ref var sa = ref region.OutboundSa(slot);
        if ((sa.Flags & SaFlags.MultiPoint) == 0 || sa.Worker != context.Index) return DropReason.NoTunnelForPolicy;
        var isOutside = (sa.Flags & SaFlags.CheckSelectors) != 0 && !SpdMatch.MatchesAny(region, sa.SelectorStart, sa.SelectorCount, fields, inbound: false);
        return isOutside ? DropReason.OutsideSelectors : DropReason.None;
    }

    private void Queue(Packet packet, uint slot, in Run run)
    {
        if (!Frames.TryMakeRoom(context.Pool, ref packet, Tuning.TailRoom + region.OutboundSa(slot).TfcMultiple))
        {
            context.Drop(packet, DropReason.NoFrame);
            return;
        }

        if (count == packets.Length) Seal();
        copies += run.Members;
        packets[count] = packet;
        packets[count].Tag = slot;
        hops[count] = run.Hop;
        runs[count++] = run;
    }

    private void Seal()
    {
        if (count == 0) return;
        var batch = packets.AsSpan(0, count);
        count = 0;
        encapsulation.Encapsulate(batch, reasons, hops, context.Tick);
        for (var i = 0; i < batch.Length; i++)
        {
            if (reasons[i] != DropReason.None) context.Drop(batch[i], reasons[i]);
            else Send(batch[i], runs[i]);
        }
    }

    /// <summary>The outer packet itself goes to the last member, copies of it to the others.</summary>
    private void Send(in Packet packet, in Run run)
    {
        var at = run.Start;
        if (!TryMember(ref at, out _, out var member) || region.NextHop(member).Tunnel != run.Tunnel)
        {
            context.Drop(packet, DropReason.NotWanted);
            return;
        }

        for (var i = 1; i < run.Members && TryMember(ref at, out _, out var next) && region.NextHop(next).Tunnel == run.Tunnel; i++)
        {
            if (Frames.TryCopy(context, packet, out var copy)) SendTo(copy, run.Tunnel, member);
            member = next;
        }

        SendTo(packet, run.Tunnel, member);
    }

    private void SendTo(in Packet packet, uint tunnel, uint hop)
    {
        ref var member = ref region.NextHop(hop);
        var adjacency = Volatile.Read(ref member.Adjacency);
        ref var outer = ref context.Memory.At(packet.Address);
        if (transmit.Check(adjacency) == DropReason.None && member.Address.IsV4 == (outer >> 4 == 4))
        {
            OuterDestination.Set(ref outer, member.Address);
            encapsulation.Send(packet, adjacency);
            return;
        }

        tunnelSa.Ask(packet, default, tunnel, TunnelSaState.NoSa, packet.Tag, hop);
        context.Drop(packet, DropReason.NeighbourUnresolved);
    }

    /// <summary>A place in a list of members.</summary>
    private readonly record struct Place(uint Block, uint Index);

    /// <summary>Members that stand together and share a tunnel.</summary>
    private struct Run
    {
        public Place Start;
        public uint Hop;
        public uint Tunnel;
        public int Members;
    }
}
