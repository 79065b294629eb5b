using System.Security.Cryptography;
using Appliance.Bgp;
using Appliance.Ike;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>What one file says: the gateway, IKE, and the files that IKE needs. Immutable; a reload brings a new one.</summary>
public sealed record LoadedConfiguration
{
    /// <summary>Ports, tunnels and policies.</summary>
    public required GatewayConfiguration Gateway { get; init; }

    /// <summary>The PAD with its children; null where the file names no peer and has no <c>ike</c> section: then nobody listens on UDP 500.</summary>
    public IkeConfiguration? Ike { get; init; }

    /// <summary>What BGP does; null where the file has no <c>bgp</c> section: then nobody listens on TCP 179.</summary>
    public BgpConfiguration? Bgp { get; init; }

    /// <summary>Paths that BFD watches for the operator.</summary>
    public IReadOnlyList<WatchedPath> Bfd { get; init; } = [];
    /// <summary>The customer edge; null where the file has no <c>ce</c> section: then a Security Gateway Identity means nothing here.</summary>
    public CeConfiguration? Ce { get; init; }

    /// <summary>Our credentials; <see cref="IkePeer.LocalCredential"/> is the name of one.</summary>
    public IReadOnlyList<CredentialFiles> Credentials { get; init; } = [];

    /// <summary>Files of trust anchors (PEM), by full path; <see cref="IkePeer.TrustAnchors"/> names them the same way.</summary>
    public IReadOnlyList<string> AuthorityFiles { get; init; } = [];

    /// <summary>Files of certificate revocation lists, by full path.</summary>
    public IReadOnlyList<string> RevocationFiles { get; init; } = [];

    /// <summary>Where each file is named, by full path.</summary>
    public IReadOnlyDictionary<string, SourcePosition> FilePlaces { get; init; } = new Dictionary<string, SourcePosition>();

    /// <summary>Where each peer starts, by name.</summary>
    public IReadOnlyDictionary<string, SourcePosition> PeerPlaces { get; init; } = new Dictionary<string, SourcePosition>();

    /// <summary>Where each group has its name, by name.</summary>
    public IReadOnlyDictionary<string, SourcePosition> GroupPlaces { get; init; } = new Dictionary<string, SourcePosition>();

    /// <summary>What is allowed and unwise.</summary>
    public IReadOnlyList<ConfigurationError> Warnings { get; init; } = [];

    /// <summary>Wipes shared keys, post-quantum keys and keys of TCP-MD5: when nobody uses this configuration any more.</summary>
    public void WipeSecrets()
    {
        foreach (var peer in (Ike?.Peers ?? []).Concat(Ce is { Peer: { } template } ? [template] : []))
        {
            CryptographicOperations.ZeroMemory(peer.SharedKey);
            CryptographicOperations.ZeroMemory(peer.Ppk?.Key);
        }

        foreach (var neighbor in (Bgp?.Neighbors ?? []).Concat(Bgp?.Dynamic.Select(d => d.Template) ?? []))
            CryptographicOperations.ZeroMemory(neighbor.Transport.Md5Key);
    }
}

/// <summary>How we prove who we are with a certificate.</summary>
/// <param name="Name">What peers call it: the path of the certificate.</param>
/// <param name="CertificateFile">Full path of our certificate and its chain, PEM, ours first.</param>
/// <param name="PrivateKeyFile">Full path of the private key, PEM.</param>
public sealed record CredentialFiles(string Name, string CertificateFile, string PrivateKeyFile);
