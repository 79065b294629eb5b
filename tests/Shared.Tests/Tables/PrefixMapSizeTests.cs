namespace Appliance.Shared.Tests.Tables;

/// <summary>Memory is counted for the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(PrefixMapSizeTests), DisableParallelization = true)]
[Collection(nameof(PrefixMapSizeTests))]
public class PrefixMapSizeTests
{
    [Fact]
    public void AMillionTakeAtMost24OctetsEach()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var map = new PrefixMap();
        for (uint i = 0; i < 1_000_000; i++) map.Set((UInt128)(i * 14u << 8) << 96, 24, 1 + i % 7);
        var octets = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.Equal(1_000_000, map.Count);
        Assert.True(octets <= 24_000_000, $"{octets} octets");
        GC.KeepAlive(map);
    }
}
