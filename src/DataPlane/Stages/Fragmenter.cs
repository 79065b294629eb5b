using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Cuts a packet that starts at its IP header into pieces, each in a frame of its own: IPv4 with DF clear before encryption (RFC 4301 §8.2.1), and our own outer packets that
/// are too long for their link. Either all pieces come out, or none.
/// </summary>
internal sealed class Fragmenter(WorkerContext context)
{
    private readonly Packet[] pieces = new Packet[PacketBatch.Size];
    private int count;
    private uint identification = (uint)Random.Shared.Next();

    /// <summary>
    /// On success the packet is gone, <paramref name="cut"/> holds its pieces (valid until the next call) and the copies are counted.
    /// Otherwise the packet is still the caller's, and the reason says why.
    /// </summary>
    public DropReason TryCut(in Packet packet, int mtu, out ReadOnlySpan<Packet> cut)
    {
        count = 0;
        var octets = context.Memory.Span(packet);
        var reason = octets[0] >> 4 == 4 ? CutV4(packet, octets, mtu) : CutV6(packet, octets, mtu);
        cut = pieces.AsSpan(0, count);
        if (reason == DropReason.None)
        {
            context.Block.Copies += (uint)(count - 1);
            context.Pool.Give(packet.Address);
            return reason;
        }

        foreach (ref readonly var piece in cut) context.Pool.Give(piece.Address);
        cut = default;
        return reason;
    }

    private DropReason CutV4(in Packet packet, ReadOnlySpan<byte> octets, int mtu)
    {
        if (!Ipv4Fragments.TryStart(octets, mtu, out var fragments)) return DropReason.CannotFragment;
        while (fragments.NextLength is > 0 and var length)
        {
            var reason = TryTakePiece(packet, length);
            if (reason != DropReason.None) return reason;
            _ = fragments.Write(context.Memory.Span(pieces[count - 1]));
        }

        return DropReason.None;
    }

    private DropReason CutV6(in Packet packet, ReadOnlySpan<byte> octets, int mtu)
    {
        if (!Ipv6Fragments.TryStart(octets, mtu, ++identification, out var fragments)) return DropReason.CannotFragment;
        while (fragments.NextLength is > 0 and var length)
        {
            var reason = TryTakePiece(packet, length);
            if (reason != DropReason.None) return reason;
            _ = fragments.Write(context.Memory.Span(pieces[count - 1]));
        }

        return DropReason.None;
    }

    private DropReason TryTakePiece(in Packet packet, int length)
    {
        if (count == pieces.Length) return DropReason.CannotFragment;
        if (!Frames.TryTake(context.Pool, length, out var address)) return DropReason.NoFrame;
        pieces[count] = packet;
        pieces[count].Address = address;
        pieces[count++].Length = length;
        return DropReason.None;
    }
}
