using System.Net;
using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Groups;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine.Contexts;

/// <summary>All that a successor of this process needs to go on with an IKE SA, as fields that describe themselves.</summary>
internal static class SaContext
{
    /// <summary>An IKE SA as a context; keys are in it.</summary>
    public static byte[] Write(Step step, IkeSa sa)
    {
        using var writer = new ContextWriter();
        writer.Flag(ContextField.Initiator, sa.IsInitiator);
        writer.Number(ContextField.IkeSpiI, sa.InitiatorSpi);
        writer.Number(ContextField.IkeSpiR, sa.ResponderSpi);
        writer.EndPoint(ContextField.MyHost, sa.Local);
        writer.EndPoint(ContextField.OtherHost, sa.Remote);
        writer.Text(ContextField.Peer, sa.ConfiguredName ?? "");
        if (sa.LocalIdentity is { } ours) writer.Identity(ContextField.MyIdentity, ours);
        if (sa.RemoteIdentity is { } theirs) writer.Identity(ContextField.OtherIdentity, theirs);
        sa.Keys!.Write(writer.Room(ContextField.Keys, sa.Keys.WrittenLength));
        writer.Number(ContextField.NextRequestId, sa.NextRequestId);
        writer.Number(ContextField.ExpectedRequestId, sa.ExpectedRequestId);
        if (sa.LastResponse.Sum(r => r.Length) <= Tuning.KeptMessage) foreach (var datagram in sa.LastResponse) writer.Bytes(ContextField.LastResponse, datagram);
        if (sa.AwaitsResponse)
        {
            writer.Number(ContextField.OutstandingType, (ulong)sa.Current!.Type);
            if (sa.OutstandingRequest.Sum(r => r.Length) <= Tuning.KeptMessage) foreach (var datagram in sa.OutstandingRequest) writer.Bytes(ContextField.OutstandingRequest, datagram);
        }

        writer.Number(ContextField.Nat, (ulong)sa.Nat);
        writer.Flag(ContextField.UdpEncapsulation, sa.UdpEncapsulation);
        writer.Number(ContextField.Extensions, (ulong)sa.Extensions);
        writer.Number(ContextField.InstanceNumber, sa.InstanceNumber);
        foreach (var id in sa.VendorIds) writer.Bytes(ContextField.VendorId, id);
        writer.Number(ContextField.GroupSenders, sa.GroupSenders);
        writer.Number(ContextField.Age, step.Now - sa.EstablishedAt);
        writer.Number(ContextField.SavedAt, step.Now.Milliseconds);
        ChildContext.Remains(step, new TimerKey(sa.LocalSpi, TimerKind.RekeyIke), ContextField.RekeyRemains, writer);
        ChildContext.Remains(step, new TimerKey(sa.LocalSpi, TimerKind.ExpireIke), ContextField.ExpiryRemains, writer);
        foreach (var address in sa.Inner.Ours) writer.Bytes(ContextField.InnerOurs, address.GetAddressBytes());
        foreach (var address in sa.Inner.Peers) writer.Bytes(ContextField.InnerPeers, address.GetAddressBytes());
        foreach (var member in sa.Served) writer.Nested(ContextField.GroupRegistration, w => GroupRegistration.Write(step, member, w));
        foreach (var child in sa.Children.Where(c => c.Stage != ChildStage.Installing)) writer.Nested(ContextField.Child, w => ChildContext.Write(step, sa, child, w));
        return writer.ToArray();
    }

    /// <summary>An IKE SA that an earlier process kept goes on. What cannot be read is forgotten, and the log says so.</summary>
    public static void Restore(Step step, ContextRestored restored)
    {
        if (ContextReader.Read(restored.Context) is { } reader && Read(step, reader, restored.Id) is not null) return;
        step.Log(IkeLogLevel.Error, "", "context", $"the kept state of IKE SA {restored.Id:x16} cannot be read: it is forgotten, the peer will find out and begin a new one");
        step.Actions.Add(new ForgetContext(restored.Id));
    }

    private static IkeSa? Read(Step step, ContextReader reader, ulong id)
    {
        var isInitiator = reader.Flag(ContextField.Initiator);
        var (spiI, spiR) = (reader.Number(ContextField.IkeSpiI), reader.Number(ContextField.IkeSpiR));
        if (spiI == 0 || spiR == 0 || id != (isInitiator ? spiI : spiR) || step.Machine.Find(id) is not null) return null;
        if (reader.EndPoint(ContextField.MyHost) is not { } local || reader.EndPoint(ContextField.OtherHost) is not { } remote) return null;
        if (!IkeKeys.TryRead(reader.Bytes(ContextField.Keys).Span, out var keys)) return null;
        var elapsed = reader.Optional(ContextField.SavedAt) is { } at ? Math.Max(0, step.Now.Milliseconds - at) : 0;
        var sa = new IkeSa(id, isInitiator, local, remote)
        {
            RemoteSpi = isInitiator ? spiR : spiI, Keys = keys, Suite = keys.Suite, State = IkeSaState.Established, RestoredPeer = reader.Text(ContextField.Peer), Saved = true,
            LocalIdentity = reader.Identity(ContextField.MyIdentity), RemoteIdentity = reader.Identity(ContextField.OtherIdentity),
            NextRequestId = (uint)reader.Number(ContextField.NextRequestId), ExpectedRequestId = (uint)reader.Number(ContextField.ExpectedRequestId),
            LastResponse = [.. reader.All(ContextField.LastResponse).Select(r => r.ToArray())],
            Nat = (NatState)reader.Number(ContextField.Nat), UdpEncapsulation = reader.Flag(ContextField.UdpEncapsulation), Extensions = (Extensions)reader.Number(ContextField.Extensions),
            InstanceNumber = (uint)reader.Number(ContextField.InstanceNumber), VendorIds = [.. reader.All(ContextField.VendorId).Select(v => v.ToArray())],
            GroupSenders = (int)reader.Number(ContextField.GroupSenders),
            EstablishedAt = step.Now.Plus(-elapsed - (long)reader.Number(ContextField.Age)), HeardAt = step.Now,
            Inner = new InnerAddresses(Addresses(reader, ContextField.InnerOurs), Addresses(reader, ContextField.InnerPeers)),
        };
        step.Machine.Instances.Take(sa.InstanceNumber);
        step.Machine.Add(sa);
        if (reader.Optional(ContextField.RekeyRemains) is { } rekey) step.SetTimer(sa, TimerKind.RekeyIke, Math.Max(0, rekey - elapsed));
        if (reader.Optional(ContextField.ExpiryRemains) is { } expiry) step.SetTimer(sa, TimerKind.ExpireIke, Math.Max(0, expiry - elapsed));
        foreach (var octets in reader.All(ContextField.GroupRegistration))
            if (GroupRegistration.Read(octets, elapsed) is { } registration) sa.Remember(registration);
        foreach (var child in reader.All(ContextField.Child))
            if (ContextReader.Read(child) is { } fields) ChildContext.Read(step, sa, fields, elapsed);
        if (reader.Optional(ContextField.OutstandingType) is { } type) sa.Start(step, new AbandonedExchange(sa, (ExchangeType)type, [.. reader.All(ContextField.OutstandingRequest).Select(r => r.ToArray())]));
        return sa;
    }

    private static IPAddress[] Addresses(ContextReader reader, ContextField field) => [.. reader.All(field).Where(a => a.Length is 4 or 16).Select(a => new IPAddress(a.Span))];
}
