using System.Buffers.Binary;
using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Contexts;

namespace Appliance.Ike.Groups;

/// <summary>A member's registration as it stands in the context of its IKE SA.</summary>
internal sealed record GroupRegistration(string Group, ulong Since, long AgeMilliseconds, IReadOnlyList<ToldSa> Told)
{
    private const int Fixed = 13;

    /// <summary>Writes one.</summary>
    public static void Write(Step step, ServedMember member, ContextWriter writer)
    {
        writer.Text(ContextField.RegistrationGroup, member.Group.Name);
        writer.Number(ContextField.RegistrationSince, member.Since);
        writer.Number(ContextField.RegistrationAge, step.Now - member.RegisteredAt);
        foreach (var told in member.Told)
        {
            var room = writer.Room(ContextField.RegistrationTold, Fixed + (4 * told.SenderIds.Length));
            BinaryPrimitives.WriteUInt64BigEndian(room, told.Number);
            BinaryPrimitives.WriteUInt32BigEndian(room[8..], told.Spi);
            room[12] = told.Acknowledged ? (byte)1 : (byte)0;
            for (var at = 0; at < told.SenderIds.Length; at++) BinaryPrimitives.WriteUInt32BigEndian(room[(Fixed + (4 * at))..], told.SenderIds[at]);
        }
    }

    /// <summary>Reads one; null: it is none.</summary>
    public static GroupRegistration? Read(ReadOnlyMemory<byte> octets, long elapsed)
    {
        if (ContextReader.Read(octets) is not { } reader || !reader.Has(ContextField.RegistrationGroup)) return null;
        return new GroupRegistration(reader.Text(ContextField.RegistrationGroup), reader.Number(ContextField.RegistrationSince), elapsed + (long)reader.Number(ContextField.RegistrationAge),
            [.. reader.All(ContextField.RegistrationTold).Where(t => t.Length >= Fixed && (t.Length - Fixed) % 4 == 0).Select(t => ReadTold(t.Span))]);
    }

    private static ToldSa ReadTold(ReadOnlySpan<byte> octets)
    {
        var senderIds = new uint[(octets.Length - Fixed) / 4];
        for (var at = 0; at < senderIds.Length; at++) senderIds[at] = BinaryPrimitives.ReadUInt32BigEndian(octets[(Fixed + (4 * at))..]);
        return new ToldSa(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt32BigEndian(octets[8..]), senderIds, octets[12] != 0);
    }
}
