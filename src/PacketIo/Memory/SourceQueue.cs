using Appliance.Shared;

namespace Appliance.PacketIo.Memory;

/// <summary>
/// A port that always has packets, for measurements: it copies templates, one after the other, into fresh frames. Only the first <c>refreshed</c> octets are
/// written each time (what the stages rewrite or look at); the rest of a frame is whatever it was, which costs a cipher as much as anything else.
/// What is sent to it is swallowed.
/// </summary>
public sealed class SourceQueue : PortQueue
{
    private readonly FrameMemory memory;
    private readonly byte[][] templates;
    private readonly int refreshed;
    private readonly PacketFlags flags;
    private int next;

    /// <summary>A source of <paramref name="templates"/>; <paramref name="refreshed"/> octets of each are written, all of them when it is 0.</summary>
    public SourceQueue(FramePool pool, byte port, IReadOnlyList<byte[]> templates, int refreshed = 0, PacketFlags flags = PacketFlags.None)
        : base(pool, port)
    {
        if (templates.Count == 0 || templates.Any(t => t.Length is 0 or > FrameMemory.JumboSize - FrameMemory.Headroom))
            throw new ArgumentException($"templates of 1 to {FrameMemory.JumboSize - FrameMemory.Headroom} octets", nameof(templates));
        memory = pool.Memory;
        this.templates = [.. templates];
        this.refreshed = refreshed == 0 ? int.MaxValue : refreshed;
        this.flags = flags;
    }

    /// <summary>How many packets it still gives; as good as endless unless set.</summary>
    public long Remaining { get; set; } = long.MaxValue;

    /// <summary>Packets given.</summary>
    public ulong Packets { get; private set; }

    /// <inheritdoc/>
    public override int Descriptor => -1;

    /// <inheritdoc/>
    public override bool IsLost => false;

    /// <inheritdoc/>
    public override int Receive(Span<Packet> batch)
    {
        var wanted = (int)Math.Min(batch.Length, Remaining);
        var count = 0;
        for (; count < wanted; count++)
        {
            var template = templates[next];
            var taken = template.Length <= FrameMemory.FrameSize - FrameMemory.Headroom ? Pool.TryTake(out var frame) : Pool.TryTakeJumbo(out frame);
            if (!taken) break;
            if (++next == templates.Length) next = 0;
            var address = frame + FrameMemory.Headroom;
            template.AsSpan(0, Math.Min(refreshed, template.Length)).CopyTo(memory.Span(address, template.Length));
            batch[count] = new Packet { Address = address, Length = template.Length, InPort = Port, Flags = flags };
        }

        Remaining -= count;
        Packets += (ulong)count;
        return count;
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<Packet> batch)
    {
        foreach (ref readonly var packet in batch) Pool.Give(packet.Address);
        return batch.Length;
    }

    /// <inheritdoc/>
    public override void Poll()
    {
    }

    /// <inheritdoc/>
    public override bool HasPending() => Remaining > 0;

    /// <inheritdoc/>
    protected override void Close() => Remaining = 0;
}
