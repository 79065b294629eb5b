using System.Diagnostics;
using Appliance.Crypto;

namespace Appliance.LineRate.Crypto;

/// <summary>
/// Time of AES-GCM alone: every tier beside ipsec-mb and AesGcm. All contenders take turns over the same packets, in slices of a few milliseconds, so that what disturbs the
/// machine disturbs them alike; a case's figure is the lower quartile of its slices.
/// </summary>
internal sealed class CryptoSuite : ISuite
{
    private const double DefaultSeconds = 40;
    private const double SliceSeconds = 0.002;
    private static readonly int[] DefaultSizes = [64, 256, 512, 1420, 8900];

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        var sizes = options.Sizes.Count > 0 ? options.Sizes : DefaultSizes;
        var seconds = (options.Seconds > 0 ? options.Seconds : DefaultSeconds) / (sizes.Count * 4);
        foreach (var keyLength in (int[])[16, 32])
        {
            foreach (var size in sizes)
            {
                using var set = new PacketSet(size, keyLength);
                var contenders = Contenders(set, out var missing);
                foreach (var decrypt in (bool[])[false, true])
                    foreach (var row in Measure(set, contenders, decrypt, seconds))
                        yield return row;
                foreach (var contender in contenders)
                    contender.Dispose();
                if (missing is not null)
                    yield return Empty(set, missing);
            }
        }
    }

    private static List<Contender> Contenders(PacketSet set, out string? missing)
    {
        List<Contender> contenders = [];
        if (CryptoTiers.IsSupported(AesGcmTier.Vaes))
            contenders.Add(new KernelContender<VaesKernel> { Tier = "vaes" });
        if (CryptoTiers.IsSupported(AesGcmTier.Managed))
            contenders.Add(new KernelContender<ManagedKernel> { Tier = "managed" });
        contenders.Add(new ObjectContender(set) { Tier = "bcl" });
        contenders.Add(new AesGcmContender(set) { Peer = "AesGcm" });
        if (IpsecMbContender.TryMake(set, out missing) is { } peer)
            contenders.Add(peer);
        return contenders;
    }

    private static IEnumerable<Row> Measure(PacketSet set, List<Contender> contenders, bool decrypt, double seconds)
    {
        var samples = contenders.ConvertAll(_ => new List<double>());
        var allocated = new long[contenders.Count];
        var packets = new long[contenders.Count];
        var empty = EmptyTimer();
        foreach (var contender in contenders)
            Slice(set, contender, decrypt, 0.1, empty, out _); // compiled to the last tier, caches warm
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        do
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                samples[i].Add(Slice(set, contenders[i], decrypt, SliceSeconds, empty, out var count));
                allocated[i] += GC.GetAllocatedBytesForCurrentThread() - before;
                packets[i] += count;
            }
        }
        while (Stopwatch.GetTimestamp() < end);

        for (var i = 0; i < contenders.Count; i++)
        {
            samples[i].Sort();
            var ns = samples[i][samples[i].Count / 4];
            yield return Empty(set, null) with
            {
                Case = decrypt ? "decrypt" : "encrypt",
                Tier = contenders[i].Tier,
                Peer = contenders[i].Peer,
                NsPerPacket = Math.Round(ns, 2),
                Mpps = Math.Round(1000 / ns, 3),
                Gbps = Math.Round(8 * set.Size / ns, 2),
                AllocatedBytesPerPacket = Math.Round((double)allocated[i] / packets[i], 2),
            };
        }
    }

    /// <summary>Nanoseconds a packet. Decryption needs packets that are right, so each turn of it is made ready by an encryption that is not timed.</summary>
    private static double Slice(PacketSet set, Contender contender, bool decrypt, double seconds, double empty, out long packets)
    {
        var ticks = 0L;
        var turns = 0L;
        var limit = (long)(seconds * Stopwatch.Frequency);
        do
        {
            if (decrypt)
                contender.Encrypt(set);
            var start = Stopwatch.GetTimestamp();
            var good = decrypt ? contender.Decrypt(set) : contender.Encrypt(set);
            ticks += Stopwatch.GetTimestamp() - start;
            turns++;
            if (good != PacketSet.Count)
                throw new InvalidOperationException($"{contender.Peer ?? contender.Tier}: {PacketSet.Count - good} packets of {set.Size} octets came out wrong");
        }
        while (ticks < limit);
        packets = turns * PacketSet.Count;
        return (ticks * 1e9 / Stopwatch.Frequency / turns - empty) / PacketSet.Count;
    }

    /// <summary>Nanoseconds that reading the clock twice takes.</summary>
    private static double EmptyTimer()
    {
        var best = double.MaxValue;
        for (var i = 0; i < 1000; i++)
        {
            var start = Stopwatch.GetTimestamp();
            best = Math.Min(best, Stopwatch.GetTimestamp() - start);
        }

        return best * 1e9 / Stopwatch.Frequency;
    }

    private static Row Empty(PacketSet set, string? why) => new()
    {
        Suite = "crypto",
        Case = why is null ? "encrypt" : "missing",
        Cipher = set.KeyLength == 16 ? "aes-128-gcm" : "aes-256-gcm",
        Size = set.Size,
        Sas = 1,
        Workers = 1,
        Peer = why is null ? null : "ipsec-mb",
        Note = why,
    };
}
