using System.Security.Cryptography;
using Appliance.Crypto;

namespace Appliance.SlowPath.Credentials;

/// <summary>Reads a private key.</summary>
internal static class PrivateKeyFile
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The key, or null with problems. A file that others may read is a warning.</summary>
    public static SigningKey? Read(string path, List<CredentialProblem> problems)
    {
        if (PemFile.Read(path, PemFile.Longest, out var problem) is not { } octets)
        {
            problems.Add(new CredentialProblem(path, $"the private key cannot be read: {problem}", "name a PEM file that this process may read"));
            return null;
        }

        List<(string Label, byte[] Der)>? blocks = null;
        try
        {
            blocks = PemFile.Blocks(octets);
            var (label, der) = blocks?.Find(b => b.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal)) ?? default;
            var key = Decode(label, der, out problem, out var hint);
            if (key is null) problems.Add(new CredentialProblem(path, problem, hint));
            else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) is var mode and not 0)
                problems.Add(new CredentialProblem(path, $"others may read or write this private key ({mode})", $"chmod 600 {path}", IsWarning: true));
            return key;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new CredentialProblem(path, "the private key is damaged", "make a new key and certificate, or copy the file once more"));
            return null;
        }
        finally
        {
            PemFile.Wipe(blocks);
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    private static SigningKey? Decode(string? label, byte[] der, out string problem, out string hint)
    {
        hint = "write it with: openssl pkcs8 -topk8 -nocrypt -in KEY -out FILE";
        switch (label)
        {
            case "PRIVATE KEY":
                hint = "RSA (2048 to 8192 bits), ECDSA on P-256, P-384 or P-521, or Ed25519: appliance pki issue makes one";
                var key = SigningKey.TryRead(der, out problem);
                if (key is null) problem = $"this is {problem}";
                return key;
            case "RSA PRIVATE KEY":
                using (var rsa = RSA.Create())
                {
                    rsa.ImportRSAPrivateKey(der, out _);
                    return Wiping(rsa.ExportPkcs8PrivateKey(), out problem);
                }

            case "EC PRIVATE KEY":
                using (var ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportECPrivateKey(der, out _);
                    return Wiping(ecdsa.ExportPkcs8PrivateKey(), out problem);
                }

            case null:
                problem = "there is no private key in PEM";
                return null;
            default:
                problem = label == "ENCRYPTED PRIVATE KEY" ? "the private key is encrypted, and nobody is there to type a passphrase" : $"'{label}' is not known";
                return null;
        }
    }

    private static SigningKey? Wiping(byte[] pkcs8, out string problem)
    {
        var key = SigningKey.TryRead(pkcs8, out problem);
        CryptographicOperations.ZeroMemory(pkcs8);
        return key;
    }
}
