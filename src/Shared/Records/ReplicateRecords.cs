using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// What a next hop's slot of kind <see cref="NextHopKind.Replicate"/> holds: who gets a copy of each packet to a multicast address. The members are a chain of <see cref="ReplicateBlock"/>s, which is
/// never changed but swapped for another by one store of <see cref="First"/>, so that no reader skips a member or sees one twice. Written by the slow path. 64 octets.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = NextHopRecord.RecordSize)]
public struct ReplicateRecord
{
    /// <summary><see cref="SlotState"/>.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary><see cref="NextHopKind.Replicate"/>, where <see cref="NextHopRecord.Kind"/> is.</summary>
    [FieldOffset(4)] public NextHopKind Kind;

    /// <summary>1: it never leaves in the clear; where <see cref="NextHopRecord.Protected"/> is.</summary>
    [FieldOffset(5)] public byte Protected;

    /// <summary>Slot of the first block of members; 0: no member. One store takes another list into use.</summary>
    [FieldOffset(8)] public uint First;

    /// <summary>Ports whose hosts want what comes out of the tunnels, a bit each.</summary>
    [FieldOffset(12)] public uint Ports;
}

/// <summary>
/// Members of a <see cref="ReplicateRecord"/>, in a slot among the next hops that no route names. Complete before a chain that holds it is in use, unchanged until no worker can read it:
/// a reader need not look at its state. 64 octets.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = NextHopRecord.RecordSize)]
public struct ReplicateBlock
{
    /// <summary><see cref="SlotState"/>.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary><see cref="NextHopKind.None"/>: no route leads here.</summary>
    [FieldOffset(4)] public NextHopKind Kind;

    /// <summary>How many members count, the first ones.</summary>
    [FieldOffset(8)] public uint Count;

    /// <summary>Slot of the next block; 0: this is the last.</summary>
    [FieldOffset(12)] public uint Next;

    /// <summary>Next hops of kind <see cref="NextHopKind.Tunnel"/> with an address of their own.</summary>
    [FieldOffset(16)] public MemberSlots Members;
}

/// <summary>A range of multicast addresses that somebody wants: for the XDP programs. Written by the slow path. 32 octets.</summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
public struct MulticastPrefix
{
    /// <summary>Octets of a record.</summary>
    public const int RecordSize = 32;

    /// <summary>Its first address; <see cref="IpAddress.Any"/> where the place is empty.</summary>
    [FieldOffset(0)] public IpAddress Address;

    /// <summary>Its length in bits, in its family.</summary>
    [FieldOffset(16)] public uint Length;
}
