using System.Buffers.Binary;
using System.Net;
using Appliance.Ike;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// Datagrams between the receiving thread and the loop. Bounded in number and octets; what does not fit is dropped and counted. Requests of IKE_SA_INIT, which anybody can
/// send, wait in a queue of their own behind all others: a flood of them costs nobody his exchange.
/// </summary>
internal sealed class DatagramInbox(IkeCounters counters)
{
    /// <summary>Datagrams that wait at most, in each of the two queues.</summary>
    internal const int Capacity = 4096;

    /// <summary>Octets that wait at most, in both queues.</summary>
    internal const int OctetCapacity = 8 << 20;

    private const int HeaderLength = 28, ExchangeOffset = 18, FlagsOffset = 19, InitExchange = 34, ResponseFlag = 0x20;
    private readonly Lock gate = new();
    private readonly Queue<DatagramReceived> known = [], strangers = [];
    private int octets;

    /// <summary>Whether something waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate) return known.Count + strangers.Count == 0;
        }
    }

    /// <summary>Puts a message in. False when it was dropped.</summary>
    public bool TryAdd(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderLength)
        {
            counters.Add(IkeCount.TooShort);
            return false;
        }

        var stranger = IsFirst(message);
        lock (gate)
        {
            var queue = stranger ? strangers : known;
            if (queue.Count < Capacity && octets + message.Length <= OctetCapacity)
            {
                octets += message.Length;
                queue.Enqueue(new DatagramReceived(local, remote, message.ToArray()));
                counters.Add(IkeCount.MessagesReceived);
                return true;
            }
        }

        counters.Add(stranger ? IkeCount.StrangersFull : IkeCount.InboxFull);
        return false;
    }

    /// <summary>Takes one, those of strangers last.</summary>
    public bool TryTake(out DatagramReceived datagram)
    {
        lock (gate)
        {
            if (!known.TryDequeue(out datagram!) && !strangers.TryDequeue(out datagram!)) return false;
            octets -= datagram.Octets.Length;
            return true;
        }
    }

    /// <summary>A request of IKE_SA_INIT: the responder's SPI is zero (RFC 7296 §3.1).</summary>
    private static bool IsFirst(ReadOnlySpan<byte> message) =>
        message[ExchangeOffset] == InitExchange && (message[FlagsOffset] & ResponseFlag) == 0 && BinaryPrimitives.ReadUInt64BigEndian(message[8..]) == 0;
}
