using System.Buffers.Binary;
using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>The notifies of IKE_SA_INIT with which both sides say what they support.</summary>
internal static class InitNotifies
{
    /// <summary>SHA2-256, SHA2-384, SHA2-512 and the identity hash of Ed25519 (RFC 7427 §4, RFC 8420 §2).</summary>
    private static readonly byte[] Hashes = [0, 2, 0, 3, 0, 4, 0, 5];

    /// <summary>What we send, NAT detection apart.</summary>
    public static IEnumerable<Payload> Ours(IReadOnlyList<IkePeer> peers)
    {
        if (peers.Any(p => p.FragmentSize > 0)) yield return new NotifyPayload(NotifyType.FragmentationSupported);
        if (peers.Any(p => p.Proposals.Any(o => o.Additional.Count > 0))) yield return new NotifyPayload(NotifyType.IntermediateExchangeSupported);
        if (peers.Any(p => p.Ppk is not null)) yield return new NotifyPayload(NotifyType.UsePpk);
        if (peers.Any(p => p.TrustAnchors.Count > 0 || p.LocalCredential is not null)) yield return new NotifyPayload(NotifyType.SignatureHashAlgorithms, Hashes);
    }

    /// <summary>What both support after the peer has said what it does.</summary>
    public static Machine.Extensions Common(IReadOnlyList<IkePeer> peers, IReadOnlyList<Payload> payloads)
    {
        var common = Machine.Extensions.None;
        if (peers.Any(p => p.FragmentSize > 0) && payloads.Has(NotifyType.FragmentationSupported)) common |= Machine.Extensions.Fragmentation;
        if (peers.Any(p => p.Proposals.Any(o => o.Additional.Count > 0)) && payloads.Has(NotifyType.IntermediateExchangeSupported)) common |= Machine.Extensions.Intermediate;
        if (payloads.Has(NotifyType.SignatureHashAlgorithms)) common |= Machine.Extensions.SignatureHashes;
        if (payloads.Has(NotifyType.ChildlessIkev2Supported)) common |= Machine.Extensions.Childless;
        if (payloads.Has(NotifyType.RedirectSupported) || payloads.Has(NotifyType.RedirectedFrom)) common |= Machine.Extensions.Redirect;
        return common;
    }

    /// <summary>Hash algorithms of the peer's SIGNATURE_HASH_ALGORITHMS.</summary>
    public static IReadOnlyList<ushort> PeerHashes(IReadOnlyList<Payload> payloads)
    {
        if (payloads.Notify(NotifyType.SignatureHashAlgorithms) is not { Data: var data }) return [];
        var hashes = new List<ushort>();
        for (var at = 0; at + 2 <= data.Length && hashes.Count < 16; at += 2) hashes.Add(BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at)));
        return hashes;
    }

    /// <summary>Vendor IDs, a few.</summary>
    public static IReadOnlyList<byte[]> VendorIds(IReadOnlyList<Payload> payloads) => [.. payloads.OfType<VendorIdPayload>().Select(v => v.Data).Where(d => d.Length <= 64).Take(Tuning.VendorIds)];
}
