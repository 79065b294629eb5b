using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>The fragments of one datagram that have come so far, in order of their offsets.</summary>
internal sealed class Datagram
{
    private readonly Part[] parts = new Part[Tuning.FragmentsPerDatagram];
    private PacketFields key;
    private int end;

    /// <summary>How many parts there are; 0: not in use.</summary>
    public int Count { get; private set; }

    /// <summary>Tick at which it is given up.</summary>
    public long Deadline { get; private set; }

    /// <summary>Octets of the whole payload; known once the last fragment is there.</summary>
    public int TotalLength => end;

    /// <summary>The parts in order of their offsets.</summary>
    public ReadOnlySpan<Part> Parts => parts.AsSpan(0, Count);

    /// <summary>True when nothing is missing.</summary>
    public bool IsWhole
    {
        get
        {
            if (end < 0) return false;
            var at = 0;
            foreach (ref readonly var part in Parts)
            {
                if (part.Offset != at) return false;
                at += part.Length;
            }

            return at == end;
        }
    }

    /// <summary>Begins a datagram; parts are added next.</summary>
    public void Start(in PacketFields first, long deadline)
    {
        key = first;
        end = -1;
        Count = 0;
        Deadline = deadline;
    }

    /// <summary>Same source, destination and identification, and for IPv4 the same protocol (RFC 791 §3.2, RFC 8200 §4.5).</summary>
    public bool Is(in PacketFields other) =>
        key.Identification == other.Identification && key.Family == other.Family && key.SourceLow == other.SourceLow && key.DestinationLow == other.DestinationLow
        && key.SourceHigh == other.SourceHigh && key.DestinationHigh == other.DestinationHigh && (key.Family == 6 || key.Protocol == other.Protocol);

    /// <summary>Adds a part whose data begins <paramref name="headers"/> octets behind its start. False: it overlaps another, lies beyond the end, is empty or not a multiple of eight, or is one too many.</summary>
    public bool TryAdd(in Packet packet, in PacketFields fields, int headers)
    {
        var part = new Part { Packet = packet, Offset = fields.FragmentOffset, Length = packet.Length - headers };
        if (Count == parts.Length || part.Length <= 0 || (fields.MoreFragments && (part.Length & 7) != 0)) return false;
        if (part.Offset + part.Length > ushort.MaxValue || !TryNoteEnd(part, fields.MoreFragments)) return false;
        var at = Count;
        while (at > 0 && parts[at - 1].Offset > part.Offset) at--;
        if (at > 0 && parts[at - 1].Offset + parts[at - 1].Length > part.Offset) return false;
        if (at < Count && part.Offset + part.Length > parts[at].Offset) return false;
        parts.AsSpan(at, Count - at).CopyTo(parts.AsSpan(at + 1));
        parts[at] = part;
        Count++;
        return true;
    }

    /// <summary>Forgets all; the caller has taken the frames.</summary>
    public void Clear() => Count = 0;

    private bool TryNoteEnd(in Part part, bool more)
    {
        var partEnd = part.Offset + part.Length;
        if (more) return end < 0 || partEnd < end;
        if (end >= 0 && end != partEnd) return false;
        for (var i = 0; i < Count; i++)
        {
            if (parts[i].Offset + parts[i].Length > partEnd) return false;
        }

        end = partEnd;
        return true;
    }

    /// <summary>A fragment: where its data stands and where it belongs.</summary>
    public struct Part
    {
        public Packet Packet;
        public int Offset;
        public int Length;
    }
}
