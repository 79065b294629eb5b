using System.Diagnostics;

namespace Appliance.Crypto.Tests;

/// <summary>The openssl command, an independent judge, and a directory on tmpfs for its files that goes with it.</summary>
internal sealed class OpenSsl : IDisposable
{
    private static int made;

    public OpenSsl() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = $"/dev/shm/appliance-openssl-{Environment.ProcessId}-{Interlocked.Increment(ref made)}";

    public static void SkipWithout() => Skip.IfNot((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "openssl"))), "needs the openssl command as a judge");

    public string PathOf(string name) => Path.Combine(Folder, name);

    public byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    public string Write(string name, byte[] octets)
    {
        File.WriteAllBytes(PathOf(name), octets);
        return name;
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return name;
    }

    /// <summary>Runs it in the folder; a failure is the test's.</summary>
    public string Run(params string[] arguments)
    {
        var (code, text) = Try(arguments);
        Assert.True(code == 0, $"openssl {string.Join(' ', arguments)}: {text}");
        return text;
    }

    public (int ExitCode, string Text) Try(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + error.Result);
    }

    /// <summary>A key pair: NAME.key (PKCS #8 PEM), NAME.p8 (DER) and NAME.pub (SubjectPublicKeyInfo, DER).</summary>
    public void Key(string name, params string[] kind)
    {
        Run(["genpkey", .. kind, "-out", $"{name}.key"]);
        Run("pkcs8", "-topk8", "-nocrypt", "-in", $"{name}.key", "-outform", "DER", "-out", $"{name}.p8");
        Run("pkey", "-in", $"{name}.key", "-pubout", "-outform", "DER", "-out", $"{name}.pub");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
