using Appliance.Crypto;
using Appliance.Fuzz.Engine;
using Appliance.SlowPath.Credentials;

namespace Appliance.Fuzz.Targets;

/// <summary>What peers and files say in DER and PEM: a text says what is wrong, and no length is believed.</summary>
internal static class CertificateTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("algorithm-identifier", Algorithm) { MaximumLength = 300, AllocationLimit = 1 << 16 },
        new("auth-signature", Authentication) { MaximumLength = 600, AllocationLimit = 1 << 17 },
        new("certificate", Certificate) { MaximumLength = 2048, AllocationLimit = 1 << 18 },
        new("revocation-list", Revocation) { MaximumLength = 2048, AllocationLimit = 1 << 18 },
        new("private-key", PrivateKey) { MaximumLength = 2048, AllocationLimit = 1 << 18 },
        new("pem", Pem) { MaximumLength = 4096, AllocationLimit = 1 << 18, Words = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----", "BEGIN ", "END ", "\n", "=", "AAAA", "PRIVATE KEY"] },
    ];

    private static void Algorithm(Span<byte> octets)
    {
        var good = AlgorithmIdentifier.TryRead(octets, out var algorithm, out var problem);
        Claim.That(good == (problem.Length == 0), "an algorithm or a problem");
        if (!good) return;
        Claim.That(algorithm.Hash != SignatureHash.Sha1, "SHA-1 is never accepted");
        Claim.That(AlgorithmIdentifier.TryRead(AlgorithmIdentifier.Write(algorithm), out var again, out _) && again == algorithm, "what was read can be written and read again");
    }

    private static void Authentication(Span<byte> octets)
    {
        if (octets.IsEmpty) return;
        // Signatures over these octets were never made.
        foreach (var key in Keys) Claim.That(AuthSignature.Check(key, octets[0], octets[1..], [1, 2, 3], hashesAnnounced: true) is { Length: > 0 }, "nothing that was not signed is accepted");
    }

    private static void Certificate(Span<byte> octets)
    {
        var view = CertificateView.TryRead(octets, out var problem);
        Claim.That(view is null == problem.Length > 0, "a certificate or a problem");
        if (view is null) return;
        Claim.That(view.Name.Length > 0 && !view.Name.Any(char.IsControl), "a name for a log");
        Claim.That(DistinguishedName.Same(view.Subject, view.Subject), "a name is itself");
        using var key = VerifyingKey.TryRead(view.PublicKey, out problem);
        Claim.That(key is null == problem.Length > 0, "a key or a problem");
        Claim.That(key?.Verify(new SignatureAlgorithm(SignatureScheme.Ecdsa, SignatureHash.Sha256), [1], [2]) != true, "nothing that was not signed is accepted");
    }

    private static void Revocation(Span<byte> octets)
    {
        var list = RevocationList.TryRead(octets, out var problem);
        Claim.That(list is null == problem.Length > 0, "a list or a problem");
        Claim.That(list is null || list.Count <= octets.Length / 4, "no more entries than octets");
    }

    private static void PrivateKey(Span<byte> octets)
    {
        using var key = SigningKey.TryRead(octets, out var problem);
        Claim.That(key is null == problem.Length > 0, "a key or a problem");
    }

    private static void Pem(Span<byte> octets)
    {
        foreach (var (_, der) in PemFile.Blocks(octets) ?? []) Claim.That(der.Length <= octets.Length, "less octets than text");
    }

    private static VerifyingKey[] Keys { get; } = [.. new[] { "p256.pub", "rsa.pub", "ed25519.pub" }.Select(n => VerifyingKey.TryRead(File.ReadAllBytes(Path.Combine(Corpus.Root, "tests", "Fuzz", "corpus", "public-keys", n)), out _)!)];
}
