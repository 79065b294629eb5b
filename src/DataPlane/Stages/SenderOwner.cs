using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Which worker opens a packet of a multi-point SA: the one that has the window of its sender, as the Sender-ID in its IV says. Nothing vouches for that before the integrity check: a forged
/// one takes the packet to a worker that then drops it.
/// </summary>
internal sealed class SenderOwner(WorkerContext context, AesGcmTier tier)
{
    private readonly Region region = context.Region;

    /// <summary>The Sender-ID of a packet whose ESP header is at an offset; false when the packet is too short for one.</summary>
    public bool TryRead(in Packet packet, int espOffset, in InboundSa sa, out uint senderId)
    {
        senderId = 0;
        if (packet.Length < espOffset + EspView.HeaderLength + 8) return false;
        senderId = SenderIv.Split(ref context.Memory.At(packet.Address + (uint)(espOffset + EspView.HeaderLength)), sa.SenderIdBits).SenderId;
        return true;
    }

    /// <summary>
    /// The owner of a sender, and its record. One that is not known yet becomes this worker's, if its packet is authentic; but an object that opens packets (of a cipher without kernel)
    /// is for one worker alone: the SA's.
    /// </summary>
    public int Find(uint slot, in InboundSa sa, uint senderId, out uint record)
    {
        record = region.Senders.Find(slot, sa.Generation, senderId);
        if (record != Senders.None) return (int)region.Sender(record).Worker;
        return CipherObjects.NeedsObject((Cipher)sa.Cipher, tier) ? sa.Worker : context.Index;
    }

    /// <summary>The owner of a packet that starts at its outer IP header, fragments and options and all.</summary>
    public int Find(in Packet packet, uint slot, in InboundSa sa, out uint record)
    {
        record = Senders.None;
        if (sa.SenderIdBits == 0 || !PacketFields.TryRead(context.Memory.Span(packet), out var fields) || !TryRead(packet, EspOffset(fields), sa, out var senderId)) return sa.Worker;
        return Find(slot, sa, senderId, out record);
    }

    /// <summary>Where ESP, raw or in UDP, stands in a packet to this machine.</summary>
    public static int EspOffset(in PacketFields fields) => fields.HeaderLength + (fields.Protocol == IpProtocol.Udp ? UdpView.HeaderLength : 0);
}
