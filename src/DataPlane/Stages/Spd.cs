using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// The SPD in force (RFC 4301 §4.4.1): ordered rules, the first match counts. A worker copies the rules when <see cref="RegionHeader.Spd"/>
/// changes, so a change is atomic for it, and keeps the address ranges in columns: one step of <see cref="Find"/> compares eight rules at once,
/// which makes one rule cost as much as eight and a thousand rules some hundred nanoseconds. Arrays are as large as the region's table from the start.
/// </summary>
internal sealed class Spd(Region region)
{
    /// <summary>No rule matches.</summary>
    public const int None = -1;

    private const int Step = 8;
    private readonly SpdRule[] rules = new SpdRule[region.Counts.SpdRules];
    private readonly Columns<uint> v4 = new(region.Counts.SpdRules);
    private readonly Columns<ulong> v6 = new(region.Counts.SpdRules);
    private ulong inForce;
    private int count;

    /// <summary>A rule that <see cref="Find"/> named.</summary>
    public ref readonly SpdRule Rule(int index) => ref rules[index];

    /// <summary>Once each time round the loop: takes over another SPD when the slow path has published one.</summary>
    public void Refresh()
    {
        var wanted = Volatile.Read(ref region.Header.Spd);
        if (wanted != inForce) Compile(wanted);
    }

    /// <summary>Index of the first rule that matches, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(in PacketFields packet, bool inbound)
    {
        if (packet.Family == 4)
        {
            return inbound ? FindV4(packet, packet.DestinationV4, packet.SourceV4, inbound) : FindV4(packet, packet.SourceV4, packet.DestinationV4, inbound);
        }

        return inbound ? FindV6(packet, packet.DestinationHigh, packet.SourceHigh, inbound) : FindV6(packet, packet.SourceHigh, packet.DestinationHigh, inbound);
    }

    /// <summary>The next rule that matches behind one that <see cref="Find"/> named and that does not count (<see cref="SpdRule.OnlyPlain"/>), or <see cref="None"/>.</summary>
    public int FindAfter(int index, in PacketFields packet, bool inbound)
    {
        for (var next = index + 1; next < count; next++)
        {
            if (rules[next].OnlyPlain == 0 && SpdMatch.Matches(rules[next], packet, inbound)) return next;
        }

        return None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int FindV4(in PacketFields packet, uint local, uint remote, bool inbound)
    {
        var wantedLocal = Vector256.Create(local);
        var wantedRemote = Vector256.Create(remote);
        for (var at = 0; at < count; at += Step)
        {
            var misses = Outside(wantedLocal, v4.LocalLow, v4.LocalHigh, at) | Outside(wantedRemote, v4.RemoteLow, v4.RemoteHigh, at);
            for (var hits = ~misses.ExtractMostSignificantBits() & 0xff; hits != 0; hits &= hits - 1)
            {
                var index = at + BitOperations.TrailingZeroCount(hits);
                if (SpdMatch.MatchesUpper(rules[index], packet, inbound)) return index;
            }
        }

        return None;
    }

    /// <summary>The columns hold the first eight octets; what they let through is compared in full.</summary>
    private int FindV6(in PacketFields packet, ulong local, ulong remote, bool inbound)
    {
        var wantedLocal = Vector512.Create(local);
        var wantedRemote = Vector512.Create(remote);
        for (var at = 0; at < count; at += Step)
        {
            var misses = Outside(wantedLocal, v6.LocalLow, v6.LocalHigh, at) | Outside(wantedRemote, v6.RemoteLow, v6.RemoteHigh, at);
            for (var hits = ~misses.ExtractMostSignificantBits() & 0xff; hits != 0; hits &= hits - 1)
            {
                var index = at + BitOperations.TrailingZeroCount(hits);
                if (SpdMatch.Matches(rules[index], packet, inbound)) return index;
            }
        }

        return None;
    }

    private static Vector256<uint> Outside(Vector256<uint> value, uint[] low, uint[] high, int at) =>
        Vector256.LessThan(value, Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(low), (nuint)at))
        | Vector256.GreaterThan(value, Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(high), (nuint)at));

    private static Vector512<ulong> Outside(Vector512<ulong> value, ulong[] low, ulong[] high, int at) =>
        Vector512.LessThan(value, Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(low), (nuint)at))
        | Vector512.GreaterThan(value, Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(high), (nuint)at));

    private void Compile(ulong wanted)
    {
        inForce = wanted;
        var first = (uint)(wanted >> 32);
        count = (int)Math.Min((uint)wanted, (uint)rules.Length - Math.Min(first, (uint)rules.Length));
        v4.Clear();
        v6.Clear();
        for (var i = 0; i < count; i++)
        {
            ref var rule = ref rules[i];
            rule = region.SpdRule(first + (uint)i);
            AddV4(i, rule);
            AddV6(i, rule);
        }
    }

    private void AddV4(int at, in SpdRule rule)
    {
        if (!TryV4(rule.LocalLow, rule.LocalHigh, out var localLow, out var localHigh)) return;
        if (!TryV4(rule.RemoteLow, rule.RemoteHigh, out var remoteLow, out var remoteHigh)) return;
        v4.Set(at, localLow, localHigh, remoteLow, remoteHigh);
    }

    private void AddV6(int at, in SpdRule rule)
    {
        var (localLow, localHigh) = SpdMatch.IsAny(rule.LocalLow, rule.LocalHigh) ? (0, ulong.MaxValue) : (rule.LocalLow.High, rule.LocalHigh.High);
        var (remoteLow, remoteHigh) = SpdMatch.IsAny(rule.RemoteLow, rule.RemoteHigh) ? (0, ulong.MaxValue) : (rule.RemoteLow.High, rule.RemoteHigh.High);
        v6.Set(at, localLow, localHigh, remoteLow, remoteHigh);
    }

    /// <summary>The part of a range that is IPv4 (v4-mapped); false when there is none.</summary>
    private static bool TryV4(IpAddress low, IpAddress high, out uint first, out uint last)
    {
        var lowest = IpAddress.FromV4(0);
        var highest = IpAddress.FromV4(uint.MaxValue);
        first = 0;
        last = uint.MaxValue;
        if (SpdMatch.IsAny(low, high)) return true;
        if (high < lowest || low > highest) return false;
        if (low > lowest) first = low.V4;
        if (high < highest) last = high.V4;
        return true;
    }

    /// <summary>Four columns of bounds; a row that was not set matches nothing.</summary>
    private sealed class Columns<T>(int rows) where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        public T[] LocalLow { get; } = new T[rows + Step];

        public T[] LocalHigh { get; } = new T[rows + Step];

        public T[] RemoteLow { get; } = new T[rows + Step];

        public T[] RemoteHigh { get; } = new T[rows + Step];

        public void Clear()
        {
            Array.Fill(LocalLow, T.MaxValue);
            Array.Fill(LocalHigh, T.MinValue);
        }

        public void Set(int row, T localLow, T localHigh, T remoteLow, T remoteHigh)
        {
            (LocalLow[row], LocalHigh[row]) = (localLow, localHigh);
            (RemoteLow[row], RemoteHigh[row]) = (remoteLow, remoteHigh);
        }
    }
}
