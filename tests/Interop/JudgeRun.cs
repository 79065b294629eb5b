using System.Diagnostics;
using System.Text.Json;
using Appliance.Shared;

namespace Appliance.Interop;

/// <summary>One run of a judge (Judges/*.py): it prints a JSON line a case; the run fails with the cases that failed.</summary>
internal static class JudgeRun
{
    public static void Passes(string script, params string[] arguments)
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
            if (result == "pass") passed++;
            else if (result == "fail") failed.Add($"{name}: {detail}");
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
