using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Appliance.Shared.Tests.Processes;

public sealed unsafe class DoorbellTests : IDisposable
{
    private readonly uint* word = (uint*)NativeMemory.AllocZeroed(64);

    [Fact]
    public void SleeperWakesWhenTheWordChanges()
    {
        var ringer = new Thread(() =>
        {
            Thread.Sleep(50);
            Doorbell.Ring(ref *word);
        });
        ringer.Start();
        var clock = Stopwatch.StartNew();
        uint seen;
        while ((seen = Doorbell.Wait(ref *word, 0, TimeSpan.FromSeconds(20))) == 0 && clock.Elapsed < TimeSpan.FromSeconds(20))
        {
        }

        ringer.Join();
        Assert.Equal(1u, seen);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15));
    }

    [Fact]
    public void WaitEndsAfterItsTime()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(0u, Doorbell.Wait(ref *word, 0, TimeSpan.FromMilliseconds(30)));
        Assert.InRange(clock.ElapsedMilliseconds, 20, 10_000);
    }

    [Fact]
    public void WaitForAWordThatHasChangedDoesNotSleep()
    {
        *word = 5;
        Assert.Equal(5u, Doorbell.Wait(ref *word, 4, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void WakeEventIsSignalledUntilCleared()
    {
        using var wake = new WakeEvent();
        Assert.False(wake.Clear());
        wake.Signal();
        wake.Signal();
        Assert.True(wake.Clear());
        Assert.False(wake.Clear());
    }

    public void Dispose() => NativeMemory.Free(word);
}
