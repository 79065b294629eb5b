namespace Appliance.Shared.Tests.Tables;

public sealed class PrefixMapTests
{
    [Fact]
    public void HoldsWhatADictionaryHolds()
    {
        var random = new Random(5);
        var map = new PrefixMap();
        var naive = new Dictionary<(UInt128, byte), uint>();
        for (var i = 0; i < 200_000; i++)
        {
            // Few enough keys that they meet, growing and shrinking in turns.
            var length = (byte)random.Next(0, 129);
            var prefix = RouteEntry.Mask(new UInt128((ulong)random.Next(64) << 58 | (ulong)random.Next(8) << 20, (ulong)random.Next(4) << 62), length);
            Assert.Equal(naive.TryGetValue((prefix, length), out var value), map.TryGet(prefix, length, out var there));
            Assert.Equal(value, there);
            if (random.Next(10) < (i / 20_000 % 2 == 0 ? 7 : 2))
            {
                value = (uint)random.Next(1, 100);
                Assert.Equal(!naive.ContainsKey((prefix, length)), map.Set(prefix, length, value));
                naive[(prefix, length)] = value;
            }
            else
            {
                Assert.Equal(naive.Remove((prefix, length)), map.Remove(prefix, length));
            }

            Assert.Equal(naive.Count, map.Count);
        }

        Assert.Equal(naive.OrderBy(n => n.Key).Select(n => new RouteEntry(n.Key.Item1, n.Key.Item2, n.Value)), map.Entries.Order());
    }

    [Fact]
    public void WhatOneHoldsFillsAnotherQuickly()
    {
        var first = new PrefixMap();
        for (uint i = 0; i < 300_000; i++) first.Set((UInt128)(i * 14u << 8) << 96, 24, 1);
        var second = new PrefixMap();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var entry in first.Entries) second.Set(entry.Prefix, entry.Length, entry.Value);
        Assert.Equal(first.Count, second.Count);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }
}
