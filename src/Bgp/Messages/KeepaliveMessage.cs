namespace Appliance.Bgp;

/// <summary>KEEPALIVE (RFC 4271 §4.4): a header alone.</summary>
public static class KeepaliveMessage
{
    /// <summary>Writes the message; its length.</summary>
    public static int Write(Span<byte> buffer)
    {
        MessageHeader.Write(buffer[..MessageHeader.Size], MessageType.Keepalive);
        return MessageHeader.Size;
    }
}
