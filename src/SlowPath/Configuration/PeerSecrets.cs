using System.Text;
using Appliance.Ike;

namespace Appliance.SlowPath.Configuration;

/// <summary>How both sides of a peer prove who they are: <c>auth</c>, <c>peer_auth</c>, shared key, certificate, authorities.</summary>
internal sealed class PeerSecrets(ConfigurationErrors errors, CredentialSection credentials, SecretReader secrets)
{
    private enum Proof
    {
        Unsaid,
        SharedKey,
        Certificate,
    }

    /// <summary>The peer with what it needs; what is missing or useless is an error.</summary>
    public IkePeer Read(MapReader map, IkePeer peer, IkeDefaults defaults, int shortest)
    {
        var own = map.Node("certificate") is not null || map.Node("private_key") is not null;
        var hasKey = map.Node("psk") is not null || map.Node("psk_file") is not null;
        var sharedKey = secrets.Read(map, "psk", "psk_file", shortest, "RFC 7296 §2.15: as much entropy as the strongest key");
        var credential = own ? credentials.Credential(map) : defaults.Credential;
        var authorities = map.Node("authorities") is null ? defaults.Authorities : credentials.Authorities(map);
        var auth = Choice(map, "auth", hasKey ? Proof.SharedKey : own || defaults.Credential is not null ? Proof.Certificate : Proof.Unsaid);
        var peerAuth = Choice(map, "peer_auth", auth);
        if (auth == Proof.Unsaid)
            errors.Add(map.At, "a peer without a secret: no 'psk_file', no 'certificate'", "write psk_file: FILE, or certificate and private_key here or in 'ike'");
        var psk = auth == Proof.SharedKey || peerAuth == Proof.SharedKey;
        if (psk && !hasKey) map.Wrong(auth == Proof.SharedKey ? "auth" : "peer_auth", "a peer with a shared key that is not there", "write psk_file: FILE, the same key on both sides");
        if (hasKey && !psk) map.Wrong(map.Node("psk") is null ? "psk_file" : "psk", "a shared key that nobody uses", "write auth: psk, or remove it");
        if (auth == Proof.Certificate && credential is null && !own && defaults.Credential is null)
            map.Wrong("auth", "a certificate of ours that is not there", "write certificate and private_key here or in 'ike'");
        if (own && credential is not null && auth == Proof.SharedKey) map.Wrong("certificate", "a certificate that nobody uses", "write auth: certificate, or remove it");
        if (peerAuth == Proof.Certificate && authorities.Count == 0 && map.Node("authorities") is null)
            errors.Add(map.At, "nobody vouches for the peer's certificate: no 'authorities'", "write authorities: [ca.crt] here or in 'ike'");
        if (psk && peerAuth == Proof.SharedKey && (peer.RemoteIdentity.Pattern is null || peer.RemoteIdentity.Pattern.AsSpan().StartsWith("*"u8)))
            errors.Warn(map.PositionOf("peer_identity"), "one shared key for many identities: each of these peers can say that it is another, or us", "certificates, or a peer with a key of its own for each");
        return peer with
        {
            SharedKey = psk ? sharedKey : null,
            LocalCredential = auth == Proof.Certificate ? credential : null,
            TrustAnchors = peerAuth == Proof.Certificate ? authorities : [],
        };
    }

    private static Proof Choice(MapReader map, string key, Proof otherwise) => map.Choice(key, otherwise, ("psk", Proof.SharedKey), ("certificate", Proof.Certificate));
}
