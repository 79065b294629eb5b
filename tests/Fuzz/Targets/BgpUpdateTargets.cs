using Appliance.Bgp;
using Appliance.Fuzz.Engine;

namespace Appliance.Fuzz.Targets;

/// <summary>UPDATE messages, whole and an attribute each: nothing thrown, an error has a sentence and a consequence, and what is taken is written and read equal.</summary>
internal static class BgpUpdateTargets
{
    private const int Most = 1 << 21;

    // ORIGIN, AS_PATH of one AS, NEXT_HOP.
    private static readonly byte[] Origin = [0x40, 1, 1, 0];
    private static readonly byte[] Path = [0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9];
    private static readonly byte[] Hop = [0x40, 3, 4, 192, 0, 2, 1];

    private static readonly UpdateWriter Writer = new();
    private static readonly byte[] Written = new byte[1 << 20];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("bgp-update", Update) { MaximumLength = 4078, AllocationLimit = Most },
        Attribute("bgp-origin", AttributeType.Origin, 0x40),
        Attribute("bgp-as-path", AttributeType.AsPath, 0x40),
        Attribute("bgp-next-hop", AttributeType.NextHop, 0x40),
        Attribute("bgp-med", AttributeType.Med, 0x80),
        Attribute("bgp-local-pref", AttributeType.LocalPref, 0x40),
        Attribute("bgp-atomic-aggregate", AttributeType.AtomicAggregate, 0x40),
        Attribute("bgp-aggregator", AttributeType.Aggregator, 0xc0),
        Attribute("bgp-communities", AttributeType.Communities, 0xc0),
        Attribute("bgp-originator-id", AttributeType.OriginatorId, 0x80),
        Attribute("bgp-cluster-list", AttributeType.ClusterList, 0x80),
        Attribute("bgp-mp-reach", AttributeType.MpReach, 0x80),
        Attribute("bgp-mp-unreach", AttributeType.MpUnreach, 0x80),
        Attribute("bgp-extended-communities", AttributeType.ExtendedCommunities, 0xc0),
        Attribute("bgp-as4-path", AttributeType.As4Path, 0xc0),
        Attribute("bgp-as4-aggregator", AttributeType.As4Aggregator, 0xc0),
        Attribute("bgp-tunnel-encapsulation", AttributeType.TunnelEncapsulation, 0xc0),
        Attribute("bgp-ipv6-communities", AttributeType.Ipv6ExtendedCommunities, 0xc0),
        Attribute("bgp-large-communities", AttributeType.LargeCommunities, 0xc0),
        Attribute("bgp-unknown-attribute", 200, 0xc0),
    ];

    /// <summary>An octet for what was agreed, then the value of the attribute, in an UPDATE that is right but for it.</summary>
    private static FuzzTarget Attribute(string name, byte type, byte flags) => new(name, octets =>
    {
        if (octets.IsEmpty) return;
        var value = octets[1..];
        // Two octets an AS where it was agreed so, else the path would be wrong already.
        var isFour = (octets[0] & 1) != 0;
        byte[] path = isFour ? Path : [0x40, 2, 4, 2, 1, 0xfd, 0xe9];
        byte[] attributes =
        [
            (byte)(flags | 0x10), type, (byte)(value.Length >> 8), (byte)value.Length, .. value,
            .. type == AttributeType.Origin ? [] : Origin, .. type == AttributeType.AsPath ? [] : path, .. type == AttributeType.NextHop ? [] : Hop,
        ];
        byte[] body = [octets[0], 0, 0, (byte)(attributes.Length >> 8), (byte)attributes.Length, .. attributes, .. (octets[0] & 8) != 0 ? (byte[])[0, 0, 0, 7, 8, 10] : [8, 10]];
        Update(body);
    })
    { MaximumLength = 2048, AllocationLimit = Most };

    /// <summary>An octet for what was agreed, then the body.</summary>
    private static void Update(Span<byte> octets)
    {
        if (octets.IsEmpty) return;
        var options = Options(octets[0]);
        var read = UpdateReader.TryRead(octets[1..], options, out var view);
        Claim.That(read == (view.Error != UpdateError.ResetSession) && read == (view.Notification is null), "the session ends, or not");
        Claim.That(view.Error == UpdateError.None == (view.Why.Length == 0) && view.Error == UpdateError.None == (view.Evidence.Length == 0), "an error has a sentence");
        Claim.That(view.Notification is not { Data.Length: > 4075 }, "a NOTIFICATION that fits");
        if (!read) return;
        Claim.That(!view.IsEndOfRib(out _) || view is { Error: UpdateError.None, HasReach: false }, "End-of-RIB says nothing else");
        Withdrawals(view, options);
        if (view.Error == UpdateError.TreatAsWithdraw) return;
        if (view.HasReach) Announcements(view, options, true);
        if (!view.Announced.IsEmpty) Announcements(view, options, false);
    }

    private static void Withdrawals(in UpdateView view, in UpdateOptions options)
    {
        Withdrawn(view.WithdrawnNlri, Family.Ipv4Unicast, options);
        if (view.HasUnreach) Withdrawn(view.UnreachedNlri, view.UnreachFamily, options);
    }

    private static void Withdrawn(NlriReader reader, Family family, in UpdateOptions options)
    {
        var nlri = All(reader);
        if (nlri.Length == 0) return;
        var result = UpdateWriter.Withdraw(Written, new WriteOptions { AddPath = options.AddPath, MaximumLength = MessageHeader.ExtendedLength }, family, nlri);
        Claim.That(result.Taken == nlri.Length, "all of it is written");
        Claim.That(UpdateReader.TryRead(Written.AsSpan(MessageHeader.Size, result.Octets - MessageHeader.Size), options, out var again), "withdrawals are read");
        var back = All(again.HasUnreach ? again.UnreachedNlri : again.WithdrawnNlri);
        Claim.That(back.Select(n => n with { Label = 0 }).SequenceEqual(nlri.Select(n => n with { Label = 0 })), "withdrawals come back");
    }

    private static void Announcements(in UpdateView view, in UpdateOptions options, bool isMultiprotocol)
    {
        var family = isMultiprotocol ? view.ReachFamily : Family.Ipv4Unicast;
        var nlri = All(isMultiprotocol ? view.ReachedNlri : view.AnnouncedNlri);
        var attributes = AttributeReader.Read(view, isMultiprotocol);
        Claim.That(attributes.Equals(new AttributeCache(1).Read(view, isMultiprotocol)), "the cache reads the same");
        Claim.That(attributes.ToString().Length > 0 && attributes.Unknown.Length <= AttributeReader.MaximumUnknown, "bounded");
        // Without the mandatory attributes, which only routes need, and where RFC 6793 §4.2.3 loses segments, there is nothing to compare.
        if (nlri.Length == 0 || !options.FourOctetAs && attributes.AsPath.Any(s => s.Type > AsPaths.Sequence)) return;
        var result = Writer.Announce(Written, new WriteOptions { FourOctetAs = options.FourOctetAs, AddPath = options.AddPath, MaximumLength = MessageHeader.ExtendedLength }, family, attributes, nlri);
        Claim.That(result.Taken == nlri.Length && !result.IsTooLong, "all of it is written");
        Claim.That(UpdateReader.TryRead(Written.AsSpan(MessageHeader.Size, result.Octets - MessageHeader.Size), options with { FirstAs = 0 }, out var again), "what was written is read");
        Claim.That(again.Error == UpdateError.None, "what was written has no error");
        Claim.That(attributes.Equals(AttributeReader.Read(again, again.HasReach)), "attributes come back");
        Claim.That(nlri.SequenceEqual(All(again.HasReach ? again.ReachedNlri : again.AnnouncedNlri)), "routes come back");
    }

    private static Nlri[] All(NlriReader reader)
    {
        var all = new List<Nlri>();
        foreach (var nlri in reader) all.Add(nlri);
        return [.. all];
    }

    private static UpdateOptions Options(byte choice) => new()
    {
        FourOctetAs = (choice & 1) != 0,
        IsExternal = (choice & 2) != 0,
        FirstAs = (choice & 4) != 0 ? 65001u : 0,
        AddPath = (choice & 8) != 0 ? FamilySet.Of(Family.All) : FamilySet.None,
        Families = (choice & 16) != 0 ? FamilySet.None.With(Family.Ipv4Unicast) : FamilySet.Of(Family.All),
        ExtendedNextHop = (choice & 32) != 0 ? FamilySet.None : FamilySet.Of(Family.All),
    };
}
