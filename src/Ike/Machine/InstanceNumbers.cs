namespace Appliance.Ike.Machine;

/// <summary>Numbers of instances of tunnels that many peers share: the smallest that is free, from 1.</summary>
internal sealed class InstanceNumbers
{
    private readonly SortedSet<uint> free = [];
    private uint next = 1;

    /// <summary>Takes one.</summary>
    public uint Take()
    {
        if (free.Count == 0) return next++;
        var number = free.Min;
        free.Remove(number);
        return number;
    }

    /// <summary>Takes the one that an earlier process had given.</summary>
    public void Take(uint number)
    {
        while (next <= number && next < uint.MaxValue) free.Add(next++);
        free.Remove(number);
    }

    /// <summary>Gives one back; 0 is none.</summary>
    public void Give(uint number)
    {
        if (number != 0) free.Add(number);
    }
}
