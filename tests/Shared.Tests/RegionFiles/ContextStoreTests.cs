using System.Runtime.InteropServices;

namespace Appliance.Shared.Tests.RegionFiles;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ContextStoreTests
{
    private static readonly RegionSizes Small = new() { InboundSas = 16, OutboundSas = 16, ContextSlots = 64 };

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(992)]
    [InlineData(993)]
    [InlineData(5000)]
    public void ContextIsThereForASuccessor(int length)
    {
        using var place = new TestRegion(Small);
        var context = Octets(length, 3);
        Assert.True(new ContextStore(place.Region).Save(0x1234_5678_9abc_def0, context));
        using var other = Region.Open(place.Path);
        var successor = new ContextStore(other);
        Assert.Equal([0x1234_5678_9abc_def0], successor.Ids);
        Assert.Equal(context, successor.Read(0x1234_5678_9abc_def0));
        Assert.Null(successor.Read(1));
    }

    [SkippableFact]
    public void NewContextReplacesTheOldOneAndItsSlotsComeBack()
    {
        using var place = new TestRegion(Small);
        var store = new ContextStore(place.Region);
        for (var i = 0; i < 1000; i++) Assert.True(store.Save((ulong)(i % 3), Octets(100 + i * 7 % 4000, (byte)i)));
        Assert.Equal(3, store.Ids.Count);
        Assert.Equal(Octets(100 + 999 * 7 % 4000, unchecked((byte)999)), store.Read(0));
        Assert.Equal(Octets(100 + 998 * 7 % 4000, unchecked((byte)998)), new ContextStore(place.Region).Read(2));
        foreach (var id in store.Ids.ToList()) Assert.True(store.Forget(id));
        Assert.Equal(64, store.Free);
        Assert.False(store.Forget(0));
    }

    [SkippableFact]
    public void ForgottenContextLeavesNoOctet()
    {
        using var place = new TestRegion(Small);
        var store = new ContextStore(place.Region);
        var secret = Octets(3000, 0xa5);
        store.Save(1, secret);
        store.Save(2, secret);
        store.Save(1, Octets(10, 1));
        store.Forget(2);
        store.Forget(1);
        Assert.Equal(0, Leftovers(place.Region));
    }

    [SkippableFact]
    public void ContextWithoutRoomIsRefusedAndTheOldOneIsNotKeptEither()
    {
        using var place = new TestRegion(Small);
        var store = new ContextStore(place.Region);
        Assert.True(store.Save(1, Octets(60 * 992, 1)));
        Assert.True(store.Save(2, Octets(10, 2)));
        Assert.False(store.Save(2, Octets(5 * 992, 3)));
        Assert.Null(store.Read(2));
        Assert.False(store.Save(3, new byte[ContextStore.MaximumLength + 1]));
        Assert.True(store.Save(2, Octets(4 * 992, 4)));
        Assert.Equal(0, store.Free);
    }

    /// <summary>The process dies after every single store of a replacement: its successor finds the old or the new context whole, nothing else, and no slot is lost.</summary>
    [SkippableFact]
    public void DeathAtAnyStepLeavesTheOldContextOrTheNewOne()
    {
        var (old, young, other) = (Octets(2500, 1), Octets(3500, 2), Octets(1500, 3));
        var (sawOld, sawYoung) = (0, 0);
        for (var steps = 0; ; steps++)
        {
            using var place = new TestRegion(Small);
            var store = new ContextStore(place.Region);
            store.Save(7, old);
            store.Save(8, other);
            var whole = store.SaveSteps(7, young).Take(steps).Count() < steps;
            var successor = new ContextStore(place.Region);
            var found = successor.Read(7);
            Assert.NotNull(found);
            if (found.SequenceEqual(old)) sawOld++;
            else
            {
                Assert.Equal(young, found);
                sawYoung++;
            }

            Assert.Equal(other, successor.Read(8));
            Assert.Equal(64 - 2 - (found.Length == old.Length ? 3 : 4), successor.Free);
            successor.Forget(7);
            successor.Forget(8);
            Assert.Equal(0, Leftovers(place.Region));
            if (whole) break;
        }

        Assert.True(sawOld > 4 && sawYoung > 4, $"{sawOld} times the old one, {sawYoung} times the new one");
    }

    [SkippableFact]
    public void ChainThatLeadsElsewhereIsNotTaken()
    {
        using var place = new TestRegion(Small);
        var store = new ContextStore(place.Region);
        store.Save(1, Octets(3000, 1));
        store.Save(2, Octets(100, 2));
        place.Region.ContextSlot(Head(place.Region, 1)).Next = 63;
        Assert.Equal([2ul], new ContextStore(place.Region).Ids);
        store = new ContextStore(place.Region);
        store.Save(1, Octets(3000, 1));
        var head = Head(place.Region, 1);
        place.Region.ContextSlot(head).Next = head;
        Assert.Equal([2ul], new ContextStore(place.Region).Ids);
        store = new ContextStore(place.Region);
        store.Save(1, Octets(3000, 1));
        place.Region.ContextSlot(Head(place.Region, 1)).Total = int.MaxValue;
        Assert.Equal([2ul], new ContextStore(place.Region).Ids);
    }

    private static uint Head(Region region, ulong id)
    {
        for (uint slot = 0; ; slot++)
            if (region.ContextSlot(slot).State == ContextSlot.Head && region.ContextSlot(slot).Id == id)
                return slot;
    }

    private static int Leftovers(Region region)
    {
        var left = 0;
        for (uint slot = 0; slot < region.Counts.ContextSlots; slot++)
            if (MemoryMarshal.AsBytes(new ReadOnlySpan<ContextSlot>(in region.ContextSlot(slot))).ContainsAnyExcept((byte)0))
                left++;
        return left;
    }

    private static byte[] Octets(int length, byte start)
    {
        var octets = new byte[length];
        for (var i = 0; i < length; i++) octets[i] = (byte)(start + i % 251);
        return octets;
    }
}
