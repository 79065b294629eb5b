using Appliance.Ike.Children;
using Appliance.Ike.Groups;
using Appliance.Ike.Keys;

namespace Appliance.Ike.Machine;

/// <summary>The life of an IKE SA from its first message to when it is in use.</summary>
internal sealed partial class IkeSa
{
    private HalfOpenKey? halfOpen;

    /// <summary>Our response of IKE_SA_INIT, while nobody has proven anything.</summary>
    public IReadOnlyList<byte[]> FirstResponse => Establishment is { Response.Length: > 0 } first ? [first.Response] : [];

    /// <summary>A responder's, which nobody has proven yet: counted, found by its request, and gone if that does not change.</summary>
    public void IsHalfOpen(Step step, in HalfOpenKey key)
    {
        halfOpen = key;
        step.Machine.HalfOpen.Add(key, this);
        step.SetTimer(this, TimerKind.HalfOpen, Tuning.HalfOpenResponder);
    }

    /// <summary>IKE_SA_INIT is answered: the next request has message ID 1.</summary>
    public void FirstRequestAnswered(Step step)
    {
        EndRequest(step);
        NextRequestId = 1;
    }

    /// <summary>Takes the keys that IKE_SA_INIT, or CREATE_CHILD_SA on another IKE SA, gave.</summary>
    public void TakeKeys(Step step, IkeKeys keys)
    {
        Keys = keys;
        if (step.Machine.Options.ExportKeys) step.Actions.Add(keys.Export(InitiatorSpi, ResponderSpi));
    }

    /// <summary>Other keys take the place of the present ones, which are wiped.</summary>
    public void ReplaceKeys(IkeKeys keys)
    {
        Keys?.Dispose();
        Keys = keys;
    }

    /// <summary>The PAD entry is known.</summary>
    public void Choose(Step step, IkePeer peer)
    {
        if (Peer is null) step.Machine.Index(this, peer.Name);
        Peer = peer;
        if (InstanceNumber == 0) InstanceNumber = step.Machine.Instances.Take();
    }

    /// <summary>
    /// It is in use. With an initial contact the peer says that it has no other IKE SA with us: those of the same identity are forgotten (RFC 7296 §2.4).
    /// </summary>
    public void Established(Step step, bool initialContact = false)
    {
        LeaveHalfOpen(step);
        step.StopTimer(this, TimerKind.HalfOpen);
        State = IkeSaState.Established;
        (BegunAt, EstablishedAt, HeardAt) = (Establishment?.StartedAt ?? step.Now, step.Now, step.Now);
        Establishment = null;
        step.Machine.Identities.Add(this);
        SaLifetimes.Start(step, this);
        StartKeepalive(step);
        step.Log(IkeLogLevel.Information, this, "established", $"IKE SA established: {LocalIdentity} with {RemoteIdentity}, {Suite}{(Nat == NatState.None ? "" : $", NAT: {Nat}")}");
        Save(step);
        if (early is not null) step.SetTimer(this, TimerKind.Early, 0);
        step.Machine.Manager.Established(step, this, initialContact);
        if (State == IkeSaState.Established) step.Machine.Servers.Established(step, this);
    }

    /// <summary>Takes the place of an IKE SA that is rekeyed (RFC 7296 §2.8): identities, path, extensions, inner addresses and children.</summary>
    public void TakeOver(Step step, IkeSa old)
    {
        (InstanceNumber, old.InstanceNumber) = (old.InstanceNumber, 0);
        if (old.Peer is { } peer) Choose(step, peer);
        (LocalIdentity, RemoteIdentity, Nat, UdpEncapsulation, Extensions, VendorIds) = (old.LocalIdentity, old.RemoteIdentity, old.Nat, old.UdpEncapsulation, old.Extensions, old.VendorIds);
        (AskedToMove, MovesTo, GroupSenders) = (old.AskedToMove, old.MovesTo, old.GroupSenders);
        (Inner, old.Inner) = (old.Inner, InnerAddresses.None);
        step.Machine.Identities.Add(this);
        GroupServers.Moved(step, old, this);
        foreach (var child in old.children.ToArray())
        {
            ChildTimers.Move(step, old, this, child);
            old.RemoveChild(step, child);
            AddChild(step, child);
        }
    }

    private void LeaveHalfOpen(Step step)
    {
        if (halfOpen is not { } key) return;
        step.Machine.HalfOpen.Remove(key);
        halfOpen = null;
    }
}
