using System.Runtime.CompilerServices;
using Appliance.Shared;

namespace Appliance.Litmus;

public sealed class RingLitmus
{
    private const int Burst = 4096;

    /// <summary>Two words that belong together; a consumer that sees them before they are written sees an older pair.</summary>
    private readonly record struct Item(ulong Number, ulong Inverse);

    [SkippableFact]
    public void ConsumerSeesEveryItemWholeAndInOrder()
    {
        var ring = new SpscRing<Item>(64);
        ulong sent = 0, expected = 0;
        Assert.False(Duel.SeesViolation(Duel.Hold, () => SendBurst(ref sent, item => ring.TryEnqueue(item)), () => ReceiveBurst(ref expected, ring.TryDequeue)));
        Assert.True(expected > Burst, $"only {expected} items came through");
    }

    [SkippableFact]
    public void RingThatPublishesItsIndexBeforeTheSlotFails()
    {
        var ring = new IndexFirstRing(64);
        ulong sent = 0, expected = 0;
        Assert.True(Duel.SeesViolation(Duel.Fall, () => SendBurst(ref sent, item => ring.TryEnqueue(item)), () => ReceiveBurst(ref expected, ring.TryDequeue)));
    }

    [SkippableFact]
    public void RingThatFreesAPlaceBeforeItIsReadFails()
    {
        var ring = new FreeFirstRing(2);
        ulong sent = 0, expected = 0;
        Assert.True(Duel.SeesViolation(Duel.Fall, () => SendBurst(ref sent, item => ring.TryEnqueue(item)), () => ReceiveBurst(ref expected, ring.TryDequeue)));
    }

    private delegate bool Taker(out Item item);

    private static void SendBurst(ref ulong sent, Func<Item, bool> enqueue)
    {
        for (var i = 0; i < Burst; i++)
        {
            if (enqueue(new Item(sent, ~sent))) sent++;
        }
    }

    private static bool ReceiveBurst(ref ulong expected, Taker dequeue)
    {
        for (var i = 0; i < Burst; i++)
        {
            if (!dequeue(out var item)) continue;
            if (item.Number != expected || item.Inverse != ~expected) return true;
            expected++;
        }

        return false;
    }

    /// <summary>Wrong: the producer's index is stored before the item. (x86 keeps stores in order, so the order is wrong in the program.)</summary>
    private sealed class IndexFirstRing(int capacity)
    {
        private readonly Item[] slots = new Item[capacity];
        private uint tail;
        private uint head;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public bool TryEnqueue(in Item item)
        {
            var at = tail;
            if (at - Volatile.Read(ref head) == (uint)slots.Length) return false;
            Volatile.Write(ref tail, at + 1);
            slots[at % (uint)slots.Length] = item;
            return true;
        }

        public bool TryDequeue(out Item item)
        {
            item = default;
            if (head == Volatile.Read(ref tail)) return false;
            item = slots[head % (uint)slots.Length];
            Volatile.Write(ref head, head + 1);
            return true;
        }
    }

    /// <summary>Wrong: the consumer's index is stored before the item is read.</summary>
    private sealed class FreeFirstRing(int capacity)
    {
        private readonly Item[] slots = new Item[capacity];
        private uint tail;
        private uint head;

        public bool TryEnqueue(in Item item)
        {
            if (tail - Volatile.Read(ref head) == (uint)slots.Length) return false;
            slots[tail % (uint)slots.Length] = item;
            Volatile.Write(ref tail, tail + 1);
            return true;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public bool TryDequeue(out Item item)
        {
            item = default;
            var at = head;
            if (at == Volatile.Read(ref tail)) return false;
            Interlocked.Exchange(ref head, at + 1);
            item = slots[at % (uint)slots.Length];
            return true;
        }
    }
}
