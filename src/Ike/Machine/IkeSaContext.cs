namespace Appliance.Ike.Machine;

/// <summary>What a successor of this process finds.</summary>
internal sealed partial class IkeSa
{
    /// <summary>A context of it is kept.</summary>
    public bool Saved { get; set; }

    /// <summary>The PAD entry that a context names, while there is no configuration yet.</summary>
    public string? RestoredPeer { get; set; }

    /// <summary>Name of the PAD entry, or null while nobody knows it.</summary>
    public string? ConfiguredName => Peer?.Name ?? RestoredPeer;

    /// <summary>Its state is kept with this step, before any datagram of the step goes out.</summary>
    public void Save(Step step) => step.Changed.Add(this);

    /// <summary>The context as it is now; null when there is nothing to go on with.</summary>
    public SaveContext? Context(Step step)
    {
        if (State is not (IkeSaState.Established or IkeSaState.Rekeying) || Keys is null) return null;
        Saved = true;
        return new SaveContext(LocalSpi, Contexts.SaContext.Write(step, this));
    }

    /// <summary>The PAD entry is there, or is another one than before.</summary>
    public void Bind(Step step, IkePeer peer)
    {
        var isFirst = Peer is null;
        if (State == IkeSaState.Connecting && isFirst) return;
        Choose(step, peer);
        if (!isFirst) return;
        step.Machine.Identities.Add(this);
        if (peer.LivenessSeconds > 0) step.SetTimer(this, TimerKind.Liveness, peer.LivenessSeconds * 1000L);
        StartKeepalive(step);
    }
}
