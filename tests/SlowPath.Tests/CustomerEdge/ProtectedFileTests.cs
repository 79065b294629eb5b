using Appliance.Policy;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.CustomerEdge;

/// <summary>What must never leave in the clear outlives a reboot, and a file that does not say it refuses the start.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ProtectedFileTests : IDisposable
{
    private static readonly IpPrefix A = P("10.2.0.0/16"), B = P("fd00:2::/48"), C = P("10.3.0.0/24");
    private readonly string folder = Path.Combine("/dev/shm", $"protected-{Environment.ProcessId}-{Guid.NewGuid():N}");

    private string Name => Path.Combine(folder, "protected");

    public void Dispose()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, true);
    }

    private static IpPrefix P(string text)
    {
        Assert.True(IpPrefix.TryParse(text, false, out var prefix, out _, out _));
        return prefix;
    }

    private ProtectedFile Open(bool reset = false) => ProtectedFile.Open(folder, reset, out _);

    private string Kept()
    {
        using var file = Open();
        return string.Join(' ', file.Prefixes);
    }

    private void Fill()
    {
        using var file = Open();
        file.Append([A, B], []);
        file.Append([C], [A]);
    }

    [Fact]
    public void WhatIsRememberedIsThereAgain()
    {
        Fill();
        Assert.Equal("10.3.0.0/24 fd00:2::/48", Kept());
        using (var file = Open()) file.Append([A], []);
        Assert.Equal("10.2.0.0/16 10.3.0.0/24 fd00:2::/48", Kept());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Name));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }

    [Fact]
    public void AFolderThatOthersCanWriteIsRefused()
    {
        Fill();
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherWrite);
        Assert.Contains("can be written by others", Assert.Throws<IOException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALineThatAPowerCutLeftHalfWrittenCountsForNothing()
    {
        Fill();
        var whole = File.ReadAllBytes(Name);
        var last = whole.AsSpan(0, whole.Length - 1).LastIndexOf((byte)'\n') + 1;
        for (var length = last; length < whole.Length; length++)
        {
            File.WriteAllBytes(Name, whole[..length]);
            Assert.Equal("10.2.0.0/16 10.3.0.0/24 fd00:2::/48", Kept());
            using (var file = Open()) file.Append([], [A]);
            Assert.Equal("10.3.0.0/24 fd00:2::/48", Kept());
        }
    }

    [Fact]
    public void ADamagedFileRefusesTheStartAndSaysWhatToDo()
    {
        Fill();
        var whole = File.ReadAllBytes(Name);
        for (var i = 0; i < whole.Length - 1; i++)
        {
            var bad = whole.ToArray();
            bad[i] ^= 1;
            File.WriteAllBytes(Name, bad);
            var refused = Assert.Throws<IOException>(() => Open());
            Assert.Contains("protected_memory: reset", refused.Message, StringComparison.Ordinal);
        }

        var lines = File.ReadAllLines(Name);
        File.WriteAllText(Name, string.Join('\n', [.. lines[..1], .. lines[2..]]) + "\n");
        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void ResetPutsADamagedFileAsideAndNoOther()
    {
        Fill();
        using (var good = ProtectedFile.Open(folder, true, out var moved))
        {
            Assert.Null(moved);
            Assert.Equal(2, good.Prefixes.Count);
        }

        File.WriteAllText(Name, "nonsense\n");
        using (var file = ProtectedFile.Open(folder, true, out var aside))
        {
            Assert.Empty(file.Prefixes);
            Assert.Equal("nonsense\n", File.ReadAllText(aside!));
            file.Append([A], []);
        }

        Assert.Equal("10.2.0.0/16", Kept());
    }

    [Fact]
    public void TwoDoNotUseItAtOnce()
    {
        using var file = Open();
        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void ForgottenLinesDoNotPileUp()
    {
        using (var file = Open())
        {
            file.Append([B], []);
            for (var i = 0; i < 3000; i++) file.Append(i % 2 == 0 ? [A] : [], i % 2 == 0 ? [] : [A]);
        }

        Assert.InRange(File.ReadAllLines(Name).Length, 2, 1100);
        Assert.Equal("fd00:2::/48", Kept());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Name));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void TheLoopDoesNotWaitAndNothingIsLost()
    {
        using (var writer = new ProtectedWriter(Open()))
        {
            for (uint i = 0; i < 500; i++) writer.Write([new IpPrefix(FakeKernel.Ip($"10.{i / 250}.{i % 250}.0"), 24)], i % 5 == 4 ? [new IpPrefix(FakeKernel.Ip($"10.{i / 250}.{i % 250 - 1}.0"), 24)] : []);
            Assert.True(writer.Finish());
        }

        using var file = Open();
        Assert.Equal(400, file.Prefixes.Count);
    }
}
