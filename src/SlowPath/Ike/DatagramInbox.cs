using System.Buffers.Binary;
using System.Net;
using Appliance.Ike;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// Datagrams between the receiving thread and the loop. Bounded in number and octets; what does not fit is dropped and counted. Requests of IKE_SA_INIT, which anybody can
/// send, wait behind all others: a flood of them costs nobody his exchange. Among themselves, once they wait: first those that came before (<see cref="AskedBefore"/>), then those with a cookie,
/// then the others; so an honest peer among a hundred thousand forged ones a second is heard at its first retransmission, and from then on at once.
/// </summary>
internal sealed class DatagramInbox(IkeCounters counters)
{
    /// <summary>Datagrams that wait at most, in each of the queues.</summary>
    internal const int Capacity = 4096;

    /// <summary>Octets that wait at most, in all queues.</summary>
    internal const int OctetCapacity = 8 << 20;

    /// <summary>From so many waiting strangers on it matters who came before.</summary>
    private const int Crowd = 256;

    private const int HeaderLength = 28, NextPayloadOffset = 16, ExchangeOffset = 18, FlagsOffset = 19, InitExchange = 34, ResponseFlag = 0x20, NotifyPayload = 41;
    private readonly Lock gate = new();
    private readonly Queue<DatagramReceived>[] queues = [.. Enumerable.Range(0, (int)Rank.Count).Select(_ => new Queue<DatagramReceived>())];
    private readonly AskedBefore asked = new();
    private int octets;

    /// <summary>Queues, in the order in which they are served.</summary>
    private enum Rank
    {
        Known,
        StrangerAgain,
        StrangerWithCookie,
        Stranger,
        Count,
    }

    /// <summary>Whether something waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate) return queues.All(q => q.Count == 0);
        }
    }

    /// <summary>Puts a message in. False when it was dropped. One thread.</summary>
    public bool TryAdd(IPEndPoint local, IPEndPoint remote, ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderLength)
        {
            counters.Add(IkeCount.TooShort);
            return false;
        }

        var rank = RankOf(remote.Address, message);
        lock (gate)
        {
            var queue = queues[(int)rank];
            if (queue.Count < Capacity && octets + message.Length <= OctetCapacity)
            {
                octets += message.Length;
                queue.Enqueue(new DatagramReceived(local, remote, message.ToArray()));
                counters.Add(IkeCount.MessagesReceived);
                return true;
            }
        }

        counters.Add(rank == Rank.Known ? IkeCount.InboxFull : IkeCount.StrangersFull);
        return false;
    }

    /// <summary>Takes one, those of strangers last.</summary>
    public bool TryTake(out DatagramReceived datagram)
    {
        lock (gate)
        {
            foreach (var queue in queues)
            {
                if (!queue.TryDequeue(out datagram!)) continue;
                octets -= datagram.Octets.Length;
                return true;
            }
        }

        datagram = null!;
        return false;
    }

    private Rank RankOf(IPAddress address, ReadOnlySpan<byte> message)
    {
        if (!IsFirst(message)) return Rank.Known;
        // A cookie is the first payload (RFC 7296 §2.6).
        var withCookie = message[NextPayloadOffset] == NotifyPayload;
        // The count is another thread's too: a moment old is good enough.
        if (queues[(int)Rank.Stranger].Count >= Crowd && asked.Note(address, BinaryPrimitives.ReadUInt64BigEndian(message) + (withCookie ? 1UL : 0), Environment.TickCount64)) return Rank.StrangerAgain;
        return withCookie ? Rank.StrangerWithCookie : Rank.Stranger;
    }

    /// <summary>A request of IKE_SA_INIT: the responder's SPI is zero (RFC 7296 §3.1).</summary>
    private static bool IsFirst(ReadOnlySpan<byte> message) =>
        message[ExchangeOffset] == InitExchange && (message[FlagsOffset] & ResponseFlag) == 0 && BinaryPrimitives.ReadUInt64BigEndian(message[8..]) == 0;
}
