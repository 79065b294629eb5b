namespace Appliance.Bgp.Tests.Machine.Rig;

/// <summary>A neighbour played by the test: octets by hand.</summary>
internal sealed class Hand(Net net, End end)
{
    public End End { get; } = end;

    public IEnumerable<MessageType> Types => End.Messages.Select(m => (MessageType)m[18]);

    public IEnumerable<byte[]> Of(MessageType type) => End.Messages.Where(m => m[18] == (byte)type);

    /// <summary>The speaker's NOTIFICATION; there is exactly one.</summary>
    public NotificationMessage Notification
    {
        get
        {
            Assert.True(NotificationMessage.TryRead(Assert.Single(Of(MessageType.Notification)).AsSpan(19), out var message));
            return message;
        }
    }

    public bool IsClosed => End.IsClosed;

    public Hand Send(params byte[] octets)
    {
        net.Send(End, octets);
        net.Run();
        return this;
    }

    public Hand Open(uint autonomous, uint identifier, Capabilities? capabilities = null, ushort hold = 90)
    {
        var buffer = new byte[4096];
        var length = new OpenMessage(autonomous, hold, identifier, capabilities ?? Standard(autonomous)).Write(buffer);
        return Send(buffer[..length]);
    }

    public Hand Keepalive() => Send(Message(MessageType.Keepalive));

    /// <summary>To Established.</summary>
    public Hand Establish(uint autonomous, uint identifier, Capabilities? capabilities = null, ushort hold = 90) => Open(autonomous, identifier, capabilities, hold).Keepalive();

    public void Close() => net.Close(End, "the neighbor closed");

    public static Capabilities Standard(uint autonomous) =>
        new() { Families = [Family.Ipv4Unicast], FourOctetAs = autonomous, RouteRefresh = true, EnhancedRouteRefresh = true };

    public static byte[] Message(MessageType type, params byte[] body)
    {
        var message = new byte[19 + body.Length];
        body.CopyTo(message, 19);
        MessageHeader.Write(message, type);
        return message;
    }

    /// <summary>An UPDATE of IPv4 by hand: withdrawn, attributes, NLRI.</summary>
    public static byte[] Update(byte[] withdrawn, byte[] attributes, byte[] nlri) =>
        Message(MessageType.Update, [(byte)(withdrawn.Length >> 8), (byte)withdrawn.Length, .. withdrawn, (byte)(attributes.Length >> 8), (byte)attributes.Length, .. attributes, .. nlri]);

    /// <summary>ORIGIN IGP, AS_PATH of one AS in 4 octets, NEXT_HOP.</summary>
    public static byte[] Attributes(uint autonomous, string nextHop) =>
    [
        0x40, 1, 1, 0,
        0x40, 2, 6, 2, 1, (byte)(autonomous >> 24), (byte)(autonomous >> 16), (byte)(autonomous >> 8), (byte)autonomous,
        0x40, 3, 4, .. System.Net.IPAddress.Parse(nextHop).GetAddressBytes(),
    ];
}
