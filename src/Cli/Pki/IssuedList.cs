using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Pki;

/// <summary>A certificate that was issued.</summary>
internal sealed record IssuedCertificate(string Serial, string Name, DateTimeOffset NotAfter);

/// <summary>
/// <c>issued.jsonl</c> of an authority: a line of JSON for each certificate, so that one can be revoked by its name. Held open and locked while it is used: two commands do not
/// write the same revocation list.
/// </summary>
internal sealed class IssuedList : IDisposable
{
    private const string FileName = "issued.jsonl";
    private const int MaximumOctets = 64 << 20;
    private readonly FileStream stream;
    private readonly List<IssuedCertificate> certificates = [];

    private IssuedList(FileStream stream, string path)
    {
        this.stream = stream;
        if (stream.Length > MaximumOctets) throw Damaged(path, $"longer than {MaximumOctets} octets");
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (Parse(line) is not { } certificate) throw Damaged(path, $"line {number} is not one of this program's");
            certificates.Add(certificate);
        }
    }

    /// <summary>In the order of issue.</summary>
    public IReadOnlyList<IssuedCertificate> Certificates => certificates;

    /// <summary>Forgets what an earlier authority in this folder issued.</summary>
    public static void Clear(string folder) => File.Delete(Path.Combine(folder, FileName));

    /// <summary>Opens the list of an authority, or makes it.</summary>
    public static IssuedList Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new IssuedList(stream, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Failure)
        {
            stream?.Dispose();
            if (e is Failure) throw;
            throw new Failure("the list of issued certificates cannot be opened", path, e.Message, "wait for another 'appliance pki' to end, or check the rights");
        }
    }

    /// <summary>Adds a certificate, before it is given out.</summary>
    public void Add(IssuedCertificate certificate)
    {
        var line = new JsonObject { ["serial"] = certificate.Serial, ["name"] = certificate.Name, ["not_after"] = certificate.NotAfter.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") };
        stream.Seek(0, SeekOrigin.End);
        stream.Write(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"));
        stream.Flush(flushToDisk: true);
        certificates.Add(certificate);
    }

    public void Dispose() => stream.Dispose();

    private static IssuedCertificate? Parse(string line)
    {
        try
        {
            var node = JsonNode.Parse(line);
            return new IssuedCertificate((string)node!["serial"]!, (string)node["name"]!, DateTimeOffset.Parse((string)node["not_after"]!, null));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            return null;
        }
    }

    private static Failure Damaged(string path, string why) => new("the list of issued certificates is damaged", path, why, "restore it from a copy, or remove the line");
}
