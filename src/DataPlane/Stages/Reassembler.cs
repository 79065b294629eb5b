using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Joins fragments addressed to this machine (RFC 791 §3.2, RFC 8200 §4.5) in bounded memory: so many datagrams, so many fragments, and not for long. Fragments wait in
/// the frames that they came in. An overlap ends the whole datagram (RFC 5722, and for IPv4 too), and so does anything that contradicts what came before.
/// </summary>
internal sealed class Reassembler(WorkerContext context, Steering steering)
{
    private readonly Datagram[] datagrams = [.. Enumerable.Range(0, Tuning.ReassemblyContexts).Select(_ => new Datagram())];
    private int fragments;

    /// <summary>Fragments that wait.</summary>
    public int Waiting => fragments;

    /// <summary>
    /// Takes a fragment. True: the datagram is whole, and packet and fields are it. False: the fragment waits, went to the worker that has the others, or was dropped.
    /// </summary>
    public bool Join(ref Packet packet, ref PacketFields fields)
    {
        var owner = OwnerOf(fields);
        if (owner != context.Index && (packet.Flags & PacketFlags.HandedOver) == 0)
        {
            steering.Send(packet, owner, HandOffKind.Reassemble, 0, 0);
            return false;
        }

        var datagram = Find(fields);
        if (datagram is null || fragments == Tuning.ReassemblyFragments)
        {
            context.Drop(packet, DropReason.ReassemblyFull);
            return false;
        }

        if (!datagram.TryAdd(packet, fields, HeadersOf(packet, fields)))
        {
            context.Drop(packet, DropReason.BadFragment);
            End(datagram, DropReason.BadFragment);
            return false;
        }

        fragments++;
        context.Block.Held++;
        return datagram.IsWhole && Finish(datagram, ref packet, ref fields);
    }

    /// <summary>Housekeeping: ends datagrams whose time is over.</summary>
    public void Expire()
    {
        if (fragments == 0) return;
        foreach (var datagram in datagrams)
        {
            if (datagram.Count != 0 && context.Tick >= datagram.Deadline) End(datagram, DropReason.ReassemblyTimeout);
        }
    }

    /// <summary>When the worker ends.</summary>
    public void DropAll()
    {
        foreach (var datagram in datagrams) End(datagram, DropReason.WorkerStopped);
    }

    /// <summary>Octets in front of the fragment's data; whatever stands behind an IPv6 fragment header counts as data.</summary>
    private int HeadersOf(in Packet packet, in PacketFields fields)
    {
        if (fields.Family == 4) return fields.HeaderLength;
        return Ipv6Extensions.TryWalk(context.Memory.Span(packet), out var walked) ? walked.FragmentHeaderOffset + 8 : packet.Length;
    }

    private int OwnerOf(in PacketFields fields)
    {
        if (steering.IsAlone) return context.Index;
        var hash = (fields.SourceLow ^ fields.DestinationLow ^ fields.Identification) * 0x9e37_79b9_7f4a_7c15UL;
        return (int)((hash >> 32) % (uint)steering.Workers);
    }

    private Datagram? Find(in PacketFields fields)
    {
        Datagram? free = null;
        foreach (var datagram in datagrams)
        {
            if (datagram.Count == 0) free ??= datagram;
            else if (datagram.Is(fields)) return datagram;
        }

        free?.Start(fields, context.Tick + (fields.Family == 4 ? SpecConstants.ReassemblyV4Milliseconds : SpecConstants.ReassemblyV6Milliseconds));
        return free;
    }

    private void End(Datagram datagram, DropReason reason)
    {
        foreach (ref readonly var part in datagram.Parts) context.Drop(part.Packet, reason);
        Release(datagram);
    }

    private void Release(Datagram datagram)
    {
        fragments -= datagram.Count;
        context.Block.Held -= (uint)datagram.Count;
        datagram.Clear();
    }

    /// <summary>Copies the parts into one frame or jumbo run. The first part's headers stay, without the fragment header.</summary>
    private bool Finish(Datagram datagram, ref Packet packet, ref PacketFields fields)
    {
        var first = datagram.Parts[0];
        var headers = first.Packet.Length - first.Length;
        var length = headers + datagram.TotalLength;
        if (length > ushort.MaxValue || !Frames.TryTake(context.Pool, length, out var address))
        {
            End(datagram, length > ushort.MaxValue ? DropReason.BadFragment : DropReason.NoFrame);
            return false;
        }

        var memory = context.Memory;
        memory.Span(first.Packet)[..headers].CopyTo(memory.Span(address, headers));
        foreach (ref readonly var part in datagram.Parts)
        {
            memory.Span(part.Packet).Slice(part.Packet.Length - part.Length, part.Length).CopyTo(memory.Span(address + (uint)(headers + part.Offset), part.Length));
            context.Pool.Give(part.Packet.Address);
        }

        context.Block.Absorbed += (uint)(datagram.Count - 1);
        Release(datagram);
        packet = first.Packet;
        packet.Address = address;
        packet.Length = length;
        RepairHeader(ref packet, fields.Family);
        if (Headers.Read(memory, ref packet, out fields) == DropReason.None && !fields.IsFragment) return true;
        context.Drop(packet, DropReason.BadFragment);
        return false;
    }

    private void RepairHeader(ref Packet packet, byte family)
    {
        var octets = context.Memory.Span(packet);
        ref var at = ref octets[0];
        if (family == 4)
        {
            BigEndian.Set16(ref at, 2, (ushort)packet.Length);
            BigEndian.Set16(ref at, 6, 0);
            Ipv4Header.WriteChecksum(octets[..((octets[0] & 15) * 4)]);
            return;
        }

        if (!Ipv6Extensions.TryWalk(octets, out var walked) || walked.FragmentHeaderOffset == 0) return;

        // What stood in front of the fragment header moves up over it.
        var next = octets[walked.FragmentHeaderOffset];
        octets[walked.PerFragmentNamedAt] = next;
        octets[..walked.FragmentHeaderOffset].CopyTo(octets[8..]);
        packet.Address += 8;
        packet.Length -= 8;
        BigEndian.Set16(ref octets[8], 4, (ushort)(packet.Length - Ipv6View.HeaderLength));
    }
}
