using System.Buffers;

namespace Appliance.Bgp;

/// <summary>What a session itself sends; routes are sent by <see cref="RouteExport"/>.</summary>
internal sealed partial class Session
{
    /// <summary>Cease without data.</summary>
    private static NotificationMessage Cease(byte subcode) => new(NotificationCode.Cease, subcode);

    /// <summary>A NOTIFICATION on a connection that nobody shall have.</summary>
    public static void SendAlone(BgpStep step, ulong connection, NotificationMessage message)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MessageHeader.MaximumLength);
        step.Actions.Add(new SendOctets(connection, buffer, message.Write(buffer)));
        step.Actions.Add(new CloseConnection(connection));
    }

    private void SendOpen(BgpStep step, Connection connection)
    {
        connection.Advance(step, Opens.Ours(step, this).Write(connection.Room(step, MessageHeader.MaximumLength)));
        Counters.Sent(MessageType.Open);
    }

    private void SendKeepalive(BgpStep step, Connection connection)
    {
        connection.Advance(step, KeepaliveMessage.Write(connection.Room(step, MessageHeader.Size)));
        Counters.Sent(MessageType.Keepalive);
    }

    private void SendNotification(BgpStep step, Connection connection, NotificationMessage message)
    {
        connection.Advance(step, message.Write(connection.Room(step, MessageHeader.MaximumLength)));
        Counters.Sent(MessageType.Notification);
        LastNotification = $"sent {message}";
    }

    /// <summary>A ROUTE-REFRESH of any subtype on the established connection.</summary>
    public void SendRefresh(BgpStep step, Family family, RefreshSubtype subtype)
    {
        if (Established is not { } connection) return;
        connection.Advance(step, new RouteRefreshMessage(family, subtype).Write(connection.Room(step, RouteRefreshMessage.Size)));
        Counters.Sent(MessageType.RouteRefresh);
    }
}
