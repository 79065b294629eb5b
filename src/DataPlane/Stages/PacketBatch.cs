using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>Packets between two stages, in columns: the packets stand side by side for ports and ESP, what is known of each beside them.</summary>
internal sealed class PacketBatch(int capacity)
{
    /// <summary>Packets that one call of a port or of ESP handles.</summary>
    public const int Size = 64;

    /// <summary>The packets.</summary>
    public Packet[] Packets { get; } = new Packet[capacity];

    /// <summary>Their headers.</summary>
    public PacketFields[] Fields { get; } = new PacketFields[capacity];

    /// <summary>Slot of the next hop towards the destination.</summary>
    public uint[] Routes { get; } = new uint[capacity];

    /// <summary>Slot of the outbound SA, from <see cref="Outbound"/> on.</summary>
    public uint[] Sas { get; } = new uint[capacity];

    /// <summary>Slot of the tunnel; or what a stage needs from its first pass in its second.</summary>
    public uint[] Tunnels { get; } = new uint[capacity];

    /// <summary>How many.</summary>
    public int Count;

    /// <summary>How many fit.</summary>
    public int Capacity { get; } = capacity;

    /// <summary>Adds a packet; the caller has seen that there is room.</summary>
    public void Add(in Packet packet, in PacketFields fields)
    {
        Packets[Count] = packet;
        Fields[Count++] = fields;
    }

    /// <summary>Moves a row down, over one that left the batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Move(int from, int to)
    {
        if (from != to) Copy(from, to);
    }

    /// <summary>The packets in it.</summary>
    public Span<Packet> Live => Packets.AsSpan(0, Count);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Copy(int from, int to)
    {
        Packets[to] = Packets[from];
        Fields[to] = Fields[from];
        Routes[to] = Routes[from];
        Tunnels[to] = Tunnels[from];
    }
}
