namespace Appliance.Bgp;

/// <summary>What a session keeps of one configured family.</summary>
internal sealed class FamilyState(FamilyConfiguration configuration)
{
    /// <summary>What holds for it.</summary>
    public FamilyConfiguration Configuration { get; set; } = configuration;

    /// <summary>The family.</summary>
    public Family Family => Configuration.Family;

    /// <summary>How it is spoken in the established session; null: it is not.</summary>
    public NegotiatedFamily? Negotiated { get; set; }

    /// <summary>The neighbour's End-of-RIB came.</summary>
    public bool EndOfRibReceived { get; set; }

    /// <summary>Its routes are sent.</summary>
    public bool IsExported { get; set; }

    /// <summary>Ours went out.</summary>
    public bool EndOfRibSent { get; set; }

    /// <summary>Routes are kept of a session that ended (RFC 4724 §4.2).</summary>
    public bool HasStale { get; set; }

    /// <summary>The neighbour began a refresh and did not end it yet (RFC 7313).</summary>
    public bool IsRefreshing { get; set; }

    /// <summary>The neighbour gets all routes again: EoRR follows the last.</summary>
    public bool OwesEndOfRefresh { get; set; }

    /// <summary>It wants them once more, before the last was sent.</summary>
    public bool WantsAgain { get; set; }

    /// <summary>The operator heard that the maximum of prefixes is near.</summary>
    public bool WarnedNear { get; set; }

    /// <summary>The operator heard that the maximum was exceeded.</summary>
    public bool WarnedBeyond { get; set; }

    /// <summary>Nothing of the last session is left.</summary>
    public void Reset()
    {
        Negotiated = null;
        EndOfRibReceived = EndOfRibSent = IsExported = IsRefreshing = OwesEndOfRefresh = WantsAgain = WarnedNear = WarnedBeyond = false;
    }
}
