using Appliance.Shared;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Esp.Tests;

[Trait("RFC", "4303")]
public class ReplayWindowTests
{
    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(1024)]
    [InlineData(4032)]
    [InlineData(4096)]
    public void Rfc4303_3_4_3_AcceptsExactlyWhatANaiveWindowAccepts(int window)
    {
        var step = Gen.Frequency((8, Gen.Choose(-3, 3)), (4, Gen.Choose(-window - 2, window + 2)), (2, Gen.Choose(-70, 70)), (1, Gen.Choose(-5000, 9000)));
        var property = Prop.ForAll(step.ListOf(300).ToArbitrary(), steps => Agrees(steps, (uint)window));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), property);
    }

    [Fact]
    public void Rfc4303_3_4_3_TheWindowHasNoSlack()
    {
        foreach (var window in (uint[])[64, 128, 4096])
        {
            var state = default(InboundSaState);
            Assert.Equal(DropReason.None, ReplayWindow.CheckAndUpdate(ref state, window, 10_000));
            Assert.Equal(DropReason.TooOld, ReplayWindow.Check(ref state, window, 10_000 - window));
            Assert.Equal(DropReason.None, ReplayWindow.Check(ref state, window, 10_000 - window + 1));
            Assert.Equal(DropReason.Replayed, ReplayWindow.Check(ref state, window, 10_000));
        }
    }

    [Fact]
    public void Rfc4303_3_4_3_CheckingChangesNothing()
    {
        var state = default(InboundSaState);
        ReplayWindow.CheckAndUpdate(ref state, 64, 5);
        ReplayWindow.Check(ref state, 64, 900);
        Assert.Equal(5ul, state.Highest);
        Assert.Equal(DropReason.None, ReplayWindow.Check(ref state, 64, 4));
    }

    [Fact]
    public void Rfc4303_A2_2_InfersTheNumberThatLiesInTheWindowOrAhead()
    {
        var number = Between(0, long.MaxValue - (1L << 34)).Select(n => (ulong)n);
        var near = Gen.Frequency((4, Between(-4200, 4200)), (2, Between(-100, 1L << 31)), (1, Between(0, (1L << 32) - 5000)));
        var edge = Gen.Frequency((3, number), (3, number.Select(n => n & ~0xffff_fffful | n % 5000)), (2, number.Select(n => n % 20_000_000_000)), (2, number.Select(n => n % 5000)));
        var cases = from highest in edge from distance in near from window in Gen.Elements(64u, 1024u, 4096u) select (highest, distance, window);
        var property = Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var (highest, distance, window) = c;
            if (distance < 0 && (ulong)-distance > highest) return true;
            var sent = highest + (ulong)distance;
            if (distance <= -(long)window || (highest < window - 1 && sent >= (1ul << 32) + highest - window + 1)) return true;
            return ReplayWindow.TryInfer(highest, window, (uint)sent, out var inferred) && inferred == sent;
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000), property);
    }

    [Fact]
    public void Rfc4303_A2_2_NothingLiesBeforeTheFirstNumberOrBehindTheLast()
    {
        Assert.False(ReplayWindow.TryInfer(10, 64, uint.MaxValue - 5, out _));
        Assert.True(ReplayWindow.TryInfer(ulong.MaxValue - 3, 64, uint.MaxValue, out var last));
        Assert.Equal(ulong.MaxValue, last);
        Assert.False(ReplayWindow.TryInfer(ulong.MaxValue - 3, 64, 7, out _));
    }

    private static Gen<long> Between(long low, long high) =>
        from a in Gen.Choose(0, int.MaxValue) from b in Gen.Choose(0, int.MaxValue) select low + (((long)a << 31) | (long)b) % (high - low + 1);

    private static bool Agrees(IEnumerable<int> steps, uint window)
    {
        var state = default(InboundSaState);
        var seen = new HashSet<ulong>();
        ulong highest = 0;
        foreach (var step in steps)
        {
            var sequence = (long)highest + step < 1 ? 1ul : (ulong)((long)highest + step);
            var expected = highest >= window && sequence <= highest - window ? DropReason.TooOld : seen.Contains(sequence) ? DropReason.Replayed : DropReason.None;
            if (ReplayWindow.Check(ref state, window, sequence) != expected) return false;
            if (ReplayWindow.CheckAndUpdate(ref state, window, sequence) != expected) return false;
            if (expected != DropReason.None) continue;
            seen.Add(sequence);
            highest = Math.Max(highest, sequence);
            if (state.Highest != highest) return false;
        }

        return true;
    }
}
