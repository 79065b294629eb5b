namespace Appliance.TcpAo;

/// <summary>
/// The sequence number extension of one direction (RFC 5925 §6.2): the high half of a 64-bit sequence number, which both ends count by themselves, so that a segment of 2^32 octets ago is under
/// another MAC. Starts at 0 with the ISN.
/// </summary>
/// <param name="isn">Initial sequence number of the direction.</param>
public sealed class SequenceExtension(uint isn)
{
    private long highest = isn;

    /// <summary>The extension that a segment with this sequence number has: of the numbers that end in these 32 bits the one nearest to the highest that was seen. Changes nothing.</summary>
    public uint Of(uint sequence) => (uint)(Math.Max(0, highest + Ahead(sequence)) >> 32);

    /// <summary>A segment with this sequence number was sent, or came and was authentic.</summary>
    public void Seen(uint sequence) => highest += Math.Max(0, Ahead(sequence));

    private int Ahead(uint sequence) => unchecked((int)(sequence - (uint)highest));
}
