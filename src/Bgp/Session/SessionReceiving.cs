namespace Appliance.Bgp;

/// <summary>Messages of a connection in the order in which they come.</summary>
internal sealed partial class Session
{
    /// <summary>Takes whole messages; what stands behind a message that ends the connection is not looked at.</summary>
    public void Receive(BgpStep step, Connection connection, ReadOnlySpan<byte> octets)
    {
        // What we take is what we offered, before the neighbour answers too.
        var most = Configuration.ExtendedMessages ? MessageHeader.ExtendedLength : MessageHeader.MaximumLength;
        while (connection.State != SessionState.Idle)
        {
            if (MessageHeader.TryNext(ref octets, most, out var header, out var body, out var error))
            {
                Counters.Received(header.Type);
                Take(step, connection, header, body);
            }
            else
            {
                if (error is not null) Drop(step, connection, error, "BGPHeaderErr: the message's header is wrong", Loss.ErrorHere);
                return;
            }
        }
    }

    private void Take(BgpStep step, Connection connection, MessageHeader header, ReadOnlySpan<byte> body)
    {
        switch (connection.State, header.Type)
        {
            case (_, MessageType.Notification):
                TakeNotification(step, connection, body);
                break;
            case (SessionState.OpenSent, MessageType.Open):
                TakeOpen(step, connection, body);
                break;
            case (SessionState.OpenConfirm, MessageType.Keepalive):
                connection.Heard = step.Now;
                Establish(step, connection);
                break;
            case (SessionState.Established, MessageType.Keepalive):
                connection.Heard = step.Now;
                break;
            case (SessionState.Established, MessageType.Update):
                connection.Heard = step.Now;
                step.Machine.Intake.Update(step, this, connection, body);
                break;
            case (SessionState.Established, MessageType.RouteRefresh):
                connection.Heard = step.Now;
                TakeRefresh(step, connection, body);
                break;
            default:
                Drop(step, connection, NotificationMessage.Unexpected(connection.State, header.Type), $"{NameOf(header.Type)} is not expected in state {connection.State} (RFC 6608)", Loss.ErrorHere);
                break;
        }
    }

    private void TakeNotification(BgpStep step, Connection connection, ReadOnlySpan<byte> body)
    {
        if (!NotificationMessage.TryRead(body, out var message)) return;
        var isHard = message is { Code: NotificationCode.Cease, Subcode: CeaseReason.HardReset };
        // What it is about stands inside.
        if (isHard && NotificationMessage.TryRead(message.Data, out var inner)) message = inner;
        LastNotification = $"received {message}";
        Drop(step, connection, null, $"NotifMsg: the neighbor sent {message}", isHard ? Loss.HardReset : Loss.NotificationReceived);
    }

    private static string NameOf(MessageType type) => type switch
    {
        MessageType.Open => "OPEN",
        MessageType.Update => "UPDATE",
        MessageType.Notification => "NOTIFICATION",
        MessageType.Keepalive => "KEEPALIVE",
        _ => "ROUTE-REFRESH",
    };
}
