using System.Runtime.InteropServices;

namespace Appliance.PacketIo.Bpf;

/// <summary>The bpf system call (linux/bpf.h): commands, and an attribute block that starts out zero.</summary>
internal static unsafe class BpfCall
{
    public const int MapCreate = 0, MapLookup = 1, MapUpdate = 2, MapDelete = 3, MapNextKey = 4, ProgramLoad = 5, ProgramTest = 10, LinkCreate = 28;
    public const int XdpAttachType = 37, XdpProgramType = 6;
    public const uint HasFragments = 1 << 5, LiveFrames = 1 << 1, NoPreallocation = 1;
    private const long SystemCall = 321;

    /// <summary>The result, or the negative error number.</summary>
    public static int Try(int command, ref BpfAttributes attributes)
    {
        fixed (BpfAttributes* at = &attributes)
        {
            var result = Libc.syscall(SystemCall, command, at, sizeof(BpfAttributes));
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }
}

/// <summary>union bpf_attr, written by offset.</summary>
[StructLayout(LayoutKind.Sequential, Size = Octets)]
internal unsafe struct BpfAttributes
{
    private const int Octets = 128;

    private fixed byte octets[Octets];

    public void Set(int offset, uint value)
    {
        fixed (byte* at = octets) *(uint*)(at + offset) = value;
    }

    public void Set(int offset, void* pointer)
    {
        fixed (byte* at = octets) *(ulong*)(at + offset) = (ulong)pointer;
    }

    public uint Get(int offset)
    {
        fixed (byte* at = octets) return *(uint*)(at + offset);
    }

    public void SetName(int offset, string name)
    {
        for (var i = 0; i < name.Length && i < 15; i++) octets[offset + i] = (byte)name[i];
    }
}
