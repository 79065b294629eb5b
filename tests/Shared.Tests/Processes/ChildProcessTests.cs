using System.Runtime.InteropServices;

namespace Appliance.Shared.Tests.Processes;

public sealed class ChildProcessTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("appliance-child-").FullName;

    [Fact]
    public async Task ExitCodeAndSignalAreTold()
    {
        using var seven = Shell("exit 7");
        Assert.True(seven.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Equal(new ChildExit(7, 0), await seven.Exited);
        Assert.False(seven.Kill());

        using var sleeper = Shell("sleep 60");
        Assert.False(sleeper.WaitForExit(TimeSpan.FromMilliseconds(50)));
        Assert.True(sleeper.Signal(PosixSignal.SIGTERM));
        Assert.True(sleeper.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Equal(new ChildExit(-1, 15), await sleeper.Exited);
    }

    [Fact]
    public void MissingProgramIsAnError()
    {
        var error = Assert.Throws<IOException>(() => ChildProcess.Start("/nonexistent/program", []));
        Assert.Contains("/nonexistent/program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ChildHasTheDescriptorsOfTheListAndNoOthers()
    {
        using var first = File.Create(Path.Combine(directory, "first"));
        using var second = File.Create(Path.Combine(directory, "second"));
        var list = new ChildOptions { Descriptors = [(int)second.SafeFileHandle.DangerousGetHandle(), (int)first.SafeFileHandle.DangerousGetHandle()] };
        using var child = Shell($"ls -l /proc/$$/fd > {directory}/list; echo to-second >&3; echo to-first >&4", list);
        Assert.True(child.WaitForExit(TimeSpan.FromSeconds(20)));
        first.Dispose();
        second.Dispose();
        Assert.Equal("to-first\n", File.ReadAllText(Path.Combine(directory, "first")));
        Assert.Equal("to-second\n", File.ReadAllText(Path.Combine(directory, "second")));
        var listed = File.ReadAllLines(Path.Combine(directory, "list")).Where(l => l.Contains("->", StringComparison.Ordinal)).ToArray();
        Assert.All(listed, l => Assert.Contains(l.Split(" -> ")[0].Split(' ')[^1], (string[])["0", "1", "2", "3", "4", "10"]));
        Assert.Contains(listed, l => l.EndsWith("0 -> /dev/null", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void ChildKeepsOnlyThePrivilegesNamed()
    {
        Skip.IfNot(Environment.UserName == "root", "only root has privileges to give up");
        using var child = Shell($"cat /proc/self/status > {directory}/status", new ChildOptions { Capabilities = [Capability.NetRaw, Capability.IpcLock] });
        Assert.True(child.WaitForExit(TimeSpan.FromSeconds(20)));
        var status = File.ReadAllLines(Path.Combine(directory, "status"));
        var mask = ((1UL << 13) | (1UL << 14)).ToString("x16");
        Assert.Contains($"CapEff:\t{mask}", status);
        Assert.Contains($"CapPrm:\t{mask}", status);
        Assert.Contains($"CapBnd:\t{mask}", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.NotEqual((1UL << 13) | (1UL << 14), ProcessGuard.EffectiveCapabilities());
    }

    [Fact]
    public void ChildKnowsItsParent()
    {
        using var child = Shell($"echo $APPLIANCE_PARENT $EXTRA > {directory}/parent", new ChildOptions { Environment = new Dictionary<string, string> { ["EXTRA"] = "x" } });
        Assert.True(child.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Equal($"{Environment.ProcessId} x\n", File.ReadAllText(Path.Combine(directory, "parent")));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static ChildProcess Shell(string script, ChildOptions? options = null) => ChildProcess.Start("/bin/sh", ["-c", script], options);
}
