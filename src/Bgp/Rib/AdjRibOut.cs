namespace Appliance.Bgp;

/// <summary>A path that was sent under an identifier (RFC 7911).</summary>
internal readonly record struct SentPath(uint PathId, int Attributes);

/// <summary>What one neighbour was told of a table, and what it is to be told: a number of attributes for each slot, and a bit.</summary>
internal sealed class AdjRibOut
{
    /// <summary>Told, but to be told again whatever it was.</summary>
    public const int Resend = -1;

    private const int PageBits = 10;
    private int[]?[] pages = [];

    /// <summary>Routes may be sent.</summary>
    public bool IsStarted { get; set; }

    /// <summary>The end of the first exchange is still to be said.</summary>
    public bool EndOfRibDue { get; set; }

    /// <summary>The end of a refresh is still to be said.</summary>
    public bool EndOfRefreshDue { get; set; }

    /// <summary>The default route of the configuration was sent.</summary>
    public bool DefaultSent { get; set; }

    /// <summary>What the neighbour asks for changed (RFC 4684): all is looked at anew.</summary>
    public bool FilterChanged { get; set; }

    /// <summary>How many routes it was told.</summary>
    public int Sent { get; private set; }

    /// <summary>Slots to look at.</summary>
    public PendingSet Pending { get; } = new();

    /// <summary>With ADD-PATH: what was sent, by slot.</summary>
    public Dictionary<int, SentPath[]> Paths { get; } = [];

    /// <summary>What is about to be said.</summary>
    public ExportWindow Window { get; } = new();

    /// <summary>What attributes become on their way out, while many routes go out: by attributes, neighbour that they are from and flags; with references to both.</summary>
    public Dictionary<ulong, int> Made { get; } = [];

    /// <summary>Attributes that a slot was told with, without ADD-PATH; 0: not told.</summary>
    public int this[int slot] => slot >> PageBits < pages.Length ? pages[slot >> PageBits]?[slot & ((1 << PageBits) - 1)] ?? 0 : 0;

    /// <summary>Whether the neighbour knows of a slot.</summary>
    public bool Knows(int slot) => this[slot] != 0 || (Paths.Count > 0 && Paths.ContainsKey(slot));

    /// <summary>Notes what a slot is told with. The reference that goes with it is the caller's affair.</summary>
    public void Set(int slot, int attributes)
    {
        var page = slot >> PageBits;
        if (page >= pages.Length)
        {
            if (attributes == 0) return;
            Array.Resize(ref pages, Math.Max(page + 1, pages.Length * 2));
        }

        if (pages[page] == null)
        {
            if (attributes == 0) return;
            pages[page] = new int[1 << PageBits];
        }

        ref var told = ref pages[page]![slot & ((1 << PageBits) - 1)];
        Sent += (attributes != 0 ? 1 : 0) - (told != 0 ? 1 : 0);
        told = attributes;
    }

    /// <summary>With ADD-PATH: notes what a slot is told with.</summary>
    public void SetPaths(int slot, SentPath[] paths)
    {
        Paths.TryGetValue(slot, out var before);
        Sent += paths.Length - (before?.Length ?? 0);
        if (paths.Length == 0) Paths.Remove(slot);
        else Paths[slot] = paths;
    }

    /// <summary>Everything that was told will be told again.</summary>
    public void ResendAll(AttributeTable attributes)
    {
        for (var page = 0; page < pages.Length; page++)
        {
            for (var i = 0; pages[page] is { } words && i < words.Length; i++)
            {
                if (words[i] == 0) continue;
                attributes.Release(words[i]);
                words[i] = Resend;
                Pending.Add(page << PageBits | i);
            }
        }

        foreach (var (slot, paths) in Paths)
        {
            for (var i = 0; i < paths.Length; i++)
            {
                attributes.Release(paths[i].Attributes);
                paths[i] = paths[i] with { Attributes = Resend };
            }

            Pending.Add(slot);
        }
    }

    /// <summary>The session is over: the neighbour knows nothing.</summary>
    /// <returns>Slots that it knew of.</returns>
    public List<int> Clear(AttributeTable attributes)
    {
        var known = new List<int>();
        for (var page = 0; page < pages.Length; page++)
        {
            for (var i = 0; pages[page] is { } words && i < words.Length; i++)
            {
                if (words[i] == 0) continue;
                attributes.Release(words[i]);
                known.Add(page << PageBits | i);
            }
        }

        foreach (var (slot, paths) in Paths)
        {
            foreach (var path in paths) attributes.Release(path.Attributes);
            known.Add(slot);
        }

        pages = [];
        Paths.Clear();
        Pending.Clear();
        Window.Clear();
        ForgetMade(attributes);
        (IsStarted, EndOfRibDue, EndOfRefreshDue, DefaultSent, FilterChanged, Sent) = (false, false, false, false, false, 0);
        return known;
    }

    /// <summary>Lets go of what attributes became.</summary>
    public void ForgetMade(AttributeTable attributes)
    {
        if (Made.Count == 0) return;
        foreach (var (key, made) in Made)
        {
            attributes.Release((int)(key >> 32));
            attributes.Release(made);
        }

        Made.Clear();
        Made.TrimExcess();
    }
}
