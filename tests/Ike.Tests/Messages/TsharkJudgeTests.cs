using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Ike.Messages;

/// <summary>tshark reads what we write: every payload by its name, nothing malformed.</summary>
public sealed class TsharkJudgeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ike-tshark-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SkippableFact]
    public void TsharkFindsNothingMalformedInWhatWeWrite()
    {
        Skip.IfNot(File.Exists("/usr/bin/tshark") && File.Exists("/usr/bin/text2pcap"), "tshark and text2pcap are not installed");
        var header = new IkeHeader(1, 2, PayloadType.None, IkeHeader.Version2, ExchangeType.IkeAuth, HeaderFlags.Initiator, 1, 0);
        // tshark does not know the private protocols and transform types.
        var payloads = Samples.All.Where(s => !s.Name.Contains("private", StringComparison.Ordinal)).Select(s => s.Payload is CertificatePayload ? Certificate() : s.Payload).ToList();
        var dissected = Dissect(MessageWriter.Write(header, payloads));
        Assert.DoesNotContain("Malformed", dissected, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Expert Info (Error", dissected, StringComparison.OrdinalIgnoreCase);
        foreach (var (name, times) in payloads.GroupBy(p => p.Type).Select(g => (TsharkName(g.Key), g.Count())))
            Assert.Equal((name, times), (name, dissected.Split('\n').Count(l => l.StartsWith($"    Payload: {name} (", StringComparison.Ordinal))));
        foreach (var text in new[] { "SPI: c0ffee01", "AES-GCM with a 16 octet ICV", "Key Length: 256", "Curve25519", "INVALID_KE_PAYLOAD", "10.1.255.255", "INTERNAL_IP4_ADDRESS" })
            Assert.Contains(text, dissected, StringComparison.OrdinalIgnoreCase);
    }

    private static CertificatePayload Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=gw", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return new CertificatePayload(CertificatePayload.X509Signature, certificate.RawData);
    }

    private static string TsharkName(PayloadType type) => type switch
    {
        PayloadType.SecurityAssociation => "Security Association",
        PayloadType.KeyExchange => "Key Exchange",
        PayloadType.IdentificationInitiator => "Identification - Initiator",
        PayloadType.IdentificationResponder => "Identification - Responder",
        PayloadType.CertificateRequest => "Certificate Request",
        PayloadType.VendorId => "Vendor ID",
        PayloadType.TrafficSelectorInitiator => "Traffic Selector - Initiator",
        PayloadType.TrafficSelectorResponder => "Traffic Selector - Responder",
        _ => type.ToString(),
    };

    private string Dissect(byte[] message)
    {
        var (text, capture) = (Path.Combine(folder, "hex"), Path.Combine(folder, "pcap"));
        File.WriteAllText(text, "000000 " + string.Join(' ', message.Select(o => o.ToString("x2", CultureInfo.InvariantCulture))) + "\n");
        Run("text2pcap", ["-q", "-u", "500,500", text, capture]);
        return Run("tshark", ["-r", capture, "-V", "-O", "isakmp"]);
    }

    private static string Run(string tool, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool}: {errors.Result}");
        return output;
    }
}
