using System.Runtime.CompilerServices;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>Frames that fit a packet with room for headers in front and the ESP trailer behind.</summary>
internal static class Frames
{
    /// <summary>Takes an ordinary frame, or a jumbo run for a longer packet; the address leaves the headroom free.</summary>
    public static bool TryTake(FramePool pool, int length, out uint address)
    {
        var fits = length <= FrameMemory.FrameSize - FrameMemory.Headroom - Tuning.TailRoom;
        if (!fits && length > FrameMemory.JumboSize - FrameMemory.Headroom - Tuning.TailRoom)
        {
            address = 0;
            return false;
        }

        var taken = fits ? pool.TryTake(out address) : pool.TryTakeJumbo(out address);
        address += FrameMemory.Headroom;
        return taken;
    }

    /// <summary>A copy of a packet in a frame of its own, counted as one. Without a free frame it is counted as dropped, and there is none.</summary>
    public static bool TryCopy(WorkerContext context, in Packet packet, out Packet copy)
    {
        copy = packet;
        context.Block.Copies++;
        if (!TryTake(context.Pool, packet.Length, out copy.Address))
        {
            context.CountDrop(packet.InPort, DropReason.NoFrame);
            return false;
        }

        context.Memory.Span(packet).CopyTo(context.Memory.Span(copy));
        return true;
    }

    /// <summary>
    /// Moves a packet into a jumbo run when fewer than <paramref name="tail"/> octets are free behind it or too few in front. False when there is no run.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryMakeRoom(FramePool pool, ref Packet packet, int tail)
    {
        var memory = pool.Memory;
        var head = packet.Address - memory.FrameOf(packet.Address);
        return (memory.Room(packet.Address) - packet.Length >= tail && head >= FrameMemory.Headroom / 2) || TryMove(pool, ref packet, tail);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryMove(FramePool pool, ref Packet packet, int tail)
    {
        var memory = pool.Memory;
        if (packet.Length + tail > FrameMemory.JumboSize - FrameMemory.Headroom || !pool.TryTakeJumbo(out var run)) return false;
        memory.Span(packet).CopyTo(memory.Span(run + FrameMemory.Headroom, packet.Length));
        pool.Give(packet.Address);
        packet.Address = run + FrameMemory.Headroom;
        return true;
    }
}
