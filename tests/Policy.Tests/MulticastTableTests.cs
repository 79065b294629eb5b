using Appliance.Shared;

namespace Appliance.Policy.Tests;

/// <summary>Who gets copies of what.</summary>
public sealed class MulticastTableTests
{
    private readonly MulticastTable table = new();

    private static (IpPrefix, IReadOnlyList<MulticastMember>) Want(string prefix, params string[] members) => (Inputs.Prefix(prefix), [.. members.Select(Member)]);

    private static MulticastMember Member(string address) => new(Inputs.Ip(address), address.Contains(':') ? "mesh.v6" : "mesh.v4");

    private static string Text(IEnumerable<LearnedChange> changes) => string.Join("; ", changes.OrderBy(c => c.Prefix).Select(c => $"{c.Prefix} {Text(c.Target)}"));

    private static string Text(LearnedTarget? target) => target is null ? "gone"
        : target.Kind != LearnedKind.Replicate ? target.Kind.ToString()
        : $"[{string.Join(' ', target.NextHops.Zip(target.Tunnels, (a, t) => t == GroupConfiguration.TunnelName("mesh", a.IsV4) ? a.ToString() : "wrong tunnel"))}]{(target.IsWantedHere ? " here" : "")}";

    [Fact]
    public void Every_member_that_wants_a_prefix_gets_it_and_those_of_one_tunnel_stand_together()
    {
        Assert.Equal("239.1.1.0/24 [192.0.2.2 192.0.2.9 2001:db8::1 2001:db8::2]", Text(table.Learn([Want("239.1.1.0/24", "2001:db8::2", "192.0.2.9", "2001:db8::1", "192.0.2.2")])));
        Assert.Equal("239.1.1.0/24 [192.0.2.2 2001:db8::1]", Text(table.Learn([Want("239.1.1.0/24", "2001:db8::1", "192.0.2.2")])));
        Assert.Empty(table.Learn([Want("239.1.1.0/24", "192.0.2.2", "2001:db8::1")]));
        Assert.Equal("239.1.1.0/24 gone", Text(table.Learn([Want("239.1.1.0/24")])));
        Assert.Empty(table.Learn([Want("239.1.1.0/24")]));
        Assert.Empty(table.Prefixes);
    }

    [Fact]
    public void Who_wants_a_range_gets_what_a_longer_match_takes_out_of_it()
    {
        table.Learn([Want("239.0.0.0/8", "192.0.2.1"), Want("239.2.0.0/16", "192.0.2.3")]);
        Assert.Equal("239.1.1.0/24 [192.0.2.1 192.0.2.2]", Text(table.Learn([Want("239.1.1.0/24", "192.0.2.2")])));
        Assert.Equal("239.1.0.0/16 [192.0.2.1 192.0.2.4]; 239.1.1.0/24 [192.0.2.1 192.0.2.2 192.0.2.4]", Text(table.Learn([Want("239.1.0.0/16", "192.0.2.4")])));
        Assert.Equal("239.0.0.0/8 gone; 239.1.0.0/16 [192.0.2.4]; 239.1.1.0/24 [192.0.2.2 192.0.2.4]; 239.2.0.0/16 [192.0.2.3]", Text(table.Learn([Want("239.0.0.0/8")])));
    }

    [Fact]
    public void Hosts_here_and_members_of_the_configuration_count_like_those_that_were_learned()
    {
        table.Learn([Want("239.1.1.0/24", "192.0.2.2")]);
        Assert.Equal("239.1.0.0/16 [] here; 239.1.1.0/24 [192.0.2.2 192.0.2.5] here",
            Text(table.Use([Inputs.Prefix("239.1.0.0/16")], [(Inputs.Prefix("239.1.1.0/24"), Member("192.0.2.5")), (Inputs.Prefix("239.1.1.0/24"), Member("192.0.2.2"))])));
        Assert.Empty(table.Use([Inputs.Prefix("239.1.0.0/16")], [(Inputs.Prefix("239.1.1.0/24"), Member("192.0.2.5")), (Inputs.Prefix("239.1.1.0/24"), Member("192.0.2.2"))]));
        Assert.Equal("239.1.1.0/24 [192.0.2.2 192.0.2.5 192.0.2.7] here", Text(table.Learn([Want("239.1.1.0/24", "192.0.2.2", "192.0.2.7")])));
        Assert.Equal("239.1.1.0/24 [192.0.2.2 192.0.2.5] here", Text(table.Learn([Want("239.1.1.0/24", "192.0.2.2")])));
        Assert.Equal("239.1.0.0/16 gone; 239.1.1.0/24 [192.0.2.2]", Text(table.Use([], [])));
    }

    [Fact]
    public void Families_do_not_mix()
    {
        table.Use([Inputs.Prefix("ff08::/16")], []);
        Assert.Equal("ff08:1::/32 [192.0.2.2] here", Text(table.Learn([Want("ff08:1::/32", "192.0.2.2")])));
        Assert.Equal("239.1.1.0/24 [192.0.2.2]", Text(table.Learn([Want("239.1.1.0/24", "192.0.2.2")])));
    }

    [Fact]
    public void What_neighbours_can_make_us_keep_is_bounded()
    {
        List<(IpPrefix, IReadOnlyList<MulticastMember>)> many = [.. Enumerable.Range(0, MulticastTable.Most + 10).Select(i => (new IpPrefix(IpAddress.FromV4(0xef00_0000 + (uint)i), 32), (IReadOnlyList<MulticastMember>)[Member("192.0.2.2")]))];
        Assert.Equal(MulticastTable.Most, table.Learn(many).Count);
        Assert.Equal(MulticastTable.Most, table.Prefixes.Count);
        Assert.Equal(10, table.Refused);
    }

    /// <summary>One member cannot have the list of all made for each of thousands of prefixes inside a range that all want.</summary>
    [Fact]
    public void Members_of_all_lists_together_are_bounded()
    {
        IReadOnlyList<MulticastMember> all = [.. Enumerable.Range(0, 50_000).Select(i => new MulticastMember(IpAddress.FromV4(0xc000_0200 + (uint)i), "mesh.v4"))];
        table.Learn([(Inputs.Prefix("239.0.0.0/8"), all)]);
        List<(IpPrefix, IReadOnlyList<MulticastMember>)> inside = [.. Enumerable.Range(0, 100).Select(i => (new IpPrefix(IpAddress.FromV4(0xef00_0000 + (uint)i), 32), (IReadOnlyList<MulticastMember>)[Member("203.0.113.9")]))];
        var made = table.Learn(inside);
        Assert.InRange(made.Sum(c => c.Target!.NextHops.Count), 1, MulticastTable.MostCopies);
        Assert.Equal(100 - made.Count, table.Refused);
        Assert.InRange(made.Count, 5, 10);

        // When there is room again, they are served.
        Assert.Equal(101, table.Learn([Want("239.0.0.0/8")]).Count);
        Assert.Empty(table.Learn(inside));
    }
}
