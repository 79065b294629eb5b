namespace Appliance.SlowPath.Credentials;

/// <summary>Files that a configuration names; paths as they can be opened.</summary>
public sealed record CredentialSources
{
    /// <summary>Our own certificates with their keys.</summary>
    public IReadOnlyList<CredentialSource> Credentials { get; init; } = [];

    /// <summary>Whom we believe.</summary>
    public IReadOnlyList<AuthoritySource> Authorities { get; init; } = [];

    /// <summary>Certificate revocation lists, PEM or DER. With any, each issuer in a chain needs one.</summary>
    public IReadOnlyList<string> RevocationLists { get; init; } = [];
}

/// <summary>One of our credentials.</summary>
/// <param name="Name">As <see cref="Appliance.Ike.IkePeer.LocalCredential"/> says it.</param>
/// <param name="CertificateFile">PEM: our certificate first, then intermediate ones.</param>
/// <param name="PrivateKeyFile">PEM: PKCS #8, or the older forms of RSA and EC keys; not encrypted.</param>
public sealed record CredentialSource(string Name, string CertificateFile, string PrivateKeyFile);

/// <summary>Trust anchors.</summary>
/// <param name="Name">As <see cref="Appliance.Ike.IkePeer.TrustAnchors"/> says it.</param>
/// <param name="File">PEM: root certificates, or the self-signed certificate of a peer.</param>
public sealed record AuthoritySource(string Name, string File);

/// <summary>What is wrong with a file.</summary>
/// <param name="File">Path of the file.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do.</param>
/// <param name="IsWarning">It can be used all the same.</param>
public sealed record CredentialProblem(string File, string Message, string Hint, bool IsWarning = false)
{
    /// <summary>One line: <c>file: message (what to do)</c>.</summary>
    public override string ToString() => $"{File}: {Message} ({Hint})";
}
