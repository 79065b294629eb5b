using System.Diagnostics;
using System.Text.Json;
using Appliance.Shared;

namespace Appliance.Interop;

/// <summary>
/// Judges of ESP that are not ours (Judges/*.py): scapy, tshark and the kernel in a virtual machine. Each prints a line a case; a test here is one run of a
/// judge, and fails with the cases that failed.
/// </summary>
[Collection("lab")]
public class EspJudgeTests
{
    /// <summary>scapy builds and reads ESP: every cipher, mode, family, encapsulation and sequence number size, and everything that must be dropped.</summary>
    [SkippableTheory]
    [Trait("peer", "scapy")]
    [InlineData("tunnel")]
    [InlineData("iiptran")]
    [InlineData("transport")]
    [InlineData("rollover")]
    [InlineData("keepalive")]
    [InlineData("steering")]
    [InlineData("broken")]
    public void Scapy_SaysAllIsWell(string part) => Judge("scapy_judge.py", part);

    /// <summary>tshark decrypts what the gateway sent.</summary>
    [SkippableFact]
    [Trait("peer", "tshark")]
    public void Tshark_SaysAllIsWell() => Judge("tshark_judge.py");

    /// <summary>The Linux kernel's ESP: tunnel mode, an IP tunnel with transport mode (RFC 3884), XFRM interfaces.</summary>
    [SkippableFact]
    [Trait("peer", "vm")]
    public void Kernel_SaysAllIsWell() => Judge("vm_judge.py");

    private static void Judge(string script, params string[] arguments)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "network namespaces and AF_PACKET need root");
        // Debian's own interpreter: another one on the path does not see Debian's modules.
        const string Python = "/usr/bin/python3";
        Skip.IfNot(File.Exists(Python), "python3 is not installed (apt-get install python3 python3-scapy python3-cryptography)");
        var start = new ProcessStartInfo(Python, ["-B", Path.Combine(Folder(), script), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FORMAT"] = "json";
        start.Environment["APPLIANCE"] = Programs.Find(Programs.Cli, AppContext.BaseDirectory);
        using var judge = Process.Start(start)!;
        var errors = judge.StandardError.ReadToEndAsync();
        var failed = new List<string>();
        var skipped = "";
        var passed = 0;
        while (judge.StandardOutput.ReadLine() is { } line)
        {
            using var said = JsonDocument.Parse(line);
            var (name, result, detail) = (said.RootElement.GetProperty("case").GetString(), said.RootElement.GetProperty("result").GetString(), said.RootElement.GetProperty("detail").GetString());
            if (result == "passed") passed++;
            else if (result == "failed") failed.Add($"{name}: {detail}");
            else skipped = detail!;
        }

        judge.WaitForExit();
        Skip.If(failed.Count == 0 && passed == 0 && skipped.Length > 0, skipped);
        Assert.True(failed.Count == 0, $"{failed.Count} of {failed.Count + passed} cases failed:\n{string.Join('\n', failed)}");
        Assert.True(judge.ExitCode == 0 && passed > 0, $"{script} ended with {judge.ExitCode} after {passed} cases: {errors.Result}");
    }

    private static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at != null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Appliance.sln"))) return Path.Combine(at.FullName, "tests", "Interop", "Judges");
        }

        throw new DirectoryNotFoundException("the repository (Appliance.sln) is not above " + AppContext.BaseDirectory);
    }
}
