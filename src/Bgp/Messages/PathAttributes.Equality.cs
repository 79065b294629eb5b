using System.Runtime.InteropServices;

namespace Appliance.Bgp;

/// <summary>Value equality, with a hash that is computed once, and copies with changes.</summary>
public sealed partial class PathAttributes : IEquatable<PathAttributes>
{
    private int hash;

    /// <summary>Attributes that are to be filled in.</summary>
    public PathAttributes()
    {
    }

    /// <summary>A copy whose members can be set anew: <c>new PathAttributes(other) { Med = 5 }</c>.</summary>
    /// <param name="other">What is copied; its arrays are shared, which never change.</param>
    public PathAttributes(PathAttributes other)
    {
        Origin = other.Origin;
        AsPath = other.AsPath;
        NextHop = other.NextHop;
        LinkLocalNextHop = other.LinkLocalNextHop;
        Med = other.Med;
        LocalPref = other.LocalPref;
        AtomicAggregate = other.AtomicAggregate;
        Aggregator = other.Aggregator;
        Communities = other.Communities;
        ExtendedCommunities = other.ExtendedCommunities;
        LargeCommunities = other.LargeCommunities;
        OriginatorId = other.OriginatorId;
        ClusterList = other.ClusterList;
        TunnelEncapsulation = other.TunnelEncapsulation;
        Unknown = other.Unknown;
        Egress = other.Egress;
        Groups = other.Groups;
    }

    /// <summary>Every attribute is equal, in the same order where there are several of a kind.</summary>
    public bool Equals(PathAttributes? other)
    {
        if (ReferenceEquals(this, other)) return true;
        return other is not null && GetHashCode() == other.GetHashCode()
            && Origin == other.Origin && Med == other.Med && LocalPref == other.LocalPref && AtomicAggregate == other.AtomicAggregate
            && Aggregator == other.Aggregator && OriginatorId == other.OriginatorId
            && NextHop.Equals(other.NextHop) && Equals(LinkLocalNextHop, other.LinkLocalNextHop)
            && SamePath(AsPath, other.AsPath)
            && Communities.AsSpan().SequenceEqual(other.Communities)
            && ExtendedCommunities.AsSpan().SequenceEqual(other.ExtendedCommunities)
            && LargeCommunities.AsSpan().SequenceEqual(other.LargeCommunities)
            && ClusterList.AsSpan().SequenceEqual(other.ClusterList)
            && TunnelEncapsulation is null == other.TunnelEncapsulation is null && TunnelEncapsulation.AsSpan().SequenceEqual(other.TunnelEncapsulation)
            && Equals(Egress, other.Egress) && (ReferenceEquals(Groups, other.Groups) || (Groups is not null && other.Groups is not null && Groups.SequenceEqual(other.Groups)))
            && SameUnknown(Unknown, other.Unknown);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PathAttributes);

    /// <summary>Differs from process to process, so that nobody can choose attributes that collide.</summary>
    public override int GetHashCode()
    {
        if (hash == 0)
        {
            var computed = ComputeHash();
            hash = computed == 0 ? 1 : computed;
        }

        return hash;
    }

    private int ComputeHash()
    {
        var code = new HashCode();
        code.Add((int)Origin | (AtomicAggregate ? 0x100 : 0) | (Med.HasValue ? 0x200 : 0) | (LocalPref.HasValue ? 0x400 : 0) | (OriginatorId.HasValue ? 0x800 : 0));
        code.Add(Med.GetValueOrDefault());
        code.Add(LocalPref.GetValueOrDefault());
        code.Add(OriginatorId.GetValueOrDefault());
        if (Aggregator is { } aggregator)
        {
            code.Add(aggregator.As);
            code.Add(aggregator.Address);
        }

        code.Add(NextHop);
        code.Add(LinkLocalNextHop);
        for (var i = 0; i < AsPath.Count; i++)
        {
            var segment = AsPath[i];
            code.Add(segment.Type << 16 | segment.Ases.Length);
            code.AddBytes(MemoryMarshal.AsBytes<uint>(segment.Ases));
        }

        code.AddBytes(MemoryMarshal.AsBytes<uint>(Communities));
        code.AddBytes(MemoryMarshal.AsBytes<ulong>(ExtendedCommunities));
        code.AddBytes(MemoryMarshal.AsBytes<LargeCommunity>(LargeCommunities));
        code.AddBytes(MemoryMarshal.AsBytes<uint>(ClusterList));
        code.AddBytes(TunnelEncapsulation);
        code.Add(Egress);
        foreach (var unknown in Unknown)
        {
            code.Add(unknown.Flags << 8 | unknown.Type);
            code.AddBytes(unknown.Value);
        }

        return code.ToHashCode();
    }

    private static bool SamePath(IReadOnlyList<AsSegment> a, IReadOnlyList<AsSegment> b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a.Count != b.Count) return false;
        for (var i = 0; i < a.Count; i++)
        {
            if (a[i].Type != b[i].Type || !a[i].Ases.AsSpan().SequenceEqual(b[i].Ases)) return false;
        }

        return true;
    }

    private static bool SameUnknown(UnknownAttribute[] a, UnknownAttribute[] b)
    {
        if (a.Length != b.Length) return false;
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i].Type != b[i].Type || a[i].Flags != b[i].Flags || !a[i].Value.AsSpan().SequenceEqual(b[i].Value)) return false;
        }

        return true;
    }
}
