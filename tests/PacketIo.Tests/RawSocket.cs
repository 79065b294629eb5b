using System.Runtime.InteropServices;

namespace Appliance.PacketIo.Tests;

/// <summary>An AF_PACKET socket on one device: somebody else's way to put frames on the wire and to see them.</summary>
public sealed unsafe partial class RawSocket : IDisposable
{
    private const int AfPacket = 17, SockRaw = 3, AllProtocols = 0x0300, SolPacket = 263, IgnoreOutgoing = 23;
    private readonly int descriptor;

    public RawSocket(string device)
    {
        descriptor = socket(AfPacket, SockRaw, AllProtocols);
        var address = stackalloc byte[20];
        new Span<byte>(address, 20).Clear();
        *(ushort*)address = AfPacket;
        *(ushort*)(address + 2) = AllProtocols;
        *(int*)(address + 4) = (int)KernelDevice.IndexOf(device);
        if (descriptor < 0 || bind(descriptor, address, 20) != 0) throw new IOException("AF_PACKET: errno " + Marshal.GetLastPInvokeError());
        int one = 1, size = 16 << 20;
        setsockopt(descriptor, SolPacket, IgnoreOutgoing, &one, 4);
        setsockopt(descriptor, 1, 33, &size, 4);
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* octets = frame)
        {
            if (send(descriptor, octets, (nuint)frame.Length, 0) != frame.Length) throw new IOException("send: errno " + Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>The next frame, or null after <paramref name="milliseconds"/>.</summary>
    public byte[]? Receive(int milliseconds = 1000)
    {
        var buffer = new byte[65536];
        var entry = stackalloc int[2] { descriptor, 1 };
        if (poll(entry, 1, milliseconds) <= 0) return null;
        fixed (byte* octets = buffer)
        {
            var length = recv(descriptor, octets, (nuint)buffer.Length, 0);
            return length < 0 ? null : buffer[..(int)length];
        }
    }

    public void Dispose() => _ = close(descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int descriptor, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int descriptor, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int descriptor, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(int* entries, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
