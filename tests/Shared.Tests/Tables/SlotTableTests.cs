using System.Runtime.InteropServices;

namespace Appliance.Shared.Tests.Tables;

public sealed class SlotTableTests
{
    private static readonly RegionSizes Small = new() { OutboundSas = 4, InboundSas = 4, Tunnels = 4, NextHops = 4, Adjacencies = 4 };

    [SkippableFact]
    public void SlotIsUsedAgainOnlyAfterEveryWorkerPassed()
    {
        using var place = new TestRegion(Small);
        var region = place.Region;
        region.Header.DataPlaneProcess = Environment.ProcessId;
        var table = SlotTable.ForOutboundSas(region, new Quiescence(region));
        var slots = TakeAll(table);
        Assert.Equal(4, slots.Count);
        WorkerEpoch.Enter(ref region.Worker(0));
        table.Retire(slots[2]);
        Assert.Equal(0, table.Reclaim());
        Assert.False(table.TryTake(out _));
        Assert.Equal(SlotState.Retired, region.OutboundSa(slots[2]).State);
        WorkerEpoch.Pass(ref region.Worker(0));
        Assert.True(table.TryTake(out var again));
        Assert.Equal(slots[2], again);
    }

    [SkippableFact]
    public void ReclaimedSlotIsWipedAndItsGenerationRises()
    {
        using var place = new TestRegion(Small);
        var region = place.Region;
        var table = SlotTable.ForInboundSas(region, new Quiescence(region));
        Assert.True(table.TryTake(out var slot));
        ref var sa = ref region.InboundSa(slot);
        Assert.Equal(SlotState.Writing, sa.State);
        Assert.Equal(1u, sa.Generation);
        Assert.Equal(1u, region.InboundState(slot).Generation);
        Octets(ref sa)[8..].Fill(0xaa);
        region.InboundState(slot).Highest = 77;
        table.Publish(slot);
        Assert.Equal([slot], region.LiveInboundSas());
        table.Retire(slot);
        Assert.Equal(1, table.Reclaim());
        Assert.Equal(-1, Octets(ref sa)[8..].IndexOfAnyExcept((byte)0));
        Assert.Equal(0ul, region.InboundState(slot).Highest);
        Assert.Equal(SlotState.Free, sa.State);
        Assert.True(table.TryTake(out var again));
        Assert.Equal(slot, again);
        Assert.Equal(2u, sa.Generation);
        Assert.Equal(2u, region.InboundState(slot).Generation);
    }

    [SkippableFact]
    public void AbandonedSlotLeavesNoKey()
    {
        using var place = new TestRegion(Small);
        var table = SlotTable.ForOutboundSas(place.Region, new Quiescence(place.Region));
        Assert.True(table.TryTake(out var slot));
        Octets(ref place.Region.OutboundSa(slot))[256..].Fill(0xaa);
        table.Abandon(slot);
        Assert.Equal(-1, Octets(ref place.Region.OutboundSa(slot))[256..].IndexOfAnyExcept((byte)0));
        Assert.Equal(4, table.Free);
    }

    [SkippableFact]
    public void NewSlowPathKeepsWhatIsLiveAndWipesWhatWasHalfDone()
    {
        using var place = new TestRegion(Small);
        var region = place.Region;
        var first = SlotTable.ForOutboundSas(region, new Quiescence(region));
        var slots = TakeAll(first, publish: false);
        first.Publish(slots[0]);
        first.Publish(slots[1]);
        first.Retire(slots[1]);
        Octets(ref region.OutboundSa(slots[2]))[256..].Fill(0xaa);

        var second = SlotTable.ForOutboundSas(region, new Quiescence(region));
        Assert.Equal([slots[0]], second.Live);
        Assert.Equal(3, second.Reclaim());
        Assert.Equal(SlotState.Free, region.OutboundSa(slots[2]).State);
        Assert.Equal(-1, Octets(ref region.OutboundSa(slots[2]))[256..].IndexOfAnyExcept((byte)0));
        Assert.Equal(3, TakeAll(second).Count);
    }

    [SkippableFact]
    public void NextHopZeroIsNeverHandedOut()
    {
        using var place = new TestRegion(Small);
        var table = SlotTable.ForNextHops(place.Region, new Quiescence(place.Region));
        Assert.Equal([1u, 2u, 3u], TakeAll(table));
    }

    [SkippableFact]
    public void WrongStateIsAnError()
    {
        using var place = new TestRegion(Small);
        var table = SlotTable.ForTunnels(place.Region, new Quiescence(place.Region));
        Assert.Throws<InvalidOperationException>(() => table.Publish(0));
        Assert.Throws<InvalidOperationException>(() => table.Retire(0));
        Assert.True(table.TryTake(out var slot));
        table.Publish(slot);
        Assert.Throws<InvalidOperationException>(() => table.Publish(slot));
        Assert.Throws<InvalidOperationException>(() => table.Abandon(slot));
        table.Retire(slot);
        Assert.Throws<InvalidOperationException>(() => table.Retire(slot));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Retire(99));
    }

    [SkippableFact]
    public void MillionSaRegionIsLookedThroughWithoutTouchingIt()
    {
        using var place = new TestRegion(new RegionSizes { OutboundSas = 1_000_000, InboundSas = 1_000_000 });
        var region = place.Region;
        var quiescence = new Quiescence(region);
        var table = SlotTable.ForOutboundSas(region, quiescence);
        Assert.True(table.TryTake(out var slot));
        table.Publish(slot);
        Assert.Equal([slot], SlotTable.ForOutboundSas(region, quiescence).Live);
        Assert.Empty(SlotTable.ForInboundSas(region, quiescence).Live);
        Assert.Equal(0, new SaLookupTable(region, quiescence).Count);
        Assert.Equal([slot], region.LiveOutboundSas());

        // Of some 3 GB: the pages that were touched, which are huge where the tmpfs gives such.
        Assert.InRange(Blocks(place.Path), 1, 32 << 20);
    }

    [Fact]
    public void RangesAreTakenRetiredAndJoined()
    {
        ulong epoch = 1;
        var ranges = new SlotRanges(10, new Quiescence(_ => epoch, () => true));
        Assert.True(ranges.TryTake(4, out var a));
        Assert.True(ranges.TryTake(6, out var b));
        Assert.Equal((0u, 4u), (a, b));
        Assert.False(ranges.TryTake(1, out _));
        ranges.Retire(a, 4);
        ranges.Retire(b, 6);
        Assert.False(ranges.TryTake(1, out _));
        epoch = 3;
        Assert.True(ranges.TryTake(10, out var whole));
        Assert.Equal(0u, whole);

        var after = new SlotRanges(10, new Quiescence(_ => 0, () => true));
        Assert.True(after.TryClaim(3, 4));
        Assert.False(after.TryClaim(6, 2));
        Assert.True(after.TryTake(3, out var low));
        Assert.True(after.TryTake(3, out var high));
        Assert.Equal((0u, 7u), (low, high));
        Assert.Equal(0, after.Free);
    }

    private static Span<byte> Octets<T>(ref T record) where T : unmanaged => MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref record, 1));

    private static List<uint> TakeAll(SlotTable table, bool publish = true)
    {
        var slots = new List<uint>();
        while (table.TryTake(out var slot))
        {
            slots.Add(slot);
            if (publish) table.Publish(slot);
        }

        return slots;
    }

    /// <summary>Octets that a sparse file takes.</summary>
    private static long Blocks(string path)
    {
        using var du = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("du", ["-B1", path]) { RedirectStandardOutput = true })!;
        return long.Parse(du.StandardOutput.ReadToEnd().Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
