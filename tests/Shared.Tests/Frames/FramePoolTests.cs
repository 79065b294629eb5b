namespace Appliance.Shared.Tests.Frames;

public sealed class FramePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void EveryFrameIsHandedOutOnceAndThePoolIsWholeAgain(int workers)
    {
        using var memory = new FrameMemory(30, 6);
        var exchange = new FrameExchange(memory, workers, watchLeases: true);
        var taken = new List<(int Worker, uint Address)>();
        foreach (var pool in exchange.Pools)
        {
            while (pool.TryTake(out var frame)) taken.Add((pool.Worker, frame));
            while (pool.TryTakeJumbo(out var run)) taken.Add((pool.Worker, run));
            Assert.Equal((0, 0), (pool.Free, pool.FreeJumbo));
        }

        Assert.Equal(36, taken.Select(t => t.Address).Distinct().Count());
        Assert.All(taken, t => Assert.Equal(t.Address, memory.FrameOf(t.Address + 100)));

        // Each comes back to a worker that it does not belong to, by an address in its middle.
        foreach (var (worker, address) in taken) exchange.Pools[(worker + 1) % workers].Give(address + FrameMemory.Headroom);
        foreach (var pool in exchange.Pools)
        {
            pool.Collect();
            Assert.Equal((pool.Capacity, pool.JumboCapacity), (pool.Free, pool.FreeJumbo));
        }
    }

    [Fact]
    public void FrameGivenBackTwiceIsCaught()
    {
        using var memory = new FrameMemory(8, 2);
        var exchange = new FrameExchange(memory, 2, watchLeases: true);
        Assert.True(exchange.Pools[0].TryTake(out var frame));
        Assert.True(exchange.Pools[0].TryTakeJumbo(out var run));
        exchange.Pools[0].Give(frame + 17);
        Assert.Throws<InvalidOperationException>(() => exchange.Pools[0].Give(frame));
        exchange.Pools[1].Give(run);
        Assert.Throws<InvalidOperationException>(() => exchange.Pools[0].Give(run));
    }

    [Fact]
    public void WorkersExchangeFramesAtTheSameTimeAndNoneIsLost()
    {
        using var memory = new FrameMemory(128, 0);
        var exchange = new FrameExchange(memory, 2, watchLeases: true);
        var there = new SpscRing<uint>(64);
        var done = false;
        var receiver = new Thread(() =>
        {
            while (!Volatile.Read(ref done) || there.Count > 0)
            {
                while (there.TryDequeue(out var frame)) exchange.Pools[1].Give(frame);
            }
        });
        receiver.Start();
        var sent = 0;
        var patience = Environment.TickCount64 + 60_000;
        while (sent < 200_000 && Environment.TickCount64 < patience)
        {
            if (!exchange.Pools[0].TryTake(out var frame)) continue;
            if (there.TryEnqueue(frame)) sent++;
            else exchange.Pools[0].Give(frame);
        }

        Volatile.Write(ref done, true);
        receiver.Join();
        exchange.Pools[0].Collect();
        Assert.Equal(200_000, sent);
        Assert.Equal(64, exchange.Pools[0].Free);
        Assert.Equal(64, exchange.Pools[1].Free);
    }

    [Fact]
    public void RoomIsUpToTheEndOfTheFrameOrRun()
    {
        using var memory = new FrameMemory(2, 1);
        Assert.Equal(FrameMemory.FrameSize - 100, memory.Room(100));
        Assert.Equal(1, memory.Room(2 * FrameMemory.FrameSize - 1));
        Assert.Equal(FrameMemory.JumboSize - 5, memory.Room(memory.JumboStart + 5));
        Assert.Equal(memory.JumboStart, memory.FrameOf(memory.Length - 1));
    }
}
