using System.Globalization;

namespace Appliance.Crypto.Tests;

/// <summary>Authorities, certificates and revocation lists made by openssl.</summary>
internal sealed class OpenSslPki : IDisposable
{
    public const string Gateway = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=DNS:gw.example.org,email:gw@example.org,IP:192.0.2.1,IP:2001:db8::1\n";
    public const string Authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
    private static readonly string[] Ec = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    private int serial = 0x1000;

    public OpenSsl OpenSsl { get; } = new();

    /// <summary>A self-signed certificate NAME.crt with NAME.key.</summary>
    public byte[] Root(string name, string[]? key = null, string extensions = Authority, string? subject = null)
    {
        OpenSsl.Key(name, key ?? Ec);
        OpenSsl.Write($"{name}.cnf", $"[req]\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n[ext]\n{extensions}");
        OpenSsl.Run("req", "-x509", "-new", "-config", $"{name}.cnf", "-key", $"{name}.key", "-subj", subject ?? $"/O=Example/CN={name}", "-days", "30", "-out", $"{name}.crt");
        return Der(name);
    }

    /// <summary>A certificate NAME.crt signed by another.</summary>
    public byte[] Issue(string name, string issuer, string extensions = Gateway, string[]? key = null, string subject = "", int days = 20, params string[] options)
    {
        OpenSsl.Key(name, key ?? Ec);
        OpenSsl.Write($"{name}.ext", extensions);
        OpenSsl.Run("req", "-new", "-key", $"{name}.key", "-subj", subject.Length > 0 ? subject : $"/O=Example/CN={name}", "-out", $"{name}.csr");
        OpenSsl.Run(["x509", "-req", "-in", $"{name}.csr", "-CA", $"{issuer}.crt", "-CAkey", $"{issuer}.key", "-set_serial", $"0x{++serial:x}", "-days", $"{days}", "-extfile", $"{name}.ext", "-out", $"{name}.crt", .. options]);
        return Der(name);
    }

    /// <summary>A revocation list ISSUER.crl that revokes certificates by name; ends after a day. Extensions as openssl writes them in a section.</summary>
    public byte[] Revoke(string issuer, string[] revoked, string extensions = "", params string[] options)
    {
        OpenSsl.Write("index.txt", "");
        OpenSsl.Write("number", "01\n");
        OpenSsl.Write("ca.cnf", $"[ca]\ndefault_ca=d\n[d]\ndatabase={OpenSsl.PathOf("index.txt")}\ncrlnumber={OpenSsl.PathOf("number")}\ndefault_md=sha256\ndefault_crl_days=1\ncrl_extensions=e\n[e]\n{extensions}\n");
        string[] ca = ["ca", "-config", "ca.cnf", "-cert", $"{issuer}.crt", "-keyfile", $"{issuer}.key"];
        foreach (var name in revoked) OpenSsl.Run([.. ca, "-revoke", $"{name}.crt"]);
        OpenSsl.Run([.. ca, "-gencrl", "-out", $"{issuer}.crl", .. options]);
        OpenSsl.Run("crl", "-in", $"{issuer}.crl", "-outform", "DER", "-out", $"{issuer}.crl.der");
        return OpenSsl.Read($"{issuer}.crl.der");
    }

    /// <summary>When a revocation list ends, as openssl reads it.</summary>
    public DateTimeOffset Ends(string list) =>
        DateTimeOffset.Parse(OpenSsl.Run("crl", "-in", list, "-noout", "-nextupdate", "-dateopt", "iso_8601").Split('=')[1].Trim(), CultureInfo.InvariantCulture);

    /// <summary>What openssl thinks of a chain.</summary>
    public bool Verifies(string root, string leaf, params string[] between)
    {
        OpenSsl.Write("between.pem", string.Concat(between.Select(b => File.ReadAllText(OpenSsl.PathOf($"{b}.crt")))));
        string[] untrusted = between.Length > 0 ? ["-untrusted", "between.pem"] : [];
        return OpenSsl.Try(["verify", "-no-CAfile", "-no-CApath", "-CAfile", $"{root}.crt", .. untrusted, $"{leaf}.crt"]).ExitCode == 0;
    }

    public void Dispose() => OpenSsl.Dispose();

    private byte[] Der(string name)
    {
        OpenSsl.Run("x509", "-in", $"{name}.crt", "-outform", "DER", "-out", $"{name}.der");
        return OpenSsl.Read($"{name}.der");
    }
}
