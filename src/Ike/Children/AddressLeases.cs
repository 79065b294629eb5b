using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>
/// Which client has which inner address. Where a search begins follows from the identity, so that a client has the same address again as long as no other took it, and nothing
/// needs to be kept of those that are gone. As many leases as IKE SAs live.
/// </summary>
internal sealed class AddressLeases
{
    private readonly Dictionary<IPAddress, (Identity Identity, int Count)> taken = [];

    /// <summary>How many addresses are given out.</summary>
    public int Count => taken.Count;

    /// <summary>An address of a family for an identity, or null when the pools have none. The same identity shares what it has.</summary>
    public IPAddress? Take(Identity identity, IReadOnlyList<AddressPool> pools, bool v4)
    {
        foreach (var pool in pools.Where(p => p.First.IsV4() == v4))
        {
            var first = Number(pool.First);
            var size = Number(pool.Last) - first + 1;
            if (size <= 0) continue;
            var start = Start(identity, size);
            // Not every address of an IPv6 pool needs looking at: at most so many are taken.
            var tries = (int)BigInteger.Min(size, taken.Count + 1);
            for (var i = 0; i < tries; i++)
            {
                var address = Address(first + ((start + i) % size), v4);
                if (!taken.TryGetValue(address, out var lease)) lease = (identity, 0);
                else if (lease.Identity != identity) continue;
                taken[address] = lease with { Count = lease.Count + 1 };
                return address;
            }
        }

        return null;
    }

    /// <summary>An IKE SA that an earlier process kept has these.</summary>
    public void Restore(Identity identity, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses)
            if (!taken.TryGetValue(address, out var lease)) taken[address] = (identity, 1);
            else if (lease.Identity == identity) taken[address] = lease with { Count = lease.Count + 1 };
    }

    /// <summary>An IKE SA has them no more.</summary>
    public void Give(Identity identity, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses)
        {
            if (!taken.TryGetValue(address, out var lease) || lease.Identity != identity) continue;
            if (lease.Count > 1) taken[address] = lease with { Count = lease.Count - 1 };
            else taken.Remove(address);
        }
    }

    private static BigInteger Start(Identity identity, BigInteger size)
    {
        byte[] octets = [(byte)identity.Type, .. identity.Data];
        return new BigInteger(SHA256.HashData(octets), isUnsigned: true, isBigEndian: true) % size;
    }

    private static BigInteger Number(IPAddress address) => new(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true);

    private static IPAddress Address(BigInteger number, bool v4)
    {
        var octets = new byte[v4 ? 4 : 16];
        var value = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        value.CopyTo(octets.AsSpan(octets.Length - value.Length));
        return new IPAddress(octets);
    }
}
