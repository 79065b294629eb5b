using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Appliance.Cli.Show;

namespace Appliance.Cli.Pki;

/// <summary>What a command made: for programs as JSON, for people as a table.</summary>
internal sealed class PkiReport
{
    private readonly JsonObject facts = [];
    private readonly List<(string What, string Path, string Use)> files = [];

    /// <summary>Of a certificate.</summary>
    public static PkiReport Of(X509Certificate2 certificate, string key, IReadOnlyList<string> names, (string What, string Path, string Use)[] files)
    {
        var report = new PkiReport();
        report.facts["subject"] = certificate.SubjectName.Name;
        report.facts["serial"] = certificate.SerialNumber;
        report.facts["key"] = key;
        if (names.Count > 0) report.facts["names"] = new JsonArray([.. names.Select(n => (JsonNode)n)]);
        report.facts["not_after"] = certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        report.files.AddRange(files);
        return report;
    }

    /// <summary>Of a revocation list.</summary>
    public static PkiReport OfList(IReadOnlyList<string> revoked, (string What, string Path, string Use)[] files)
    {
        var report = new PkiReport();
        report.facts["revoked"] = new JsonArray([.. revoked.Select(s => (JsonNode)s)]);
        report.files.AddRange(files);
        return report;
    }

    /// <summary>Prints it.</summary>
    public void Print(bool json)
    {
        if (json)
        {
            var all = (JsonObject)facts.DeepClone();
            all["files"] = new JsonObject(files.Select(f => KeyValuePair.Create(f.What, (JsonNode?)f.Path)));
            Console.WriteLine(all.ToJsonString());
            return;
        }

        var table = new TextTable(new Column(""), new Column("", Fit.Wrap));
        foreach (var (name, value) in facts) table.Add(name, value is JsonArray list ? list.Count == 0 ? "none" : string.Join(", ", list) : $"{value}");
        foreach (var (what, path, use) in files) table.Add(what, $"{path} ({use})");
        Console.Write(table.Text(TextTable.TerminalWidth));
    }
}
