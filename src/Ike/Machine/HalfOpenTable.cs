using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace Appliance.Ike.Machine;

/// <summary>A request that began a responder's IKE SA: the peer's SPI and address, and the message itself by its hash (RFC 7296 §2.1: a retransmission is the same, octet for octet).</summary>
internal readonly record struct HalfOpenKey(ulong Spi, IPAddress Address, ulong Hash)
{
    /// <summary>Of a request.</summary>
    public static HalfOpenKey Of(ulong spi, IPAddress address, ReadOnlySpan<byte> datagram)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(datagram, hash);
        return new HalfOpenKey(spi, address, BinaryPrimitives.ReadUInt64LittleEndian(hash));
    }
}

/// <summary>Responders' IKE SAs of which nobody has proven anything: found again by their request, counted and bounded.</summary>
internal sealed class HalfOpenTable
{
    private readonly Dictionary<HalfOpenKey, IkeSa> byRequest = [];
    private readonly Dictionary<IPAddress, int> byAddress = [];

    /// <summary>How many there are.</summary>
    public int Count => byRequest.Count;

    /// <summary>The one that a request began, or null.</summary>
    public IkeSa? Find(in HalfOpenKey key) => byRequest.GetValueOrDefault(key);

    /// <summary>Whether there is room for one more from an address.</summary>
    public bool HasRoom(IPAddress address, int maximum) => Count < maximum && byAddress.GetValueOrDefault(address) < Math.Max(1, maximum / Tuning.HalfOpenShare);

    /// <summary>Takes one in.</summary>
    public void Add(in HalfOpenKey key, IkeSa sa)
    {
        byRequest.Add(key, sa);
        byAddress[key.Address] = byAddress.GetValueOrDefault(key.Address) + 1;
    }

    /// <summary>It is established or gone.</summary>
    public void Remove(in HalfOpenKey key)
    {
        if (!byRequest.Remove(key)) return;
        if (byAddress[key.Address] == 1) byAddress.Remove(key.Address);
        else byAddress[key.Address]--;
    }
}
