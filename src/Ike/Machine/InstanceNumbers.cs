namespace Appliance.Ike.Machine;

/// <summary>Numbers of instances of tunnels that many peers share: the smallest that is free, from 1.</summary>
internal sealed class InstanceNumbers
{
    /// <summary>Below <see cref="next"/>, and nobody's.</summary>
    private readonly SortedSet<uint> free = [];

    /// <summary>Not below <see cref="next"/>, and somebody's.</summary>
    private readonly HashSet<uint> ahead = [];

    private uint next = 1;

    /// <summary>Takes one.</summary>
    public uint Take()
    {
        if (free.Count > 0)
        {
            var number = free.Min;
            free.Remove(number);
            return number;
        }

        while (ahead.Remove(next)) next++;
        return next++;
    }

    /// <summary>Takes the one that an earlier process had given; 0 is none.</summary>
    public void Take(uint number)
    {
        if (number >= next) ahead.Add(number);
        else free.Remove(number);
    }

    /// <summary>Gives one back; 0 is none.</summary>
    public void Give(uint number)
    {
        if (number >= next) ahead.Remove(number);
        else if (number != 0) free.Add(number);
    }
}
