using Appliance.Crypto.Tests;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.SlowPath.Credentials;

namespace Appliance.SlowPath.Tests;

/// <summary>A store over files that openssl made, and a clock that stands where the test puts it.</summary>
internal sealed class CredentialRig : TimeProvider, IDisposable
{
    public static readonly byte[] Octets = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];
    public static readonly ushort[] Hashes = [2, 3, 4, 5];

    public OpenSslPki Pki { get; } = new();

    // A little later than what openssl makes while the test runs.
    public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow.AddMinutes(10);

    public override DateTimeOffset GetUtcNow() => Now;

    public string PathOf(string name) => Pki.OpenSsl.PathOf(name);

    public CredentialSource Source(string name) => new(name, PathOf($"{name}.crt"), PathOf($"{name}.key"));

    public AuthoritySource Authority(string name) => new(name, PathOf($"{name}.crt"));

    public CredentialStore? Load(CredentialSources sources, out IReadOnlyList<CredentialProblem> problems) => CredentialStore.Load(sources, this, out problems);

    public CredentialStore Load(CredentialSources sources)
    {
        var store = Load(sources, out var problems);
        Assert.True(store is not null, string.Join('\n', problems));
        return store;
    }

    /// <summary>Signs as one and asks the other whether it is that identity.</summary>
    public static string? Prove(CredentialStore ours, string credential, CredentialStore theirs, string[] anchors, Identity identity, ushort[]? hashes = null)
    {
        var made = ours.Sign(new MakeSignature(1, credential, Octets, hashes ?? Hashes));
        Assert.True(made.Data is not null, made.Problem);
        return theirs.Verify(Ask(ours, credential, anchors, identity, made) with { HashesAnnounced = hashes is null }).Problem;
    }

    public static VerifySignature Ask(CredentialStore ours, string credential, string[] anchors, Identity identity, SignatureMade made) =>
        new(1, anchors, ours.Credentials[credential].Chain, identity, made.Method, made.Data!, Octets);

    public void Dispose() => Pki.Dispose();
}
