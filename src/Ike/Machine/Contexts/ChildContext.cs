using Appliance.Ike.Children;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine.Contexts;

/// <summary>A child in the context of its IKE SA. Its ESP keys stand in the region's records alone.</summary>
internal static class ChildContext
{
    public static void Write(Step step, IkeSa sa, ChildState child, ContextWriter writer)
    {
        var c = child.Sa;
        writer.Text(ContextField.Tunnel, c.Tunnel);
        writer.Text(ContextField.Instance, c.Instance);
        writer.Number(ContextField.ChildSpiI, c.InboundSpi);
        writer.Number(ContextField.ChildSpiO, c.OutboundSpi);
        writer.Number(ContextField.IpsecMode, (ulong)c.Mode);
        writer.Flag(ContextField.PeerTunnels, c.PeerTunnels);
        writer.Number(ContextField.EncrAlgChild, (ulong)c.Encryption.Transform);
        writer.Number(ContextField.EncAlgLenChild, (ulong)c.Encryption.KeyBits);
        writer.Number(ContextField.IntAlgChild, (ulong)c.Integrity);
        writer.Flag(ContextField.Esn, c.Esn);
        writer.EndPoint(ContextField.ChildMyHost, c.Local);
        writer.EndPoint(ContextField.ChildOtherHost, c.Remote);
        writer.Flag(ContextField.ChildUdp, c.UdpEncapsulation);
        foreach (var selector in c.LocalSelectors) writer.Selector(ContextField.TsL, selector);
        foreach (var selector in c.RemoteSelectors) writer.Selector(ContextField.TsR, selector);
        writer.Number(ContextField.ReplayWindow, c.ReplayWindow);
        writer.Number(ContextField.Lifetime, c.LifetimeMilliseconds);
        writer.Number(ContextField.SoftBytes, c.SoftBytes);
        writer.Number(ContextField.HardBytes, c.HardBytes);
        writer.Number(ContextField.SoftPackets, c.SoftPackets);
        writer.Flag(ContextField.Tfc, c.Tfc);
        if (c.Worker is { } worker) writer.Number(ContextField.Worker, worker);
        writer.Number(ContextField.Stage, (ulong)child.Stage);
        writer.Flag(ContextField.IsOurs, child.IsOurs);
        writer.Flag(ContextField.OutboundWaits, child.OutboundWaits);
        writer.Number(ContextField.ChildAge, step.Now - child.InstalledAt);
        Remains(step, new TimerKey(sa.LocalSpi, TimerKind.RekeyChild, child.InboundSpi), ContextField.ChildRekeyRemains, writer);
        Remains(step, new TimerKey(sa.LocalSpi, TimerKind.ExpireChild, child.InboundSpi), ContextField.ChildExpiryRemains, writer);
    }

    /// <summary>The child, already with the IKE SA; null when something that it needs is not there.</summary>
    public static ChildState? Read(Step step, IkeSa sa, ContextReader reader, long elapsed)
    {
        if (reader.EndPoint(ContextField.ChildMyHost) is not { } local || reader.EndPoint(ContextField.ChildOtherHost) is not { } remote) return null;
        if (reader.Number(ContextField.ChildSpiI) is 0 or > uint.MaxValue || reader.Number(ContextField.ChildSpiO) is 0 or > uint.MaxValue) return null;
        if (step.Machine.FindChild((uint)reader.Number(ContextField.ChildSpiI)) is not null) return null;
        var child = new ChildState(new ChildSa
        {
            Tunnel = reader.Text(ContextField.Tunnel), Instance = reader.Text(ContextField.Instance),
            InboundSpi = (uint)reader.Number(ContextField.ChildSpiI), OutboundSpi = (uint)reader.Number(ContextField.ChildSpiO),
            Mode = (ChildMode)reader.Number(ContextField.IpsecMode), PeerTunnels = reader.Flag(ContextField.PeerTunnels),
            Encryption = new((EncryptionTransform)reader.Number(ContextField.EncrAlgChild), (int)reader.Number(ContextField.EncAlgLenChild)),
            Integrity = (IntegrityTransform)reader.Number(ContextField.IntAlgChild), Esn = reader.Flag(ContextField.Esn),
            Local = local, Remote = remote, UdpEncapsulation = reader.Flag(ContextField.ChildUdp),
            LocalSelectors = reader.Selectors(ContextField.TsL), RemoteSelectors = reader.Selectors(ContextField.TsR),
            ReplayWindow = (int)reader.Number(ContextField.ReplayWindow), LifetimeMilliseconds = (long)reader.Number(ContextField.Lifetime),
            SoftBytes = reader.Number(ContextField.SoftBytes), HardBytes = reader.Number(ContextField.HardBytes), SoftPackets = reader.Number(ContextField.SoftPackets),
            Tfc = reader.Flag(ContextField.Tfc), Worker = (int?)reader.Optional(ContextField.Worker),
        })
        {
            // What was being rekeyed or deleted by an exchange of the process that is gone is simply there; its timers begin that again.
            Stage = (ChildStage)reader.Number(ContextField.Stage) is ChildStage.Replaced ? ChildStage.Replaced : ChildStage.Established,
            IsOurs = reader.Flag(ContextField.IsOurs), OutboundWaits = reader.Flag(ContextField.OutboundWaits),
            InstalledAt = step.Now.Plus(-elapsed - (long)reader.Number(ContextField.ChildAge)),
        };
        sa.AddChild(step, child);
        if (reader.Optional(ContextField.ChildRekeyRemains) is { } rekey) step.SetTimer(sa, TimerKind.RekeyChild, Math.Max(0, rekey - elapsed), child.InboundSpi);
        if (reader.Optional(ContextField.ChildExpiryRemains) is { } expiry) step.SetTimer(sa, TimerKind.ExpireChild, Math.Max(0, expiry - elapsed), child.InboundSpi);
        if (child.OutboundWaits) step.SetTimer(sa, TimerKind.ActivateChild, ChildLifetimes.ActivationPoll, child.InboundSpi);
        return child;
    }

    /// <summary>What remains of a timer, when it runs.</summary>
    public static void Remains(Step step, TimerKey timer, ContextField field, ContextWriter writer)
    {
        if (step.Machine.Timers.DueOf(timer) is { } due) writer.Number(field, Math.Max(0, due - step.Now));
    }
}
