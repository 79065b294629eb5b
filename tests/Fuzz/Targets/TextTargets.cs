using System.Text;
using System.Text.Json;
using Appliance.Cli;
using Appliance.Cli.Labs;
using Appliance.Fuzz.Engine;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Plan;

namespace Appliance.Fuzz.Targets;

/// <summary>Text that people and programs write: every error has its place, and none is an exception that nobody expected.</summary>
internal static class TextTargets
{
    private static readonly string[] YamlWords =
    [
        "instance:", "workers:", "ports:", "tunnels:", "policies:", "protected:", "vpn:", "region:", "name:", "device:", "kind:", "side:", "mode:", "local:", "remote:", "routes:", "manual:", "ike:", "peers:",
        "peer:", "identity:", "peer_identity:", "psk:", "psk_file:", "ppk:", "proposals:", "esp:", "rekey:", "pools:", "allowed:", "remote_selectors:", "aes-256-gcm/x25519", "+", "/", "4h", "100G", "0s", "CN=", "*.",
        "cipher:", "spi:", "nodes:", "links:", "lab:", "\n  - ", "{ ", " }", "[ ", " ]", ": ", ", ", "\n", "\t", "#", "&a ", "*a", "!!int ", "|\n", ">-\n", "---\n", "...\n", "%YAML 1.2\n", "\"", "'", "\\x00",
        "0x1001", "4294967296", "-1", "1e9", "50us", "20s", "auto", "10.1.0.0/16", "10.1.0.0/33", "fd00::/48", "fd00::/129", "\"fd00:1::1\"", "999.1.1.1", "any", "true", "null", "~", "<<:", "? ",
    ];

    private static readonly string[] JsonWords = ["{", "}", "[", "]", ":", ",", "null", "true", "\"ports\"", "\"index\"", "\"workers\"", "\"region\"", "1e999", "-1", "2147483648", "\"\\ud800\"", "\"\\u0000\""];

    private static readonly string Folder = $"/dev/shm/appliance-fuzz-{Environment.ProcessId}-lab";

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("configuration", Configuration) { MaximumLength = 4096, AllocationLimit = 16 << 20, Words = YamlWords },
        new("lab", Lab) { MaximumLength = 4096, AllocationLimit = 16 << 20, Words = YamlWords, Finish = RemoveFolder },
        new("launch-plan", Plan) { MaximumLength = 4096, AllocationLimit = 1 << 20, Words = JsonWords },
    ];

    private static void Configuration(Span<byte> octets)
    {
        var text = Encoding.UTF8.GetString(octets);
        var configuration = ConfigurationReader.Read(text, Path.GetTempPath(), out var problems);
        if (configuration is not null)
        {
            var plan = PlanWriter.Plan(configuration.Gateway).ToJson();
            Claim.That(LaunchPlan.FromJson(plan).ToJson() == plan, "a configuration has a plan");
        }

        Claim.That(configuration is null == problems.Count > 0, "a configuration or problems, never both and never none");
        // YAML knows more line breaks than a line feed.
        var lines = text.Count(c => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029') + 1;
        foreach (var problem in problems)
        {
            Claim.That(problem.At.Line >= 1 && problem.At.Column >= 1 && problem.At.Line <= lines + 1, "every problem has its place in the file");
            Claim.That(problem.ToString().Length > 0, "and words");
        }
    }

    private static void Lab(Span<byte> octets)
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, "lab.yaml");
        File.WriteAllBytes(path, octets);
        File.WriteAllText(Path.Combine(Folder, "gw-a.yaml"), "instance: gw-a\n");
        try
        {
            Claim.That(LabReader.Read(path).Nodes.Count > 0, "a lab has nodes");
        }
        catch (Failure failure)
        {
            Claim.That(failure.Text.Length > 0 && failure.ExitCode == Failure.BadInput, "bad input is exit code 2");
        }
    }

    private static void RemoveFolder()
    {
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }

    private static void Plan(Span<byte> octets)
    {
        try
        {
            var plan = LaunchPlan.FromJson(Encoding.UTF8.GetString(octets));
            Claim.That(LaunchPlan.FromJson(plan.ToJson()).ToJson() == plan.ToJson(), "what was read can be written and read again");
        }
        catch (JsonException)
        {
            // Says where in the text.
        }
    }
}
