namespace Appliance.Shared;

/// <summary>A prefix as the writers sort it: left-aligned in 128 bits, by address and then by length, so that what covers comes before what it covers.</summary>
internal readonly record struct RouteEntry(UInt128 Prefix, byte Length, uint Value) : IComparable<RouteEntry>
{
    public int CompareTo(RouteEntry other)
    {
        var order = Prefix.CompareTo(other.Prefix);
        return order != 0 ? order : Length.CompareTo(other.Length);
    }

    public static UInt128 Mask(UInt128 prefix, int length) => length == 0 ? 0 : prefix & (UInt128.MaxValue << (128 - length));
}
