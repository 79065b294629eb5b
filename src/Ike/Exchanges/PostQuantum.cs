using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Post-quantum preshared keys (RFC 8784): PPK_IDENTITY and NO_PPK_AUTH.</summary>
internal static class PostQuantum
{
    /// <summary>PPK_ID_FIXED (RFC 8784 §5.1).</summary>
    private const byte FixedIdentity = 2;

    /// <summary>PPK_IDENTITY of the initiator.</summary>
    public static NotifyPayload Identity(PostQuantumKey key) => new(NotifyType.PpkIdentity, [FixedIdentity, .. key.Identity]);

    /// <summary>Whether a request names a key.</summary>
    public static bool Names(IReadOnlyList<Payload> payloads, PostQuantumKey? key) =>
        key is not null && payloads.Notify(NotifyType.PpkIdentity) is { Data: [FixedIdentity, .. var identity] } && identity.AsSpan().SequenceEqual(key.Identity);

    /// <summary>AUTH without the key, for a side that does not have it: the data of NO_PPK_AUTH, of the same method as AUTH.</summary>
    public static AuthenticationPayload? Fallback(IReadOnlyList<Payload> payloads) =>
        payloads.Notify(NotifyType.NoPpkAuth) is { } notify && payloads.First<AuthenticationPayload>() is { } auth ? new AuthenticationPayload(auth.Method, notify.Data) : null;

    /// <summary>Keys with the key in them.</summary>
    public static IkeKeys? Mix(IkeKeys keys, PostQuantumKey? key) => key is null ? null : keys.WithPpk(key.Key);
}
