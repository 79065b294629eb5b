using System.Net;
using System.Security.Cryptography;
using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>MOBIKE (RFC 4555): an IKE SA and its children go on when an address of one side changes. The side that began the first IKE SA decides where.</summary>
internal static class Mobility
{
    /// <summary>Octets of COOKIE2 (RFC 4555 §4.2.5: 8 to 64).</summary>
    public const int CookieLength = 16;

    /// <summary>Addresses that we announce at most.</summary>
    private const int MostAddresses = 8;

    /// <summary>This machine's addresses changed: IKE SAs on an address that is gone move to another one, or end.</summary>
    public static void AddressesChanged(Step step, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var sa in step.Machine.All.Where(s => s.State is IkeSaState.Established or IkeSaState.Rekeying && s.Successor is null && !addresses.Contains(s.Local.Address)).ToArray())
        {
            var next = sa.Peer is not { } peer ? null : peer.Local.Concat(addresses).FirstOrDefault(a => addresses.Contains(a) && a.IsV4() == sa.Remote.Address.IsV4() && (peer.Local.Count == 0 || peer.Local.Contains(a)));
            if (next is null || !sa.Extensions.HasFlag(Extensions.Mobike)) Lose(step, sa, next);
            else Move(step, sa, next, addresses);
        }
    }

    /// <summary>Hashes of the addresses as we see them, or wrong ones on purpose where the configuration wants UDP always.</summary>
    public static IEnumerable<Payload> NatDetection(Step step, IkeSa sa) =>
        Machine.NatDetection.Notifies(sa.InitiatorSpi, sa.ResponderSpi, sa.Local, sa.Remote, sa.Peer?.ForceUdp == true ? step.Entropy : null);

    /// <summary>Our other addresses of both families, or that there are none.</summary>
    public static IEnumerable<Payload> Additional(IkeSa sa, IReadOnlyList<IPAddress> addresses)
    {
        var others = (sa.Peer is { Local.Count: > 0 } peer ? peer.Local.Where(addresses.Contains) : addresses).Where(a => !a.Equals(sa.Local.Address)).Take(MostAddresses).ToArray();
        return others.Length == 0 ? [new NotifyPayload(NotifyType.NoAdditionalAddresses)]
            : others.Select(a => new NotifyPayload(a.IsV4() ? NotifyType.AdditionalIp4Address : NotifyType.AdditionalIp6Address, a.GetAddressBytes()));
    }

    /// <summary>RFC 4555 §3.7: another cookie than the one that was sent closes the IKE SA. A peer that left it out cannot have proven where it is.</summary>
    public static bool CookieIsRight(Step step, IkeSa sa, IReadOnlyList<Payload> payloads, byte[] cookie)
    {
        if (payloads.Notify(NotifyType.Cookie2) is { } theirs && CryptographicOperations.FixedTimeEquals(theirs.Data, cookie)) return true;
        step.Log(IkeLogLevel.Warning, sa, "cookie2", "the peer did not send back the cookie that went to its new address");
        sa.Close(step, "return routability was not proven");
        return false;
    }

    /// <summary>
    /// What a request of the peer says about addresses, and what is answered (RFC 4555 §3.5, §3.6). The request came between <paramref name="local"/> and <paramref name="remote"/>.
    /// </summary>
    public static IEnumerable<Payload> Answer(Step step, IkeSa sa, IReadOnlyList<Payload> payloads, IPEndPoint local, IPEndPoint remote)
    {
        if (!sa.Extensions.HasFlag(Extensions.Mobike) || sa.State is not (IkeSaState.Established or IkeSaState.Rekeying) || sa.Successor is not null) return [];
        if (payloads.Notify(NotifyType.NoNatsAllowed) is { } strict && !Matches(strict.Data, remote, local)) return [new NotifyPayload(NotifyType.UnexpectedNatDetected)];
        if (payloads.Has(NotifyType.UpdateSaAddresses) && !sa.Extensions.HasFlag(Extensions.BeganFirst))
        {
            sa.MoveAlone(step, local, remote, "the peer moved");
            sa.TakeNat(step, payloads);
            if (sa.HasChildrenElsewhere) sa.Start(step, new RoutabilityCheck(sa));
        }
        else if (sa.Extensions.HasFlag(Extensions.BeganFirst) && payloads.OfType<NotifyPayload>().Any(IsAddressList) && !remote.Equals(sa.Remote))
        {
            // The responder's address changed; it is ours to follow it.
            sa.Move(step, local, remote, "the peer announces another address");
            sa.Start(step, new UpdateAddresses(sa));
        }

        return Machine.NatDetection.IsIn(payloads) ? NatDetection(step, sa) : [];
    }

    private static bool IsAddressList(NotifyPayload notify) => notify.NotifyType is NotifyType.AdditionalIp4Address or NotifyType.AdditionalIp6Address or NotifyType.NoAdditionalAddresses;

    private static void Move(Step step, IkeSa sa, IPAddress next, IReadOnlyList<IPAddress> addresses)
    {
        sa.Move(step, new IPEndPoint(next, sa.Local.Port), sa.Remote, "our address changed");
        sa.Start(step, sa.Extensions.HasFlag(Extensions.BeganFirst) ? new UpdateAddresses(sa) : new AnnounceAddresses(sa, addresses));
    }

    private static void Lose(Step step, IkeSa sa, IPAddress? next) => sa.Destroy(step, next is null
        ? $"our address {sa.Local.Address} is gone and no other reaches {sa.Remote.Address}"
        : $"our address {sa.Local.Address} is gone and the peer does not do MOBIKE");

    // RFC 4555 §4.2.6: source and destination address and port as the sender sees them, IPv4 12 octets, IPv6 36.
    private static bool Matches(byte[] data, IPEndPoint source, IPEndPoint destination)
    {
        byte[] expected = [.. source.Address.GetAddressBytes(), .. destination.Address.GetAddressBytes(), (byte)(source.Port >> 8), (byte)source.Port, (byte)(destination.Port >> 8), (byte)destination.Port];
        return data.AsSpan().SequenceEqual(expected);
    }
}
