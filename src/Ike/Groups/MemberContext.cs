using System.Buffers.Binary;
using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Contexts;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>A gateway's SAs as a successor of this process finds them. Their keys stand in the region's records alone.</summary>
internal static class MemberContext
{
    /// <summary>The context.</summary>
    public static byte[] Write(Step step, MemberGateway gateway)
    {
        using var writer = new ContextWriter();
        writer.Flag(ContextField.GroupMember, true);
        writer.Text(ContextField.Group, gateway.Group);
        writer.Text(ContextField.GroupGateway, gateway.Name);
        writer.Number(ContextField.SavedAt, step.Now.Milliseconds);
        var sending = step.Machine.Members.Find(gateway.Group)?.Sending;
        foreach (var sa in gateway.Sas) writer.Nested(ContextField.GroupSa, w => Write(step, w, sa, sa == sending));
        return writer.ToArray();
    }

    /// <summary>Reads a context; null when something that is needed is not there. <paramref name="sending"/>: the SA that the earlier process sent by.</summary>
    public static MemberGateway? Read(Step step, uint id, ContextReader reader, out MemberSa? sending)
    {
        sending = null;
        var (group, name) = (reader.Text(ContextField.Group), reader.Text(ContextField.GroupGateway));
        if (group.Length == 0 || name.Length == 0) return null;
        var elapsed = Math.Max(0, step.Now.Milliseconds - (reader.Optional(ContextField.SavedAt) ?? 0));
        var gateway = new MemberGateway(group, name, id) { IsKept = true, IsExpected = true };
        foreach (var octets in reader.All(ContextField.GroupSa).Take(Tuning.MostSasOfGateway))
        {
            if (ContextReader.Read(octets) is not { } fields || Read(step, fields, gateway, elapsed) is not { } sa) return null;
            gateway.Sas.Add(sa);
            if (fields.Flag(ContextField.IsSending)) sending = sa;
        }

        return gateway;
    }

    private static void Write(Step step, ContextWriter writer, MemberSa sa, bool isSending)
    {
        writer.Number(ContextField.GroupSpi, sa.Sa.Spi);
        writer.Number(ContextField.EncrAlgChild, (ulong)sa.Sa.Encryption.Transform);
        writer.Number(ContextField.EncAlgLenChild, (ulong)sa.Sa.Encryption.KeyBits);
        writer.Number(ContextField.IntAlgChild, (ulong)sa.Sa.Integrity);
        writer.Number(ContextField.SenderIdBits, sa.Sa.SenderIdBits);
        Numbers(writer, ContextField.SenderIds, [.. sa.Sa.SenderIds]);
        Numbers(writer, ContextField.UsedSenderIds, [.. sa.UsedSenderIds]);
        writer.Number(ContextField.ReplayWindow, sa.Sa.ReplayWindow);
        writer.Number(ContextField.Lifetime, sa.Sa.LifetimeMilliseconds);
        writer.Bytes(ContextField.KeyDigest, sa.Digest);
        writer.Flag(ContextField.IsInstalled, sa.IsInstalled);
        writer.Flag(ContextField.IsSending, isSending);
        writer.Flag(ContextField.WantsSenderIds, sa.WantsSenderIds);
        writer.Flag(ContextField.IsExhausted, sa.IsExhausted);
        writer.Number(ContextField.ChildAge, step.Now - sa.InstalledAt);
        writer.Number(ContextField.ActivationRemains, sa.ActivatesAt - step.Now);
        writer.Number(ContextField.EndOfOthersRemains, sa.EndsOthersAt - step.Now);
        writer.Number(ContextField.ExpiryOfGroupSaRemains, sa.ExpiresAt - step.Now);
        if (sa.EndsAt < Instant.Never) writer.Number(ContextField.EndRemains, sa.EndsAt - step.Now);
    }

    private static MemberSa? Read(Step step, ContextReader reader, MemberGateway gateway, long elapsed)
    {
        if (reader.Number(ContextField.GroupSpi) is 0 or > uint.MaxValue || reader.Bytes(ContextField.KeyDigest).Length != 32) return null;
        var sa = new MemberSa(
            new GroupSa
            {
                Group = gateway.Group, Gateway = gateway.Name, Spi = (uint)reader.Number(ContextField.GroupSpi),
                Encryption = new((EncryptionTransform)reader.Number(ContextField.EncrAlgChild), (int)reader.Number(ContextField.EncAlgLenChild)),
                Integrity = (IntegrityTransform)reader.Number(ContextField.IntAlgChild), SenderIdBits = (int)reader.Number(ContextField.SenderIdBits),
                SenderIds = Numbers(reader, ContextField.SenderIds), ReplayWindow = (int)reader.Number(ContextField.ReplayWindow), LifetimeMilliseconds = (long)reader.Number(ContextField.Lifetime),
            },
            reader.Bytes(ContextField.KeyDigest).ToArray())
        {
            IsInstalled = reader.Flag(ContextField.IsInstalled), WantsSenderIds = reader.Flag(ContextField.WantsSenderIds), IsExhausted = reader.Flag(ContextField.IsExhausted),
            InstalledAt = step.Now.Plus(-elapsed - (long)reader.Number(ContextField.ChildAge)), ActivatesAt = At(ContextField.ActivationRemains), EndsOthersAt = At(ContextField.EndOfOthersRemains),
            ExpiresAt = At(ContextField.ExpiryOfGroupSaRemains), EndsAt = reader.Has(ContextField.EndRemains) ? At(ContextField.EndRemains) : Instant.Never,
        };
        sa.UsedSenderIds.UnionWith(Numbers(reader, ContextField.UsedSenderIds));
        return sa;

        Instant At(ContextField field) => step.Now.Plus((reader.Optional(field) ?? 0) - elapsed);
    }

    private static void Numbers(ContextWriter writer, ContextField field, uint[] numbers)
    {
        var room = writer.Room(field, 4 * numbers.Length);
        for (var at = 0; at < numbers.Length; at++) BinaryPrimitives.WriteUInt32BigEndian(room[(4 * at)..], numbers[at]);
    }

    private static uint[] Numbers(ContextReader reader, ContextField field)
    {
        var octets = reader.Bytes(field).Span;
        var numbers = new uint[Math.Min(octets.Length / 4, Tuning.MostSenderIdsUsed)];
        for (var at = 0; at < numbers.Length; at++) numbers[at] = BinaryPrimitives.ReadUInt32BigEndian(octets[(4 * at)..]);
        return numbers;
    }
}
