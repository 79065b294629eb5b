using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// One link of a kept context, which is a chain of them. The slow path writes and reads it. A chain is what its head says once the head's <see cref="State"/> is
/// <see cref="Head"/>; everything else is leftovers.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = RecordSize)]
internal struct ContextSlot
{
    /// <summary>Octets.</summary>
    public const int RecordSize = 1024;

    /// <summary>State: nothing that counts.</summary>
    public const uint Free = 0;

    /// <summary>State: a later link of a chain.</summary>
    public const uint Link = 1;

    /// <summary>State: the first link of a whole chain. Stored last.</summary>
    public const uint Head = 2;

    /// <summary><see cref="Next"/> of the last link.</summary>
    public const uint None = uint.MaxValue;

    /// <summary>What it is.</summary>
    [FieldOffset(0)] public uint State;

    /// <summary>Octets of the whole context; the same in all links.</summary>
    [FieldOffset(4)] public int Total;

    /// <summary>The context's number; the same in all links.</summary>
    [FieldOffset(8)] public ulong Id;

    /// <summary>Rises with each context that is written; the same in all links. Of two chains of one number the higher counts.</summary>
    [FieldOffset(16)] public ulong Version;

    /// <summary>Slot of the next link.</summary>
    [FieldOffset(24)] public uint Next;

    /// <summary>Octets of the context.</summary>
    [FieldOffset(32)] public ContextOctets Octets;
}

/// <summary>What of a context fits into one slot. Secret.</summary>
[InlineArray(Size)]
internal struct ContextOctets
{
    /// <summary>Octets.</summary>
    public const int Size = ContextSlot.RecordSize - 32;

    private byte first;
}
