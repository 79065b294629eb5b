using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Appliance.PacketIo;

/// <summary>
/// As long as it lives a device takes in the frames of all multicast groups, not of those alone that the machine has joined (packet(7): PACKET_MR_ALLMULTI). The kernel takes it back when the
/// process that holds it ends.
/// </summary>
public sealed unsafe class AllMulticast : IDisposable
{
    private const int AfPacket = 17, SolPacket = 263, AddMembership = 1;
    private const ushort AllMulti = 2;
    private readonly SafeFileHandle socket;

    private AllMulticast(int descriptor) => socket = new SafeFileHandle(descriptor, ownsHandle: true);

    /// <summary>Opens one for a device; null when the kernel refuses, or the device is gone.</summary>
    public static AllMulticast? TryOpen(string device)
    {
        var index = KernelDevice.IndexOf(device);
        if (index == 0) return null;

        // Protocol 0: the socket receives nothing.
        var descriptor = Libc.socket(AfPacket, Libc.SockRaw | Libc.CloseOnExec, 0);
        if (descriptor < 0) return null;
        var made = new AllMulticast(descriptor);
        var request = new Request { Index = index, Type = AllMulti };
        if (Libc.setsockopt(descriptor, SolPacket, AddMembership, &request, (uint)sizeof(Request)) == 0) return made;
        made.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    /// <summary>struct packet_mreq.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct Request
    {
        public uint Index;
        public ushort Type;
        public ushort AddressLength;
        public ulong Address;
    }
}
