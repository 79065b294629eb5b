using System.Security.Cryptography;

namespace Appliance.Ike.Machine;

/// <summary>Whether a new configuration means the same. Lists compare by their content.</summary>
internal static class PeerComparison
{
    /// <summary>The same peer, proven in the same way, with the same algorithms; its children apart.</summary>
    public static bool SamePeer(IkePeer a, IkePeer b) =>
        a.Local.SequenceEqual(b.Local) && a.Remote.SequenceEqual(b.Remote) && a.LocalIdentity == b.LocalIdentity
        && a.RemoteIdentity.Type == b.RemoteIdentity.Type && Same(a.RemoteIdentity.Pattern, b.RemoteIdentity.Pattern)
        && a.LocalCredential == b.LocalCredential && a.TrustAnchors.SequenceEqual(b.TrustAnchors) && Same(a.SharedKey, b.SharedKey) && SamePpk(a.Ppk, b.Ppk)
        && a.Proposals.Count == b.Proposals.Count && a.Proposals.Zip(b.Proposals).All(p => Same(p.First, p.Second))
        && a.AllowedRemote.SequenceEqual(b.AllowedRemote) && a.ForceUdp == b.ForceUdp && a.Pools.SequenceEqual(b.Pools) && a.RequestAddress == b.RequestAddress;

    /// <summary>The same tunnel: what of it was negotiated is not other than before.</summary>
    public static bool SameTunnel(ChildTemplate a, ChildTemplate b) =>
        a.Mode == b.Mode && a.Local.SequenceEqual(b.Local) && a.Remote.SequenceEqual(b.Remote) && a.ReplayWindow == b.ReplayWindow && a.Tfc == b.Tfc && a.Resources == b.Resources
        && a.IsTemplate == b.IsTemplate && a.Proposals.Count == b.Proposals.Count && a.Proposals.Zip(b.Proposals).All(p => Same(p.First, p.Second));

    private static bool Same(IkeProposal a, IkeProposal b) => a.Encryption.SequenceEqual(b.Encryption) && a.Integrity.SequenceEqual(b.Integrity) && a.Prf.SequenceEqual(b.Prf)
        && a.KeyExchange.SequenceEqual(b.KeyExchange) && a.Additional.Count == b.Additional.Count && a.Additional.Zip(b.Additional).All(l => l.First.SequenceEqual(l.Second));

    private static bool Same(EspProposal a, EspProposal b) =>
        a.Encryption.SequenceEqual(b.Encryption) && a.Integrity.SequenceEqual(b.Integrity) && a.KeyExchange.SequenceEqual(b.KeyExchange)
        && a.Additional.Count == b.Additional.Count && a.Additional.Zip(b.Additional).All(l => l.First.SequenceEqual(l.Second)) && a.Esn.SequenceEqual(b.Esn);

    private static bool SamePpk(PostQuantumKey? a, PostQuantumKey? b) =>
        a is null || b is null ? a == b : Same(a.Identity, b.Identity) && Same(a.Key, b.Key) && a.Mandatory == b.Mandatory;

    private static bool Same(byte[]? a, byte[]? b) => a is null || b is null ? a == b : CryptographicOperations.FixedTimeEquals(a, b);
}
