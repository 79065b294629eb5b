using Appliance.Shared;

namespace Appliance.PacketIo.Memory;

/// <summary>A port that swallows what is sent to it and never has packets, for measurements.</summary>
public sealed class SinkQueue(FramePool pool, byte port) : PortQueue(pool, port)
{
    /// <summary>Packets swallowed.</summary>
    public ulong Packets { get; private set; }

    /// <summary>Octets swallowed.</summary>
    public ulong Octets { get; private set; }

    /// <summary>Sees each packet before its frame goes back, for tests.</summary>
    public Action<Packet>? Observer { get; set; }

    /// <inheritdoc/>
    public override int Descriptor => -1;

    /// <inheritdoc/>
    public override bool IsLost => false;

    /// <inheritdoc/>
    public override int Receive(Span<Packet> batch) => 0;

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<Packet> batch)
    {
        var octets = 0;
        foreach (ref readonly var packet in batch)
        {
            Observer?.Invoke(packet);
            octets += packet.Length;
            Pool.Give(packet.Address);
        }

        Packets += (ulong)batch.Length;
        Octets += (ulong)octets;
        return batch.Length;
    }

    /// <inheritdoc/>
    public override void Poll()
    {
    }

    /// <inheritdoc/>
    public override bool HasPending() => false;

    /// <inheritdoc/>
    protected override void Close()
    {
    }
}
