namespace Appliance.Shared;

/// <summary>
/// Prefixes of one family with a number each: 13 octets a place and at most 15 % of them empty beyond what growing left, since a million of them stand here. Open addressing with linear probing;
/// what is taken out closes the gap behind it. Prefixes longer than 64 bits, of which there are few, stand apart. Addresses are left-aligned in 128 bits.
/// </summary>
internal sealed class PrefixMap
{
    private const int Smallest = 16;
    private static ulong instances;

    // What comes out of one of these comes in the order of its hash: with the same hash it would crowd at the front of the next.
    private readonly ulong salt = Interlocked.Increment(ref instances) * 0x9fb2_1c65_1e98_df25UL;
    private readonly Dictionary<(UInt128 Prefix, byte Length), uint> longer = [];
    private ulong[] keys = new ulong[Smallest];
    private uint[] values = new uint[Smallest];
    private byte[] lengths = new byte[Smallest];
    private int shorter;

    /// <summary>How many.</summary>
    public int Count => shorter + longer.Count;

    /// <summary>All, in no order.</summary>
    public IEnumerable<RouteEntry> Entries
    {
        get
        {
            for (var i = 0; i < values.Length; i++)
                if (values[i] != 0)
                    yield return new RouteEntry((UInt128)keys[i] << 64, lengths[i], values[i]);
            foreach (var ((prefix, length), value) in longer) yield return new RouteEntry(prefix, length, value);
        }
    }

    /// <summary>The number of exactly this prefix; false, and 0, when it is not there.</summary>
    public bool TryGet(UInt128 prefix, int length, out uint value)
    {
        if (length > 64) return longer.TryGetValue((prefix, (byte)length), out value);
        value = values[Place((ulong)(prefix >> 64), (byte)length)];
        return value != 0;
    }

    /// <summary>Adds a prefix or changes its number, which is not 0. True when it is new.</summary>
    public bool Set(UInt128 prefix, int length, uint value)
    {
        if (length > 64)
        {
            var before = longer.Count;
            longer[(prefix, (byte)length)] = value;
            return longer.Count != before;
        }

        var key = (ulong)(prefix >> 64);
        var at = Place(key, (byte)length);
        var isNew = values[at] == 0;
        if (isNew && (long)(shorter + 1) * 20 > (long)values.Length * 17)
        {
            Resize(Math.Max(Smallest, (int)Math.Min(values.Length + values.Length / 2L, Array.MaxLength)));
            at = Place(key, (byte)length);
        }

        (keys[at], lengths[at], values[at]) = (key, (byte)length, value);
        if (isNew) shorter++;
        return isNew;
    }

    /// <summary>Takes a prefix out; false when it is not there.</summary>
    public bool Remove(UInt128 prefix, int length)
    {
        if (length > 64) return longer.Remove((prefix, (byte)length));
        var at = Place((ulong)(prefix >> 64), (byte)length);
        if (values[at] == 0) return false;
        shorter--;
        Close(at);
        return true;
    }

    /// <summary>Nothing in it any more, and room for <paramref name="count"/>.</summary>
    public void Clear(int count)
    {
        longer.Clear();
        shorter = 0;
        var places = (int)Math.Min(Math.Max(Smallest, count * 5L / 4 + 1), Array.MaxLength);
        (keys, values, lengths) = (new ulong[places], new uint[places], new byte[places]);
    }

    // What stands behind the gap moves into it unless its own place lies between the two (cyclically).
    private void Close(int gap)
    {
        var at = gap;
        while (true)
        {
            at = at + 1 == values.Length ? 0 : at + 1;
            if (values[at] == 0) break;
            var home = Home(keys[at], lengths[at]);
            if (gap <= at ? gap < home && home <= at : gap < home || home <= at) continue;
            (keys[gap], lengths[gap], values[gap]) = (keys[at], lengths[at], values[at]);
            gap = at;
        }

        values[gap] = 0;
    }

    private int Place(ulong key, byte length)
    {
        var at = Home(key, length);
        while (values[at] != 0 && (keys[at] != key || lengths[at] != length)) at = at + 1 == values.Length ? 0 : at + 1;
        return at;
    }

    private int Home(ulong key, byte length)
    {
        var hash = (key + salt + length * 0x9e37_79b9_7f4a_7c15UL) * 0xff51_afd7_ed55_8ccdUL;
        hash = (hash ^ hash >> 32) * 0xc4ce_b9fe_1a85_ec53UL;
        return (int)Math.BigMul(hash, (ulong)values.Length, out _);
    }

    private void Resize(int places)
    {
        var (oldKeys, oldValues, oldLengths) = (keys, values, lengths);
        (keys, values, lengths) = (new ulong[places], new uint[places], new byte[places]);
        for (var i = 0; i < oldValues.Length; i++)
        {
            if (oldValues[i] == 0) continue;
            var at = Place(oldKeys[i], oldLengths[i]);
            (keys[at], lengths[at], values[at]) = (oldKeys[i], oldLengths[i], oldValues[i]);
        }
    }
}
