using System.Collections.Concurrent;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.SlowPath.Credentials;

/// <summary>
/// The private keys and trust anchors of this node: signs and verifies AUTH for the machine. Immutable; a reload makes a new one. Any thread of the pool may call.
/// </summary>
public sealed class CredentialStore : IDisposable
{
    private const int MostAnchorSets = 256;
    private readonly TimeProvider clock;
    private readonly Dictionary<string, LoadedCredential> credentials = [];
    private readonly Dictionary<string, List<byte[]>> anchors = [];
    private readonly ConcurrentDictionary<string, Lazy<ChainValidator>> validators = [];
    private readonly ChainCache cache = new();
    private Revocation revocation = Revocation.None;
    private volatile bool ended;

    private CredentialStore(TimeProvider clock) => this.clock = clock;

    /// <summary>Public side of our credentials, for <see cref="IkeConfiguration.Credentials"/>.</summary>
    public IReadOnlyDictionary<string, CredentialFacts> Credentials { get; private set; } = new Dictionary<string, CredentialFacts>();

    /// <summary>What CERTREQ says of each authority, for <see cref="IkeConfiguration.AuthorityHashes"/>.</summary>
    public IReadOnlyDictionary<string, byte[]> AuthorityHashes { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>Loads all files. Null when there is a problem that is no warning; all problems are told.</summary>
    public static CredentialStore? Load(CredentialSources sources, TimeProvider clock, out IReadOnlyList<CredentialProblem> problems)
    {
        var found = new List<CredentialProblem>();
        var loader = new CredentialLoader(clock.GetUtcNow(), found);
        var store = new CredentialStore(clock);
        foreach (var source in sources.Credentials)
        {
            if (loader.Credential(source) is { } credential) store.credentials[source.Name] = credential;
        }

        foreach (var source in sources.Authorities)
        {
            if (loader.Anchors(source) is { } certificates) store.anchors[source.Name] = certificates;
        }

        store.revocation = new Revocation([.. sources.RevocationLists.Select(loader.RevocationList).OfType<RevocationList>()]);
        store.Credentials = store.credentials.ToDictionary(c => c.Key, c => c.Value.Facts);
        store.AuthorityHashes = store.anchors.ToDictionary(a => a.Key, a => Hashes(a.Value));
        problems = found;
        if (found.All(p => p.IsWarning)) return store;
        store.Dispose();
        return null;
    }

    /// <summary>Why our own credential does not speak for an identity of ours: peers would refuse it. Null when it does.</summary>
    public string? IdentityProblem(string credential, Identity identity) =>
        credentials.TryGetValue(credential, out var ours) ? IdentityBinding.Problem(identity, ours.Certificate) : $"there is no credential '{credential}'";

    /// <summary>Signs. Data is null with a problem when this credential cannot sign for this peer.</summary>
    public SignatureMade Sign(MakeSignature action)
    {
        var problem = $"there is no credential '{action.Credential}': it went with a reload";
        if (ended || !credentials.TryGetValue(action.Credential, out var credential)) return Failed(action, problem);
        try
        {
            var data = AuthSignature.Make(credential.Key, action.Octets, action.PeerHashes, out var method, out problem);
            return new SignatureMade(action.Token, (AuthenticationMethod)method, data) { Problem = problem };
        }
        catch (Exception e) when (e is CryptographicException or ObjectDisposedException)
        {
            return Failed(action, $"the private key of credential '{action.Credential}' did not sign: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Checks chain, identity and signature, in this order. Problem is null when all is well.</summary>
    public SignatureVerified Verify(VerifySignature action) => new(action.Token, Problem(action));

    /// <summary>Wipes the private keys. Who signs after that gets a problem as its answer.</summary>
    public void Dispose()
    {
        ended = true;
        foreach (var credential in credentials.Values) credential.Key.Dispose();
        // Validators may be in use by another thread: the runtime releases them.
    }

    private static SignatureMade Failed(MakeSignature action, string problem) => new(action.Token, AuthenticationMethod.DigitalSignature, null) { Problem = problem };

    // SHA-1 is what RFC 7296 §3.7 says; it names a key here and protects nothing.
    private static byte[] Hashes(List<byte[]> certificates) =>
        [.. certificates.SelectMany(c => SHA1.HashData(CertificateView.TryRead(c, out _)!.PublicKey))];

    private string? Problem(VerifySignature action)
    {
        var names = action.TrustAnchors.Distinct().Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0) return "this peer may use no authority";
        if (names.Find(n => !anchors.ContainsKey(n)) is { } missing) return $"there is no authority '{missing}': it went with a reload";
        var (set, now) = (string.Join('\0', names), clock.GetUtcNow());
        var key = action.Certificates.Count <= ChainValidator.MostCertificates ? ChainCache.KeyOf(set, action.Certificates) : "";
        var result = cache.Find(key, now);
        if (result is null)
        {
            result = Validator(set, names).Validate(action.Certificates, now);
            if (result.Problem is { } refused) return refused;
            cache.Add(key, result, now);
        }

        return IdentityBinding.Problem(action.Identity, result.Certificate!)
            ?? AuthSignature.Check(result.Key!, (byte)action.Method, action.Data, action.Octets, action.HashesAnnounced);
    }

    // Sets come from the configuration, not from peers; should there be very many, some are made anew each time.
    private ChainValidator Validator(string set, List<string> names)
    {
        Lazy<ChainValidator> Make() => new(() => new ChainValidator(names.SelectMany(n => anchors[n]), revocation));
        return (validators.Count < MostAnchorSets ? validators.GetOrAdd(set, _ => Make()) : validators.GetValueOrDefault(set) ?? Make()).Value;
    }
}
