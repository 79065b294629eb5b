using System.Security.Cryptography;

namespace Appliance.Fuzz.Engine;

/// <summary>Seeds of a target and the crashes found in it: files in <c>tests/Fuzz/corpus/TARGET</c>.</summary>
internal sealed class Corpus
{
    private const string CrashPrefix = "crash-";

    public Corpus(string target)
    {
        Folder = Path.Combine(Root, "tests", "Fuzz", "corpus", target);
        Files = Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder).Order(StringComparer.Ordinal)] : [];
        Inputs = [.. Files.Select(File.ReadAllBytes)];
    }

    /// <summary>The repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where the files are.</summary>
    public string Folder { get; }

    /// <summary>Paths, in a fixed order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Their octets.</summary>
    public IReadOnlyList<byte[]> Inputs { get; }

    /// <summary>Stores an input that broke the target, under a name of its content; returns the path.</summary>
    public string StoreCrash(ReadOnlySpan<byte> input)
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, CrashPrefix + Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(path, input);
        return path;
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at != null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Appliance.sln"))) return at.FullName;
        }

        throw new DirectoryNotFoundException("the repository (Appliance.sln) is not above " + AppContext.BaseDirectory);
    }
}
