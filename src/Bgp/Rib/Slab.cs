namespace Appliance.Bgp;

/// <summary>Something with a link to the next of its kind: in a chain while it is used, in the list of free ones while it is not.</summary>
internal interface ILinked
{
    /// <summary>Index of the next; 0 for none.</summary>
    int Next { get; set; }
}

/// <summary>Structs by index, given out and taken back; an index that was taken back is the next one to be given out. 0 is never given out.</summary>
internal sealed class Slab<T>
    where T : struct, ILinked
{
    private readonly Chunks<T> items = new();
    private int free;

    /// <summary>One beyond the highest index that is or was in use.</summary>
    public int Top { get; private set; } = 1;

    /// <summary>How many are in use.</summary>
    public int Count { get; private set; }

    /// <summary>An element, in place.</summary>
    public ref T this[int index] => ref items[index];

    /// <summary>Gives out an index; the element is in its zero state.</summary>
    public int Take()
    {
        Count++;
        if (free == 0)
        {
            items.Reach(Top);
            return Top++;
        }

        var index = free;
        ref var item = ref items[index];
        free = item.Next;
        item = default;
        return index;
    }

    /// <summary>Takes an index back.</summary>
    public void Give(int index)
    {
        if (--Count == 0)
        {
            items.Clear();
            free = 0;
            Top = 1;
            return;
        }

        ref var item = ref items[index];
        item = default;
        item.Next = free;
        free = index;
    }
}
