using System.Text;

namespace Appliance.Bgp;

/// <summary>What an operator needs to trace a malformed UPDATE message back (RFC 7606 §6).</summary>
internal static class UpdateEvidence
{
    private const int MostRoutes = 32;
    private const int MostOctets = MessageHeader.MaximumLength;

    /// <summary>Routes of the message, where they can be read, and what stands behind its header.</summary>
    public static string Of(in UpdateView view)
    {
        var text = new StringBuilder("routes:");
        var left = MostRoutes;
        Add(text, view.WithdrawnNlri, Family.Ipv4Unicast, "-", ref left);
        Add(text, view.AnnouncedNlri, Family.Ipv4Unicast, "", ref left);
        if (view.HasUnreach) Add(text, view.UnreachedNlri, view.UnreachFamily, "-", ref left);
        if (view.HasReach) Add(text, view.ReachedNlri, view.ReachFamily, "", ref left);
        if (left == MostRoutes) text.Append(" none");
        var body = view.Body;
        var shown = body[..Math.Min(body.Length, MostOctets)];
        text.Append("; the message behind its header: ").Append(Convert.ToHexStringLower(shown));
        if (shown.Length < body.Length) text.Append("… of ").Append(body.Length).Append(" octets");
        return text.ToString();
    }

    private static void Add(StringBuilder text, NlriReader routes, Family family, string sign, ref int left)
    {
        foreach (var nlri in routes)
        {
            if (left-- > 0)
            {
                text.Append(' ').Append(sign).Append(nlri.ToText(family));
                continue;
            }

            left = 0;
            text.Append(" …");
            return;
        }
    }
}
