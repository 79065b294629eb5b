namespace Appliance.Shared.Tests;

public class HugePagesTests
{
    [SkippableFact]
    public void TheRegionsTmpfsGivesHugePagesToFilesThatAskForThem()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root to mount a tmpfs again");
        HugePages.Offer("/dev/shm");
        var (point, options) = HugePages.MountOf("/dev/shm");
        Assert.Equal("/dev/shm", point);
        Assert.Contains("huge=", options, StringComparison.Ordinal);
    }

    [Fact]
    public void ADirectoryThatIsOnNoTmpfsHasNone() => Assert.Equal(("", ""), HugePages.MountOf("/proc/self"));
}
