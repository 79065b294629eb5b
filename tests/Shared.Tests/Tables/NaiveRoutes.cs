namespace Appliance.Shared.Tests.Tables;

/// <summary>Longest-prefix match as the definition says it: every length is tried.</summary>
internal sealed class NaiveRoutes(int bits)
{
    private readonly Dictionary<(UInt128, int), uint> routes = [];

    public IEnumerable<Route> Routes => routes.Select(r => new Route(Address(r.Key.Item1), (byte)r.Key.Item2, r.Value));

    public void Set(IpAddress prefix, int length, uint nextHop) => routes[(Mask(Bits(prefix), length), length)] = nextHop;

    public bool Remove(IpAddress prefix, int length) => routes.Remove((Mask(Bits(prefix), length), length));

    public uint Find(IpAddress destination)
    {
        for (var length = bits; length >= 0; length--)
        {
            if (routes.TryGetValue((Mask(Bits(destination), length), length), out var nextHop)) return nextHop;
        }

        return 0;
    }

    /// <summary>First and last address of every prefix and of those around it.</summary>
    public IEnumerable<IpAddress> Edges() => routes.Keys.SelectMany(k =>
    {
        var last = k.Item1 | (k.Item2 == 128 ? 0 : UInt128.MaxValue >> k.Item2);
        var one = UInt128.One << (128 - bits);
        return (IpAddress[])[Address(k.Item1), Address(last), Address(unchecked(k.Item1 - one)), Address(unchecked(last + one))];
    });

    public IpAddress Address(UInt128 value) => bits == 32 ? IpAddress.FromV4((uint)(value >> 96)) : new IpAddress((ulong)(value >> 64), (ulong)value);

    public IpAddress Cut(IpAddress address, int length) => Address(Mask(Bits(address), length));

    private static UInt128 Mask(UInt128 value, int length) => length == 0 ? 0 : value & (UInt128.MaxValue << (128 - length));

    private UInt128 Bits(IpAddress address) => bits == 32 ? (UInt128)address.V4 << 96 : new UInt128(address.High, address.Low);
}
