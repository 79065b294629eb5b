using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Appliance.PacketIo.Bpf;

/// <summary>What an XDP program says about a frame (linux/bpf.h).</summary>
public enum XdpVerdict
{
    /// <summary>The program failed.</summary>
    Aborted = 0,

    /// <summary>Nobody gets it.</summary>
    Drop = 1,

    /// <summary>The kernel gets it.</summary>
    Pass = 2,

    /// <summary>Back out of the device.</summary>
    Transmit = 3,

    /// <summary>A worker's socket gets it.</summary>
    Redirect = 4,
}

/// <summary>An XDP program in the kernel, checked by its verifier; not attached to anything by itself.</summary>
public sealed unsafe class XdpProgram : IDisposable
{
    private const int LogSize = 1 << 18, LogLines = 20, TestSize = 4096;

    private readonly SafeFileHandle handle;

    private XdpProgram(string name, int descriptor)
    {
        Name = name;
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Name of its function.</summary>
    public string Name { get; }

    /// <summary>The descriptor.</summary>
    public int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>Loads the program that is built into this assembly under <paramref name="name"/> ("steer", "pass").</summary>
    /// <exception cref="IOException">The kernel refuses; the message ends with what its verifier said.</exception>
    public static XdpProgram LoadBuiltIn(string name, IReadOnlyDictionary<string, BpfMap> maps)
    {
        using var resource = typeof(XdpProgram).Assembly.GetManifestResourceStream(name + ".bpf.o")
            ?? throw new IOException($"no XDP program '{name}' is built in");
        var file = new byte[resource.Length];
        resource.ReadExactly(file);
        return Load(file, name, maps);
    }

    /// <summary>Loads function <paramref name="name"/> of an object file.</summary>
    /// <exception cref="IOException">The file is not sound, names a map that is not given, or the kernel refuses.</exception>
    public static XdpProgram Load(ReadOnlySpan<byte> file, string name, IReadOnlyDictionary<string, BpfMap> maps)
    {
        if (!ElfObject.TryReadFunction(file, name, out var function, out var problem)) throw new IOException($"XDP object file of '{name}': {problem}");
        foreach (var (offset, map) in function.MapReferences)
        {
            if (!maps.TryGetValue(map, out var found)) throw new IOException($"XDP program '{name}' names a map '{map}' that the loader does not know");
            function.Instructions[offset + 1] = (byte)((function.Instructions[offset + 1] & 0x0f) | 0x10);
            BinaryPrimitives.WriteInt32LittleEndian(function.Instructions.AsSpan(offset + 4), found.Descriptor);
        }

        return new XdpProgram(name, LoadInstructions(name, function.Instructions));
    }

    /// <summary>Runs the program on a frame without sending it anywhere (BPF_PROG_TEST_RUN).</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public XdpVerdict Test(ReadOnlySpan<byte> frame)
    {
        var output = new byte[TestSize];
        var attributes = default(BpfAttributes);
        fixed (byte* input = frame, result = output)
        {
            attributes.Set(0, (uint)Descriptor);
            attributes.Set(8, (uint)frame.Length);
            attributes.Set(12, TestSize);
            attributes.Set(16, input);
            attributes.Set(24, result);
            attributes.Set(32, 1u);
            var error = BpfCall.Try(BpfCall.ProgramTest, ref attributes);
            if (error < 0) throw new IOException($"test run of '{Name}' on {frame.Length} octets: {Libc.Describe(-error)}");
        }

        return (XdpVerdict)attributes.Get(4);
    }

    /// <summary>
    /// Runs the program on copies of a frame that the kernel then treats as if they had been received: what it redirects is sent (BPF_F_TEST_XDP_LIVE_FRAMES). One
    /// long system call; <paramref name="batch"/> (up to 256) frames are taken at a time. A packet generator, for measurements.
    /// </summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public void RunLive(ReadOnlySpan<byte> frame, int frames, int batch)
    {
        var attributes = default(BpfAttributes);
        fixed (byte* input = frame)
        {
            attributes.Set(0, (uint)Descriptor);
            attributes.Set(8, (uint)frame.Length);
            attributes.Set(16, input);
            attributes.Set(32, (uint)frames);
            attributes.Set(64, BpfCall.LiveFrames);
            attributes.Set(72, (uint)batch);
            var error = BpfCall.Try(BpfCall.ProgramTest, ref attributes);
            if (error < 0 && -error != Errno.Interrupted) throw new IOException($"live run of '{Name}' on {frame.Length} octets: {Libc.Describe(-error)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private static int LoadInstructions(string name, byte[] instructions)
    {
        var result = TryLoad(name, instructions, null);
        if (result >= 0) return result;
        var log = new byte[LogSize];
        result = TryLoad(name, instructions, log);
        if (result >= 0) return result;
        var lines = Encoding.ASCII.GetString(log).TrimEnd('\0', '\n').Split('\n');
        throw new IOException($"the kernel refuses the XDP program '{name}': {Libc.Describe(-result)}. {BpfMap.Hint(-result)} " +
            $"Its verifier said last:\n  {string.Join("\n  ", lines.TakeLast(LogLines))}");
    }

    private static int TryLoad(string name, byte[] instructions, byte[]? log)
    {
        var attributes = default(BpfAttributes);
        fixed (byte* code = instructions, text = log, license = "Apache-2.0\0"u8)
        {
            attributes.Set(0, (uint)BpfCall.XdpProgramType);
            attributes.Set(4, (uint)instructions.Length / 8);
            attributes.Set(8, code);
            attributes.Set(16, license);
            if (log != null)
            {
                attributes.Set(24, 1u);
                attributes.Set(28, (uint)log.Length);
                attributes.Set(32, text);
            }

            attributes.Set(44, BpfCall.HasFragments);
            attributes.SetName(48, name);
            attributes.Set(68, (uint)BpfCall.XdpAttachType);
            return BpfCall.Try(BpfCall.ProgramLoad, ref attributes);
        }
    }
}
