using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>What the RIB wants neighbours to be told, as UPDATEs, as far as their connections take them.</summary>
internal sealed class RouteExport(Rib rib)
{
    private readonly UpdateWriter writer = new();
    private int next;

    /// <summary>Writes what there is, neighbour by neighbour; one that does not read waits alone. True: there is more that could be written at once.</summary>
    public bool Run(BgpStep step)
    {
        var sessions = step.Machine.Sessions.All;
        var (budget, more) = (BgpTuning.ExportPerStep, false);
        // Begins behind where the last step began, so that the first neighbours do not have it all.
        foreach (var session in sessions.Skip(next).Concat(sessions.Take(next)))
        {
            if (session.Established is not { } connection) continue;
            if (budget > 0) budget -= Run(step, session, connection, budget);
            more |= session.HasExports && connection.Waiting < BgpTuning.UnsentMost;
        }

        next = sessions.Count == 0 ? 0 : (next + 1) % sessions.Count;
        return more;
    }

    private int Run(BgpStep step, Session session, Connection connection, int budget)
    {
        var written = 0;
        session.HasExports = true;
        while (written < budget && connection.Waiting < BgpTuning.UnsentMost && session.Established == connection)
        {
            if (session.Unwritten is not { } batch)
            {
                if (!rib.TryNextExport(session.Id, out batch))
                {
                    session.HasExports = false;
                    break;
                }

                session.Unwritten = batch;
            }

            written += Write(step, session, connection, batch);
        }

        return written;
    }

    private int Write(BgpStep step, Session session, Connection connection, in ExportBatch batch)
    {
        if (batch.Kind is ExportKind.Announce or ExportKind.Withdraw) return Update(step, session, connection, batch);
        session.Unwritten = null;
        if (session.Of(batch.Family) is { } state) session.AllSent(step, state, batch.Kind);
        return MessageHeader.Size;
    }

    private int Update(BgpStep step, Session session, Connection connection, in ExportBatch batch)
    {
        var room = connection.Room(step, connection.Negotiated.MessageMost, isBulk: true);
        var result = batch.Kind == ExportKind.Announce
            ? writer.Announce(room, connection.Writing, batch.Family, batch.Attributes!, batch.Nlri.Span)
            : UpdateWriter.Withdraw(room, connection.Writing, batch.Family, batch.Nlri.Span);
        var rest = batch.Nlri[result.Taken..];
        session.Unwritten = rest.IsEmpty ? null : batch with { Nlri = rest };
        session.Counters.Sent(MessageType.Update, CountOf(room[..result.Octets]));
        connection.Advance(step, result.Octets);
        if (!result.IsTooLong) return result.Octets;
        // What the neighbour may have from before is not true any more (RFC 4271 §9.1.3).
        session.Unwritten = new ExportBatch(ExportKind.Withdraw, batch.Family, null, rest);
        step.Notice(session, true, $"{rest.Length} {batch.Family} routes (the first is {rest.Span[0].ToText(batch.Family)}) were not sent: their attributes do not fit into a message");
        return MessageHeader.MaximumLength;
    }

    private static int CountOf(ReadOnlySpan<byte> messages)
    {
        var count = 0;
        for (; messages.Length >= MessageHeader.Size; count++) messages = messages[BinaryPrimitives.ReadUInt16BigEndian(messages[16..])..];
        return count;
    }
}
