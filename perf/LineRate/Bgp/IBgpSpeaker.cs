namespace Appliance.LineRate.Bgp;

/// <summary>A speaker that is measured: ours or somebody else's, running in <see cref="BgpLink.Measured"/> with all neighbours configured.</summary>
internal interface IBgpSpeaker : IDisposable
{
    /// <summary>Name of somebody else's; null for ours.</summary>
    string? Peer { get; }

    /// <summary>Prefixes whose best path is in its RIB.</summary>
    long Prefixes { get; }

    /// <summary>CPU time so far, in seconds.</summary>
    double CpuSeconds { get; }

    /// <summary>Memory in use, in octets.</summary>
    long Memory { get; }

    /// <summary>An exception with what it said last.</summary>
    InvalidOperationException Failed(string what);
}
