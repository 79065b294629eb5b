using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Contexts;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// What a successor of this process finds of a group that it is gateway of: its SAs with their keys, and which Sender-IDs were given out. What each member was told stands in the context of its IKE SA
/// (<see cref="GroupRegistration"/>).
/// </summary>
internal static class ServedGroupContext
{
    [Flags]
    private enum Flags : byte
    {
        Installed = 1,
        Activated = 2,
        EndedOthers = 4,
        Told = 8,
    }

    /// <summary>A group as a context.</summary>
    public static SaveContext Write(Step step, ServedGroup group)
    {
        using var writer = new ContextWriter();
        writer.Text(ContextField.GroupServer, group.Name);
        writer.Number(ContextField.SavedAt, step.Now.Milliseconds);
        writer.Bytes(ContextField.GroupRules, group.Rules);
        foreach (var sa in group.Sas) writer.Nested(ContextField.GroupServerSa, w => Write(step, sa, w));
        foreach (var spi in group.Ended) writer.Number(ContextField.EndedGroupSa, spi);
        return new SaveContext(group.ContextId, writer.ToArray());
    }

    /// <summary>The group; null: it cannot be read, so that there will be a new SA with a new key.</summary>
    public static ServedGroup? Read(Step step, ContextReader reader, uint id)
    {
        var elapsed = reader.Optional(ContextField.SavedAt) is { } at ? Math.Max(0, step.Now.Milliseconds - at) : 0;
        var sas = new List<MultiPointSa>();
        foreach (var octets in reader.All(ContextField.GroupServerSa))
        {
            if (ContextReader.Read(octets) is not { } fields || Read(step, fields, elapsed) is not { } sa)
            {
                foreach (var read in sas) read.Dispose();
                return null;
            }

            sas.Add(sa);
        }

        var group = new ServedGroup(reader.Text(ContextField.GroupServer), id) { Rules = reader.Bytes(ContextField.GroupRules).ToArray() };
        group.Restored(sas, Numbers(reader, ContextField.EndedGroupSa));
        return group;
    }

    private static void Write(Step step, MultiPointSa sa, ContextWriter writer)
    {
        writer.Number(ContextField.GroupSaNumber, sa.Number);
        writer.Number(ContextField.GroupSaSpi, sa.Spi);
        writer.Bytes(ContextField.GroupSaNonce, sa.Nonce);
        writer.Bytes(ContextField.GroupSaSkD, sa.SkD.Octets);
        writer.Number(ContextField.EncrAlgChild, (ulong)sa.Encryption.Transform);
        writer.Number(ContextField.EncAlgLenChild, (ulong)sa.Encryption.KeyBits);
        writer.Number(ContextField.IntAlgChild, (ulong)sa.Integrity);
        writer.Number(ContextField.GroupSaPrf, (ulong)sa.Prf);
        writer.Number(ContextField.SenderIdBits, sa.SenderIdBits);
        writer.Number(ContextField.FirstSenderId, sa.FirstSenderId);
        writer.Number(ContextField.LastSenderId, sa.LastSenderId);
        writer.Number(ContextField.NextSenderId, sa.NextSenderId);
        foreach (var own in sa.OwnSenderIds) writer.Number(ContextField.OwnSenderId, own);
        writer.Number(ContextField.GroupSaCreated, sa.CreatedAt - step.Now);
        writer.Number(ContextField.GroupSaActivates, sa.ActivatesAt - step.Now);
        writer.Number(ContextField.GroupSaEndsOthers, sa.EndsOthersAt - step.Now);
        writer.Number(ContextField.GroupSaExpires, sa.ExpiresAt - step.Now);
        writer.Number(ContextField.GroupSaFlags, (ulong)((sa is { IsInstalled: true, Token: 0 } ? Flags.Installed : 0) | (sa.IsActivated ? Flags.Activated : 0) | (sa.HasEndedOthers ? Flags.EndedOthers : 0) | (sa.WasTold ? Flags.Told : 0)));
    }

    private static MultiPointSa? Read(Step step, ContextReader reader, long elapsed)
    {
        var (encryption, integrity) = (new EncryptionChoice((EncryptionTransform)reader.Number(ContextField.EncrAlgChild), (int)reader.Number(ContextField.EncAlgLenChild)), (IntegrityTransform)reader.Number(ContextField.IntAlgChild));
        var (prf, spi, skD) = ((PrfAlgorithm)reader.Number(ContextField.GroupSaPrf), reader.Number(ContextField.GroupSaSpi), reader.Bytes(ContextField.GroupSaSkD));
        if (CipherSuites.CipherOf(encryption, integrity) == Cipher.None || Prf.OutputLength(prf) == 0 || skD.Length != Prf.OutputLength(prf) || spi is 0 or > uint.MaxValue) return null;
        var (bits, nonce) = ((int)reader.Number(ContextField.SenderIdBits), reader.Bytes(ContextField.GroupSaNonce));
        if (MultipointKeys.NeedsSenderIds(encryption) ? bits is < MultipointNumbers.MinimumSenderIdBits or > MultipointNumbers.MaximumSenderIdBits : bits != 0) return null;
        if (nonce.Length is < 16 or > 256 || bits > 0 && reader.Number(ContextField.LastSenderId) >> bits != 0) return null;
        var flags = (Flags)reader.Number(ContextField.GroupSaFlags);
        var sa = new MultiPointSa
        {
            Number = reader.Number(ContextField.GroupSaNumber), Spi = (uint)spi, Nonce = nonce.ToArray(), SkD = new Secret(skD.Span),
            Encryption = encryption, Integrity = integrity, Prf = prf, SenderIdBits = bits,
            FirstSenderId = (uint)reader.Number(ContextField.FirstSenderId), LastSenderId = (uint)reader.Number(ContextField.LastSenderId),
            OwnSenderIds = [.. Numbers(reader, ContextField.OwnSenderId)],
            CreatedAt = At(ContextField.GroupSaCreated), ActivatesAt = At(ContextField.GroupSaActivates), EndsOthersAt = At(ContextField.GroupSaEndsOthers), ExpiresAt = At(ContextField.GroupSaExpires),
            IsInstalled = flags.HasFlag(Flags.Installed), IsActivated = flags.HasFlag(Flags.Activated),
            HasEndedOthers = flags.HasFlag(Flags.EndedOthers), WasTold = flags.HasFlag(Flags.Told),
        };
        sa.UsedUpTo(reader.Number(ContextField.NextSenderId));
        return sa;

        Instant At(ContextField field) => step.Now.Plus(unchecked((long)reader.Number(field)) - elapsed);
    }

    private static IEnumerable<uint> Numbers(ContextReader reader, ContextField field) => reader.All(field).Where(o => o.Length == 8).Select(o => (uint)BinaryPrimitives.ReadUInt64BigEndian(o.Span));
}
