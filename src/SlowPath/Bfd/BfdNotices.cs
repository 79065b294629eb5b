using Appliance.Bfd;

namespace Appliance.SlowPath.Bfd;

/// <summary>
/// What the loop shall hear, from the thread of BFD. However often a session flaps meanwhile, two notices of it wait at most: that it went down, if it did, and how it is.
/// </summary>
internal sealed class BfdNotices
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (BfdNotice? Down, BfdNotice? Up)> waiting = new(StringComparer.Ordinal);

    /// <summary>Adds one. A failure is not hidden by what was told to be down after it.</summary>
    public void Add(BfdNotice notice)
    {
        lock (gate)
        {
            var (down, _) = waiting.GetValueOrDefault(notice.Key);
            if (notice.IsUp) waiting[notice.Key] = (down, notice);
            else waiting[notice.Key] = (down is { IsAdministrative: false } && notice.IsAdministrative ? down : notice, null);
        }
    }

    /// <summary>Takes all, of each key in their order.</summary>
    public IReadOnlyList<BfdNotice> TakeAll()
    {
        lock (gate)
        {
            if (waiting.Count == 0) return [];
            var all = waiting.Values.SelectMany(w => (BfdNotice?[])[w.Down, w.Up]).OfType<BfdNotice>().ToList();
            waiting.Clear();
            return all;
        }
    }
}
