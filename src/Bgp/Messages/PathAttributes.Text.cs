namespace Appliance.Bgp;

/// <summary>Text for tables and logs.</summary>
public sealed partial class PathAttributes
{
    /// <summary>AS_PATH as operators write it.</summary>
    public string AsPathText => AsPaths.ToText(AsPath);

    /// <summary>ORIGIN as tables have it: "IGP", "EGP", "incomplete".</summary>
    public string OriginText => Origin switch { Origin.Igp => "IGP", Origin.Egp => "EGP", _ => "incomplete" };

    /// <summary>COMMUNITIES with spaces between.</summary>
    public string CommunitiesText => string.Join(' ', Communities.Select(Bgp.Communities.ToText));

    /// <summary>EXTENDED COMMUNITIES with spaces between.</summary>
    public string ExtendedCommunitiesText => string.Join(' ', ExtendedCommunities.Select(ExtendedCommunity.ToText));

    /// <summary>LARGE_COMMUNITY with spaces between.</summary>
    public string LargeCommunitiesText => string.Join(' ', LargeCommunities);

    /// <summary>In one line.</summary>
    public override string ToString()
    {
        var text = $"via {NextHop}{(LinkLocalNextHop is null ? "" : $" ({LinkLocalNextHop})")} path [{AsPathText}] {OriginText}";
        if (LocalPref is { } localPref) text += $" local-pref {localPref}";
        if (Med is { } med) text += $" med {med}";
        if (Communities.Length > 0) text += $" communities {CommunitiesText}";
        if (ExtendedCommunities.Length > 0) text += $" extended {ExtendedCommunitiesText}";
        if (LargeCommunities.Length > 0) text += $" large {LargeCommunitiesText}";
        return text;
    }
}
