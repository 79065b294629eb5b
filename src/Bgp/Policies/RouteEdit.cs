using System.Net;

namespace Appliance.Bgp;

/// <summary>What a term changes in the attributes of a route.</summary>
public sealed record RouteEdit
{
    /// <summary>LOCAL_PREF; null leaves it.</summary>
    public uint? LocalPref { get; init; }

    /// <summary>MULTI_EXIT_DISC; null leaves it.</summary>
    public uint? Med { get; init; }

    /// <summary>MULTI_EXIT_DISC is taken away.</summary>
    public bool RemovesMed { get; init; }

    /// <summary>ORIGIN; null leaves it.</summary>
    public Origin? Origin { get; init; }

    /// <summary>Next hop; null leaves it, <see cref="IPAddress.Any"/> is our address of the session. One of the other family changes nothing.</summary>
    public IPAddress? NextHop { get; init; }

    /// <summary>How often our AS is put in front.</summary>
    public int PrependOwn { get; init; }

    /// <summary>What is put in front, in this order.</summary>
    public IReadOnlyList<uint> Prepend { get; init; } = [];

    /// <summary>Communities.</summary>
    public ListEdit<uint> Communities { get; init; } = new();

    /// <summary>Extended communities.</summary>
    public ListEdit<ulong> ExtendedCommunities { get; init; } = new();

    /// <summary>Large communities.</summary>
    public ListEdit<LargeCommunity> LargeCommunities { get; init; } = new();

    /// <summary>The attributes with the changes; the same object when they make none.</summary>
    public PathAttributes Apply(PolicySession session, Family family, PathAttributes attributes)
    {
        var changesHop = NextHop is not null && Fits(NextHop, family);
        var edited = new PathAttributes(attributes)
        {
            LocalPref = LocalPref ?? attributes.LocalPref,
            Med = RemovesMed ? null : Med ?? attributes.Med,
            Origin = Origin ?? attributes.Origin,
            NextHop = changesHop ? NextHop! : attributes.NextHop,
            LinkLocalNextHop = changesHop ? null : attributes.LinkLocalNextHop,
            AsPath = Prepended(session, attributes.AsPath),
            Communities = Communities.Apply(attributes.Communities),
            ExtendedCommunities = ExtendedCommunities.Apply(attributes.ExtendedCommunities),
            LargeCommunities = LargeCommunities.Apply(attributes.LargeCommunities),
        };
        return edited.Equals(attributes) ? attributes : edited;
    }

    private static bool Fits(IPAddress hop, Family family)
    {
        Span<byte> octets = stackalloc byte[16];
        return hop.Equals(IPAddress.Any) || (hop.TryWriteBytes(octets, out var length) && length == (family.Afi == 1 ? 4 : 16));
    }

    private IReadOnlyList<AsSegment> Prepended(PolicySession session, IReadOnlyList<AsSegment> path)
    {
        path = AsPaths.Prepend(path, session.LocalAs, PrependOwn);
        for (var i = Prepend.Count - 1; i >= 0; i--) path = AsPaths.Prepend(path, Prepend[i]);
        return path;
    }
}

/// <summary>What happens to a list of communities: it is replaced, then some are taken away, then some are put in.</summary>
/// <typeparam name="T">A community.</typeparam>
/// <param name="Replace">The new list; null keeps what is there.</param>
/// <param name="Remove">Which are taken away.</param>
/// <param name="Add">Which are put behind, where they are not there yet.</param>
public sealed record ListEdit<T>(IReadOnlyList<T>? Replace, IReadOnlyList<Predicate<T>> Remove, IReadOnlyList<T> Add)
{
    /// <summary>Leaves it.</summary>
    public ListEdit()
        : this(null, [], [])
    {
    }

    /// <summary>It changes nothing.</summary>
    public bool IsNone => Replace is null && Remove.Count == 0 && Add.Count == 0;

    /// <summary>The list afterwards; the same array when nothing changes.</summary>
    public T[] Apply(T[] list)
    {
        if (IsNone) return list;
        var edited = (Replace ?? list).Where(c => !Remove.Any(r => r(c))).ToList();
        foreach (var community in Add)
            if (!edited.Contains(community))
                edited.Add(community);
        return edited.SequenceEqual(list) ? list : [.. edited];
    }
}
