using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>The file under a region: on tmpfs, readable by its owner alone.</summary>
internal static class RegionFile
{
    /// <summary>Refuses a directory that could reach a disk: keys live in the region.</summary>
    public static void RequireTmpfs(string directory)
    {
        var drive = new DriveInfo(directory);
        if (drive.DriveFormat is "tmpfs" or "ramfs" or "hugetlbfs") return;
        throw new IOException($"{directory} is on {drive.DriveFormat}, not on tmpfs: the region holds keys and must never reach a disk. Choose a directory under /dev/shm or /run.");
    }

    /// <summary>Opens the file, or makes it with all octets zero.</summary>
    public static FileStream OpenOrCreate(string path, long length)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        if (file.Length != length) file.SetLength(length);
        return file;
    }

    /// <summary>Opens a file that is there.</summary>
    public static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });

    /// <summary>True when the file is a whole region of these sizes.</summary>
    public static bool Matches(string path, in RegionCounts wanted)
    {
        using var file = Open(path);
        return TryReadCounts(file, out var counts, out _) && MemoryMarshal.AsBytes(new ReadOnlySpan<RegionCounts>(in counts))
            .SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<RegionCounts>(in wanted)));
    }

    /// <summary>Reads the sizes out of a region's first page, or says what is wrong with it.</summary>
    public static bool TryReadCounts(FileStream file, out RegionCounts counts, out string problem)
    {
        counts = default;
        Span<byte> page = stackalloc byte[RegionHeader.RecordSize];
        file.Position = 0;
        if (file.ReadAtLeast(page, page.Length, throwOnEndOfStream: false) < page.Length)
        {
            problem = "shorter than a region's first page";
            return false;
        }

        ref readonly var header = ref MemoryMarshal.AsRef<RegionHeader>(page);
        problem = header.Magic != RegionHeader.MagicValue ? "not a region (its supervisor has not finished making it)"
            : header.Layout != RegionHeader.LayoutNumber ? $"layout {header.Layout}, this program knows {RegionHeader.LayoutNumber}: start all processes from one build"
            : (long)header.Length != file.Length || header.Length != new RegionMap(header.Counts).Length ? "its length does not fit its sizes"
            : "";
        counts = header.Counts;
        return problem.Length == 0;
    }
}
