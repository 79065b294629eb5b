using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Cli.Pki;

/// <summary>A private key for certificates, of one of the kinds that the BCL can make.</summary>
internal sealed class KeyPair : IDisposable
{
    private readonly ECDsa? ecdsa;
    private readonly RSA? rsa;

    private KeyPair(ECDsa? ecdsa, RSA? rsa) => (this.ecdsa, this.rsa) = (ecdsa, rsa);

    /// <summary>What <c>--key</c> takes.</summary>
    public static string[] Kinds { get; } = ["p256", "p384", "p521", "rsa3072", "rsa4096"];

    /// <summary>Hash that it signs with, as strong as the key.</summary>
    public HashAlgorithmName Hash => ecdsa?.KeySize switch { 384 => HashAlgorithmName.SHA384, 521 => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };

    /// <summary>Signs certificates and revocation lists.</summary>
    public X509SignatureGenerator Generator => ecdsa is not null ? X509SignatureGenerator.CreateForECDsa(ecdsa) : X509SignatureGenerator.CreateForRSA(rsa!, RSASignaturePadding.Pkcs1);

    /// <summary>Its public half.</summary>
    public PublicKey Public => ecdsa is not null ? new PublicKey(ecdsa) : new PublicKey(rsa!);

    /// <summary>Makes a new one.</summary>
    public static KeyPair Make(string kind) => kind switch
    {
        "p256" => new KeyPair(ECDsa.Create(ECCurve.NamedCurves.nistP256), null),
        "p384" => new KeyPair(ECDsa.Create(ECCurve.NamedCurves.nistP384), null),
        "p521" => new KeyPair(ECDsa.Create(ECCurve.NamedCurves.nistP521), null),
        _ => new KeyPair(null, RSA.Create(int.Parse(kind.AsSpan(3), null))),
    };

    /// <summary>Reads PKCS #8 PEM. Null when it holds no RSA or ECDSA key.</summary>
    public static KeyPair? FromPem(byte[] pem)
    {
        var text = System.Text.Encoding.Latin1.GetChars(pem);
        var ecdsa = ECDsa.Create();
        var rsa = RSA.Create();
        try
        {
            return Imports(ecdsa, text) ? new KeyPair(ecdsa, null) : Imports(rsa, text) ? new KeyPair(null, rsa) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));
        }
    }

    /// <summary>PKCS #8 in PEM; the caller wipes it.</summary>
    public byte[] ToPem()
    {
        var der = ecdsa is not null ? ecdsa.ExportPkcs8PrivateKey() : rsa!.ExportPkcs8PrivateKey();
        try
        {
            return [.. PemEncoding.WriteUtf8("PRIVATE KEY"u8, der), (byte)'\n'];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    public void Dispose()
    {
        ecdsa?.Dispose();
        rsa?.Dispose();
    }

    private static bool Imports(AsymmetricAlgorithm key, char[] pem)
    {
        try
        {
            key.ImportFromPem(pem);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return false;
        }
    }
}
