namespace Appliance.Machine;

public class TimerQueueTests
{
    [Fact]
    public void TimersComeInTheirOrderAndOnlyWhenDue()
    {
        var timers = new TimerQueue<string>();
        timers.Set("b", new Instant(20));
        timers.Set("a", new Instant(10));
        Assert.Equal(new Instant(10), timers.NextDue);
        Assert.False(timers.TryTake(new Instant(9), out _));
        Assert.True(timers.TryTake(new Instant(20), out var first));
        Assert.True(timers.TryTake(new Instant(20), out var second));
        Assert.Equal(("a", "b"), (first, second));
        Assert.Equal(Instant.Never, timers.NextDue);
    }

    [Fact]
    public void ATimerSetAgainFiresOnceAtTheLastMoment()
    {
        var timers = new TimerQueue<int>();
        for (var i = 1; i <= 1000; i++) timers.Set(7, new Instant(i));
        Assert.Equal(1, timers.Count);
        Assert.False(timers.TryTake(new Instant(999), out _));
        Assert.True(timers.TryTake(new Instant(1000), out var key));
        Assert.Equal(7, key);
        Assert.False(timers.TryTake(new Instant(5000), out _));
    }

    [Fact]
    public void AStoppedTimerDoesNotFire()
    {
        var timers = new TimerQueue<int>();
        timers.Set(1, new Instant(1));
        timers.Stop(1);
        Assert.Equal(Instant.Never, timers.NextDue);
        Assert.False(timers.TryTake(new Instant(5), out _));
    }

    [Fact]
    public void TheSameSeedGivesTheSameOctetsAndAnotherSeedOthers()
    {
        var seed = new byte[Entropy.SeedLength];
        var (a, b) = (new Entropy(seed), new Entropy(seed));
        Assert.Equal(a.Octets(100), b.Octets(100));
        seed[0] = 1;
        Assert.NotEqual(new Entropy(seed).Octets(32), b.Octets(32));
    }
}
