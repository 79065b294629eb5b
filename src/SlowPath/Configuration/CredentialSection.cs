using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>certificate</c>, <c>private_key</c>, <c>authorities</c> and <c>revocation</c>, and keeps every file that is named.</summary>
internal sealed class CredentialSection(ConfigurationErrors errors, ConfigurationFiles files)
{
    private readonly List<CredentialFiles> credentials = [];
    private readonly SortedSet<string> authorities = new(StringComparer.Ordinal), revocation = new(StringComparer.Ordinal);

    /// <summary>All credentials, once each.</summary>
    public IReadOnlyList<CredentialFiles> Credentials => credentials;

    /// <summary>All files of trust anchors.</summary>
    public IReadOnlyList<string> AuthorityFiles => [.. authorities];

    /// <summary>All files of revocation lists.</summary>
    public IReadOnlyList<string> RevocationFiles => [.. revocation];

    /// <summary>Name of our credential there, or null.</summary>
    public string? Credential(MapReader map)
    {
        var (certificate, key) = (map.Text("certificate"), map.Text("private_key"));
        if (certificate is null && key is null) return null;
        if (certificate is null || key is null)
        {
            map.Wrong(certificate is null ? "private_key" : "certificate", certificate is null ? "'private_key' without 'certificate'" : "'certificate' without 'private_key'", "write both, PEM files");
            return null;
        }

        var (certificateFile, keyFile) = (files.Existing(certificate, "certificate"), files.Existing(key, "private_key"));
        if (certificateFile is null || keyFile is null) return null;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(keyFile) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
            errors.Warn(key.At, $"'{keyFile}' can be read by others", $"chmod 600 {keyFile}");
        return Kept(certificateFile, keyFile, certificate.At);
    }

    /// <summary>Files of trust anchors there.</summary>
    public IReadOnlyList<string> Authorities(MapReader map)
    {
        var named = files.Several(map, "authorities");
        authorities.UnionWith(named);
        return named;
    }

    /// <summary>Files of revocation lists there.</summary>
    public void Revocation(MapReader map) => revocation.UnionWith(files.Several(map, "revocation"));

    private string? Kept(string certificate, string key, SourcePosition at)
    {
        var there = credentials.Find(c => c.Name == certificate);
        if (there is null) credentials.Add(new CredentialFiles(certificate, certificate, key));
        else if (there.PrivateKeyFile != key)
        {
            errors.Add(at, $"certificate '{certificate}' has another private key in line {files.Places[there.PrivateKeyFile].Line}", "a certificate has one key");
            return null;
        }

        return certificate;
    }
}
