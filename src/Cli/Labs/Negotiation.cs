using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Cli.Show;

namespace Appliance.Cli.Labs;

/// <summary>Waits until the tunnels of a lab have negotiated their SAs, and says what IKE says when they do not.</summary>
internal static class Negotiation
{
    private const int LimitSeconds = 20;
    private const int PollMilliseconds = 20;

    /// <summary>Waits; returns how long it took, or null when nothing negotiates.</summary>
    /// <exception cref="Failure">A tunnel is not up in time: why, as both gateways' <c>GET /ike</c> and logs say.</exception>
    public static double? Wait(Lab lab, Action<string> say, CancellationToken stop)
    {
        if (lab.File.Up.Count == 0) return null;
        var clock = Stopwatch.StartNew();
        var missing = lab.File.Up.ToList();
        while (missing.Count > 0)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var tunnel in missing.ToList())
            {
                lab.ThrowIfEnded(tunnel.Node);
                if (Suite(lab, tunnel) is not { } suite) continue;
                missing.Remove(tunnel);
                say(string.Create(CultureInfo.InvariantCulture, $"{tunnel}: negotiated after {clock.Elapsed.TotalSeconds:0.00} s ({suite})"));
            }

            if (missing.Count > 0 && clock.Elapsed.TotalSeconds > LimitSeconds)
                throw new Failure($"{missing[0]} has no SA after {LimitSeconds} s", lab.State.Id, string.Join('\n', lab.File.Gateways.Select(g => Reason(lab, g.Name))),
                    "correct what IKE says above; the configurations of both ends must agree");
            if (missing.Count > 0) stop.WaitHandle.WaitOne(PollMilliseconds);
        }

        return Math.Round(clock.Elapsed.TotalSeconds, 3);
    }

    /// <summary>Ciphers of all negotiated children.</summary>
    public static IEnumerable<string> Ciphers(Lab lab) =>
        lab.File.Gateways.SelectMany(gateway => Sas(lab, gateway.Name)).SelectMany(sa => Items(sa, "children")).Select(Cipher).Distinct();

    /// <summary>Algorithms of the IKE SA and the child of a tunnel that has both directions, else null.</summary>
    private static string? Suite(Lab lab, LabTunnel tunnel)
    {
        foreach (var sa in Sas(lab, tunnel.Node))
            foreach (var child in Items(sa, "children"))
                if (SubjectTables.Text(child, "tunnel") == tunnel.Tunnel && SubjectTables.Text(child, "state") is "established" or "rekeying")
                    return $"IKE {SubjectTables.Text(sa, "suite")}, ESP {Cipher(child)}";
        return null;
    }

    private static string Cipher(JsonNode? child) =>
        SubjectTables.Text(child, "integrity") is { Length: > 0 } and not "none" and var integrity ? $"{SubjectTables.Text(child, "encryption")}/{integrity}" : SubjectTables.Text(child, "encryption");

    private static JsonArray Sas(Lab lab, string node)
    {
        try
        {
            using var api = new ApiClient(lab.State.Paths(lab.State.Node(node)).ApiSocket);
            return Items(api.Get("/ike"), "sas");
        }
        catch (Failure)
        {
            // Between two of its processes; the time limit decides.
            return [];
        }
    }

    private static string Reason(Lab lab, string node)
    {
        try
        {
            using var api = new ApiClient(lab.State.Paths(lab.State.Node(node)).ApiSocket);
            return $"{node}:\n{IkeTable.Text(api.Get("/ike"), [], TextTable.TerminalWidth)}{lab.Tail(node)}";
        }
        catch (Failure e)
        {
            return $"{node}: {e.Why}\n{lab.Tail(node)}";
        }
    }

    private static JsonArray Items(JsonNode? row, string field) => row?[field] as JsonArray ?? [];
}
