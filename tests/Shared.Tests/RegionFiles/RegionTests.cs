namespace Appliance.Shared.Tests.RegionFiles;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class RegionTests
{
    private static readonly RegionSizes Small = new() { InboundSas = 16, OutboundSas = 16 };

    [SkippableFact]
    public void RegionKeepsItsStateForTheNextProcess()
    {
        using var place = new TestRegion(Small);
        place.Region.OutboundState(3).Sequence = 77;
        using (var other = Region.Open(place.Path))
        {
            Assert.Equal(77ul, other.OutboundState(3).Sequence);
            other.OutboundState(3).Sequence = 78;
        }

        Assert.Equal(78ul, place.Region.OutboundState(3).Sequence);
        using var again = Region.CreateOrOpen(place.Path, Small, 4, out var kept);
        Assert.True(kept);
        Assert.Equal(78ul, again.OutboundState(3).Sequence);
        Assert.Equal(4u, again.Header.Workers);
    }

    [SkippableFact]
    public void OtherSizesMakeANewRegion()
    {
        using var place = new TestRegion(Small);
        place.Region.OutboundState(3).Sequence = 77;
        using var other = Region.CreateOrOpen(place.Path, Small with { InboundSas = 32 }, 2, out var kept);
        Assert.False(kept);
        Assert.Equal(0ul, other.OutboundState(3).Sequence);
        Assert.Equal(32, other.Counts.InboundSas);
    }

    [SkippableFact]
    public void FileIsTheOwnersAloneAndSparse()
    {
        using var place = new TestRegion(Small);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(place.Path));
        Assert.Equal((long)place.Region.Length, new FileInfo(place.Path).Length);
    }

    [SkippableFact]
    public void MappingIsLockedAndLeftOutOfCoreDumps()
    {
        using var place = new TestRegion(Small);
        var lines = File.ReadAllLines("/proc/self/smaps").SkipWhile(l => !l.EndsWith(place.Path, StringComparison.Ordinal)).ToArray();
        var flags = lines.First(l => l.StartsWith("VmFlags:", StringComparison.Ordinal)).Split(' ');
        Assert.Contains("lo", flags);
        Assert.Contains("dd", flags);
    }

    [SkippableFact]
    public void OtherLayoutIsRefused()
    {
        using var place = new TestRegion(Small);
        place.Region.Header.Layout++;
        Assert.Contains("layout", Assert.Throws<IOException>(() => Region.Open(place.Path)).Message, StringComparison.Ordinal);
        place.Region.Header.Layout--;
        place.Region.Header.Magic = 0;
        Assert.Contains("not a region", Assert.Throws<IOException>(() => Region.Open(place.Path)).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void TruncatedFileIsRefused()
    {
        using var place = new TestRegion(Small);
        var path = $"{place.Directory}/short";
        File.Copy(place.Path, path);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite)) file.SetLength(file.Length - 4096);
        Assert.Contains("length", Assert.Throws<IOException>(() => Region.Open(path)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "x");
        Assert.Contains("shorter", Assert.Throws<IOException>(() => Region.Open(path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => Region.Open($"{place.Directory}/none"));
        using var made = Region.CreateOrOpen(path, Small, 1, out var kept);
        Assert.False(kept);
    }

    [Fact]
    public void DirectoryThatIsNotOnTmpfsIsRefused()
    {
        var directory = AppContext.BaseDirectory;
        var error = Assert.Throws<IOException>(() => Region.CreateOrOpen(Path.Combine(directory, "region"), Small, 1, out _));
        Assert.Contains("tmpfs", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(directory, "region")));
    }

    [SkippableFact]
    public void SlotOutOfRangeIsAnErrorAndNotAWildPointer()
    {
        using var place = new TestRegion(Small);
        Assert.Throws<ArgumentOutOfRangeException>(() => place.Region.OutboundSa(16).State);
        Assert.Throws<ArgumentOutOfRangeException>(() => place.Region.Tunnel(uint.MaxValue).State);
        Assert.Throws<ArgumentOutOfRangeException>(() => place.Region.Worker(-1).Epoch);
    }

    [SkippableFact]
    public void WipeLeavesNoOctetAndNoFile()
    {
        using var place = new TestRegion(Small);
        place.Region.OutboundSa(5).Spi = 0x1234;
        place.Region.InboundState(15).Highest = 9;
        Region.WipeAndDelete(place.Path);
        Assert.False(File.Exists(place.Path));
        Assert.Equal(0u, place.Region.OutboundSa(5).Spi);
        Assert.Equal(0ul, place.Region.InboundState(15).Highest);
        Assert.Equal(0ul, place.Region.Header.Magic);
        Region.WipeAndDelete(place.Path);
    }
}
