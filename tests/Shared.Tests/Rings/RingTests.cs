namespace Appliance.Shared.Tests.Rings;

public sealed class RingTests
{
    [Fact]
    public void RingHoldsItsCapacityInOrder()
    {
        var ring = new SpscRing<int>(5);
        Assert.Equal(8, ring.Capacity);
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 8; i++) Assert.True(ring.TryEnqueue(round * 8 + i));
            Assert.False(ring.TryEnqueue(99));
            Assert.Equal(8, ring.Count);
            Assert.True(ring.TryDequeue(out var first));
            Assert.Equal(round * 8, first);
            var batch = new int[10];
            Assert.Equal(7, ring.Dequeue(batch));
            Assert.Equal(Enumerable.Range(round * 8 + 1, 7), batch.Take(7));
            Assert.Equal(0, ring.Dequeue(batch));
            Assert.False(ring.TryDequeue(out _));
        }
    }

    [SkippableFact]
    public void FullEventRingLosesAndCounts()
    {
        using var place = new TestRegion(new RegionSizes { EventsPerWorker = 4 });
        var ring = place.Region.Events(1);
        for (uint i = 0; i < 6; i++) Assert.Equal(i < 4, ring.TryRaise(new EventRecord { Kind = EventKind.Acquire, Tunnel = i }));
        Assert.Equal(2ul, ring.Lost);

        // A slow path that starts again goes on where the one before stopped.
        Assert.True(ring.TryTake(out var first));
        Assert.Equal(0u, first.Tunnel);
        var again = place.Region.Events(1);
        for (uint i = 1; i < 4; i++)
        {
            Assert.True(again.TryTake(out var next));
            Assert.Equal(i, next.Tunnel);
        }

        Assert.False(again.TryTake(out _));
        Assert.False(place.Region.Events(0).TryTake(out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => place.Region.Events(WorkerBlock.Maximum));
    }
}
