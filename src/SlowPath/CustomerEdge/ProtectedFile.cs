using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Appliance.Policy;

namespace Appliance.SlowPath.CustomerEdge;

/// <summary>
/// The prefixes that were protected once, on disk: a line for each that is remembered (<c>+</c>) or forgotten (<c>-</c>), appended. Each line ends in a checksum over itself and all before it, so
/// that nothing in the middle can go unnoticed; a last line that a power cut left half written counts for nothing. When forgotten lines outnumber the others the file is written anew beside itself
/// and renamed. Mode 0600. One user at a time.
/// </summary>
internal sealed class ProtectedFile : IDisposable
{
    private const string FileName = "protected", Title = "appliance protected prefixes: 'appliance protected clear' forgets one";
    private const long MaximumOctets = 64 << 20;
    private const int ChecksumOctets = 8, Slack = 1024;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite, Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private readonly string path;
    private readonly SortedSet<IpPrefix> prefixes = [];
    private FileStream stream;
    private byte[] chain = [];
    private int lines;

    private ProtectedFile(string path, FileStream stream)
    {
        this.path = path;
        this.stream = stream;
    }

    /// <summary>What is remembered.</summary>
    public IReadOnlyCollection<IpPrefix> Prefixes => prefixes;

    /// <summary>Opens the file in a folder and reads it; what is not there is made. <paramref name="reset"/>: a file that cannot be understood is put aside, and <paramref name="aside"/> is its new name.</summary>
    /// <exception cref="IOException">It cannot be read, written or understood; the message says what to do.</exception>
    public static ProtectedFile Open(string folder, bool reset, out string? aside)
    {
        aside = null;
        var path = Path.Combine(folder, FileName);
        try
        {
            if (!OperatingSystem.IsWindows()) Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(folder) & Others) != 0)
                throw new IOException($"'{folder}' can be written by others, who could make this forget which prefixes must never leave in the clear: chmod go-w, or name another folder as 'state'");
            var file = new ProtectedFile(path, OpenStream(path, FileMode.OpenOrCreate));
            if (file.TryRead() is not { } problem) return file;
            file.Dispose();
            if (!reset)
                throw new IOException($"'{path}' is damaged: {problem}. It says which prefixes must never leave in the clear, so nothing is started without it: bring it back from a backup, or write "
                    + "'protected_memory: reset' in 'ce' to put it aside and begin anew");
            aside = $"{path}.damaged-{DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
            File.Move(path, aside, overwrite: true);
            file = new ProtectedFile(path, OpenStream(path, FileMode.CreateNew));
            _ = file.TryRead();
            return file;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($"'{path}' cannot be used: {exception.Message} Let this user read and write it, or name another folder as 'state'", exception);
        }
    }

    /// <summary>Whether something was remembered in a folder once.</summary>
    public static bool IsThere(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Writes what changed, and waits until it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written; nothing counts as written, and it can be tried again.</exception>
    public void Append(IReadOnlyCollection<IpPrefix> remembered, IReadOnlyCollection<IpPrefix> forgotten)
    {
        var text = new StringBuilder();
        var (was, wasLines, end) = (chain, lines, stream.Position);
        var (added, removed) = (remembered.Where(p => !prefixes.Contains(p)).ToList(), forgotten.Where(p => prefixes.Contains(p) || remembered.Contains(p)).ToList());
        if (added.Count + removed.Count == 0) return;
        foreach (var prefix in added) Line(text, $"+ {prefix}");
        foreach (var prefix in removed) Line(text, $"- {prefix}");
        try
        {
            stream.Write(Encoding.ASCII.GetBytes(text.ToString()));
            stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            (chain, lines) = (was, wasLines);
            stream.SetLength(end);
            stream.Position = end;
            throw;
        }

        prefixes.UnionWith(added);
        prefixes.ExceptWith(removed);
        if (lines > 2 * prefixes.Count + Slack) Compact();
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static FileStream OpenStream(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Owner;
        return new FileStream(path, options);
    }

    /// <summary>Null, or what is wrong with the file.</summary>
    private string? TryRead()
    {
        if (stream.Length > MaximumOctets) return $"it has {stream.Length} octets";
        var octets = new byte[stream.Length];
        stream.ReadExactly(octets);
        var whole = octets.AsSpan().LastIndexOf((byte)'\n') + 1;
        var number = 0;
        foreach (var range in octets.AsSpan(0, whole).Split((byte)'\n'))
        {
            var line = octets.AsSpan(range);
            if (line.IsEmpty && range.End.Value == whole) break;
            number++;
            if (!TryLine(Encoding.ASCII.GetString(line), number)) return $"line {number} is not what was written";
        }

        stream.SetLength(whole);
        stream.Position = whole;
        if (number > 0) return null;
        var text = new StringBuilder();
        Line(text, Title);
        stream.Write(Encoding.ASCII.GetBytes(text.ToString()));
        stream.Flush(flushToDisk: true);
        return null;
    }

    private bool TryLine(string line, int number)
    {
        var at = line.LastIndexOf(' ');
        if (at < 0) return false;
        var (said, checksum) = (line[..at], line[(at + 1)..]);
        chain = Next(said);
        lines++;
        if (checksum != Convert.ToHexStringLower(chain)) return false;
        if (number == 1) return said == Title;
        if (said.Length < 3 || said[1] != ' ' || !IpPrefix.TryParse(said[2..], host: false, out var prefix, out _, out _)) return false;
        return said[0] switch { '+' => prefixes.Add(prefix) || true, '-' => prefixes.Remove(prefix), _ => false };
    }

    private void Line(StringBuilder text, string said)
    {
        chain = Next(said);
        lines++;
        text.Append(said).Append(' ').Append(Convert.ToHexStringLower(chain)).Append('\n');
    }

    private byte[] Next(string said) => SHA256.HashData([.. chain, .. Encoding.ASCII.GetBytes(said)])[..ChecksumOctets];

    private void Compact()
    {
        var beside = path + ".new";
        File.Delete(beside);
        var fresh = OpenStream(beside, FileMode.CreateNew);
        var (was, wasLines) = (chain, lines);
        try
        {
            (chain, lines) = ([], 0);
            var text = new StringBuilder();
            Line(text, Title);
            foreach (var prefix in prefixes) Line(text, $"+ {prefix}");
            fresh.Write(Encoding.ASCII.GetBytes(text.ToString()));
            fresh.Flush(flushToDisk: true);
            File.Move(beside, path, overwrite: true);
            stream.Dispose();
            stream = fresh;
        }
        catch (IOException)
        {
            // The longer file goes on; there is no more room for a shorter one now.
            (chain, lines) = (was, wasLines);
            fresh.Dispose();
            File.Delete(beside);
        }
    }
}
