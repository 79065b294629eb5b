using System.Security.Cryptography;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>AUTH of both sides: made and checked, with a shared key at once, with certificates by work (RFC 7296 §2.15).</summary>
internal static class Proofs
{
    /// <summary>Our AUTH, or null when it is under way as <see cref="SignatureMade"/>.</summary>
    public static AuthenticationPayload? Make(Step step, Exchange exchange, IkePeer peer, IkeKeys keys, IdentificationPayload identity)
    {
        var sa = exchange.Sa;
        var octets = Octets(sa, keys, sa.IsInitiator, identity);
        if (peer.LocalCredential is { } credential)
        {
            var hashes = sa.Extensions.HasFlag(Machine.Extensions.SignatureHashes) ? sa.Establishment!.PeerHashes : [];
            step.Actions.Add(new MakeSignature(step.NewToken(exchange), credential, octets, hashes) { HalfOpen = !sa.IsInitiator });
            return null;
        }

        return new AuthenticationPayload(AuthenticationMethod.SharedKey, keys.SharedKeyAuth(sa.IsInitiator, peer.SharedKey, octets));
    }

    /// <summary>Whether the peer's AUTH is right; null when that is under way as <see cref="SignatureVerified"/>. <paramref name="why"/>: for the log.</summary>
    public static bool? Check(Step step, Exchange exchange, IkePeer peer, IkeKeys keys, IdentificationPayload identity, AuthenticationPayload auth, IReadOnlyList<byte[]> certificates, out string why)
    {
        why = "";
        var sa = exchange.Sa;
        var octets = Octets(sa, keys, !sa.IsInitiator, identity);
        if (peer.TrustAnchors.Count > 0)
        {
            if (auth.Method == AuthenticationMethod.SharedKey)
            {
                why = "the peer uses a shared key, the configuration wants a certificate";
                return false;
            }

            step.Actions.Add(new VerifySignature(step.NewToken(exchange), peer.TrustAnchors, certificates, identity.ToIdentity(), auth.Method, auth.Data, octets)
            {
                HashesAnnounced = sa.Extensions.HasFlag(Machine.Extensions.SignatureHashes), HalfOpen = !sa.IsInitiator,
            });
            return null;
        }

        if (auth.Method != AuthenticationMethod.SharedKey || peer.SharedKey is null)
        {
            why = auth.Method != AuthenticationMethod.SharedKey ? $"the peer uses {auth.Method}, the configuration wants a shared key" : "the configuration has no shared key";
            return false;
        }

        var right = CryptographicOperations.FixedTimeEquals(auth.Data, keys.SharedKeyAuth(!sa.IsInitiator, peer.SharedKey, octets));
        if (!right) why = "the shared keys differ (or the identities that both sides mean)";
        return right;
    }

    /// <summary>The identity that an ID payload says.</summary>
    public static Identity ToIdentity(this IdentificationPayload payload) => new(payload.IdType, payload.Data);

    private static byte[] Octets(IkeSa sa, IkeKeys keys, bool ofInitiator, IdentificationPayload identity)
    {
        var establishment = sa.Establishment!;
        var intermediate = establishment.IntermediateAuth.Initiator.Length == 0 ? []
            : IkeKeys.IntermediateAuthOctets(establishment.IntermediateAuth.Initiator, establishment.IntermediateAuth.Responder, establishment.AuthMessageId);
        return keys.AuthOctets(ofInitiator, ofInitiator ? establishment.Request : establishment.Response, ofInitiator ? establishment.ResponderNonce : establishment.InitiatorNonce,
            PayloadWriter.WriteBody(identity), intermediate);
    }
}
