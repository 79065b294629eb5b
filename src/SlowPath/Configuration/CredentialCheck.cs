using Appliance.SlowPath.Credentials;

namespace Appliance.SlowPath.Configuration;

/// <summary>Whether certificates, keys, authorities and revocation lists can be used, and whether each of our certificates says who we say we are.</summary>
internal static class CredentialCheck
{
    /// <summary>Files of a configuration as the credential store takes them.</summary>
    public static CredentialSources Sources(LoadedConfiguration configuration) => new()
    {
        Credentials = [.. configuration.Credentials.Select(c => new CredentialSource(c.Name, c.CertificateFile, c.PrivateKeyFile))],
        Authorities = [.. configuration.AuthorityFiles.Select(f => new AuthoritySource(f, f))],
        RevocationLists = configuration.RevocationFiles,
    };

    /// <summary>What is wrong, at the places that name the files; and what is allowed and unwise.</summary>
    public static IReadOnlyList<ConfigurationError> Problems(LoadedConfiguration configuration, TimeProvider clock, out IReadOnlyList<ConfigurationError> warnings)
    {
        using var store = CredentialStore.Load(Sources(configuration), clock, out var found);
        var told = found.Select(p => (p.IsWarning, Error: new ConfigurationError(configuration.FilePlaces.GetValueOrDefault(p.File, new(1, 1)), $"{p.File}: {p.Message}", p.Hint))).ToList();
        foreach (var peer in configuration.Ike?.Peers ?? [])
            if (store is not null && peer.LocalCredential is { } credential && store.IdentityProblem(credential, peer.LocalIdentity) is { } problem)
                told.Add((false, new ConfigurationError(configuration.PeerPlaces.GetValueOrDefault(peer.Name, new(1, 1)), $"peer '{peer.Name}': it will not believe that we are {peer.LocalIdentity}: {problem}",
                    "write another 'identity', or issue a certificate that names it: appliance pki issue")));
        warnings = [.. told.Where(t => t.IsWarning).Select(t => t.Error)];
        return [.. told.Where(t => !t.IsWarning).Select(t => t.Error).OrderBy(e => e.At.Line).ThenBy(e => e.At.Column)];
    }
}
