using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.SlowPath.Credentials;

/// <summary>
/// Chains that were good, for a minute at most: the same peer comes again at every reauthentication and restart, and building a chain is the most expensive step of its check.
/// What was refused is not kept, so nobody without a good certificate can fill it. Any thread may call.
/// </summary>
internal sealed class ChainCache(int capacity = ChainCache.Capacity)
{
    /// <summary>Entries at most; the oldest goes first.</summary>
    public const int Capacity = 2048;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly Dictionary<string, (ChainResult Result, DateTimeOffset From, DateTimeOffset Until)> entries = [];
    private readonly Queue<(string Key, DateTimeOffset From)> order = new();

    /// <summary>How many are kept.</summary>
    public int Count
    {
        get
        {
            lock (entries) return entries.Count;
        }
    }

    /// <summary>What stands for anchors and certificates: a hash over all of them with their lengths.</summary>
    public static string KeyOf(string anchors, IReadOnlyList<byte[]> certificates)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(anchors + "\0"));
        foreach (var certificate in certificates)
        {
            hash.AppendData(BitConverter.GetBytes(certificate.Length));
            hash.AppendData(certificate);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The result, while it holds. A clock that was set back makes no entry live longer.</summary>
    public ChainResult? Find(string key, DateTimeOffset now)
    {
        lock (entries) return entries.TryGetValue(key, out var entry) && now >= entry.From && now < entry.Until ? entry.Result : null;
    }

    /// <summary>Keeps a good result.</summary>
    public void Add(string key, ChainResult result, DateTimeOffset now)
    {
        var until = result.Expires - now < Longest ? result.Expires : now + Longest;
        lock (entries)
        {
            entries[key] = (result, now, until);
            order.Enqueue((key, now));
            while (entries.Count > capacity || order.Count > 2 * capacity)
            {
                // Keys that are dropped here may be in use by another thread: the runtime releases them.
                var (oldest, from) = order.Dequeue();
                if (entries.TryGetValue(oldest, out var entry) && entry.From == from) entries.Remove(oldest);
            }
        }
    }
}
