using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Appliance.Shared;

namespace Appliance.PacketIo;

/// <summary>What the kernel says about network devices of the caller's network namespace.</summary>
public static unsafe class KernelDevice
{
    private const nuint SiocGetFlags = 0x8913, SiocSetFlags = 0x8914, SiocGetMtu = 0x8921, SiocSetMtu = 0x8922, SiocGetHardwareAddress = 0x8927, SiocEthtool = 0x8946;
    private const int EthtoolGetChannels = 0x3c;
    private const int NameSize = 16, RequestSize = 40;

    /// <summary>Interface index of a device; 0 when there is none of that name.</summary>
    public static uint IndexOf(string device) => Libc.if_nametoindex(device);

    /// <summary>Link-layer address, low 48 bits, first octet lowest; 0 when the device is gone or has none.</summary>
    public static ulong MacOf(string device)
    {
        var request = stackalloc byte[RequestSize];
        if (!Ask(device, SiocGetHardwareAddress, request)) return 0;
        return BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(request + NameSize + 2, 8)) & 0xffff_ffff_ffff;
    }

    /// <summary>MTU in octets; 0 when the device is gone.</summary>
    public static int MtuOf(string device)
    {
        var request = stackalloc byte[RequestSize];
        return Ask(device, SiocGetMtu, request) ? *(int*)(request + NameSize) : 0;
    }

    /// <summary>True while the device exists and is administratively up.</summary>
    public static bool IsUp(string device)
    {
        var request = stackalloc byte[RequestSize];
        return Ask(device, SiocGetFlags, request) && (*(short*)(request + NameSize) & 1) != 0;
    }

    /// <summary>Receive queues of a device: what the driver says (ETHTOOL_GCHANNELS), else what sysfs lists, else 1.</summary>
    public static int ReceiveQueues(string device)
    {
        var channels = stackalloc int[9];
        new Span<int>(channels, 9).Clear();
        channels[0] = EthtoolGetChannels;
        var request = stackalloc byte[RequestSize];
        WriteName(device, request);
        *(int**)(request + NameSize) = channels;
        if (Control(SiocEthtool, request) && channels[5] + channels[8] > 0) return channels[5] + channels[8];
        var folder = $"/sys/class/net/{device}/queues";
        return Directory.Exists(folder) ? Math.Max(1, Directory.GetDirectories(folder, "rx-*").Length) : 1;
    }

    /// <summary>Sets the MTU and brings a device up.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void BringUp(string device, int mtu)
    {
        var request = stackalloc byte[RequestSize];
        WriteName(device, request);
        *(int*)(request + NameSize) = mtu;
        if (!Control(SiocSetMtu, request)) throw Refused(device, $"MTU {mtu}");
        if (!Ask(device, SiocGetFlags, request)) throw Refused(device, "flags");
        *(short*)(request + NameSize) |= 1;
        if (!Control(SiocSetFlags, request)) throw Refused(device, "up");
    }

    /// <summary>Every address of the machine (of this network namespace), IPv4 and IPv6, link-local ones and loopback included.</summary>
    /// <exception cref="IOException">The kernel does not answer.</exception>
    public static IReadOnlyList<IpAddress> LocalAddresses()
    {
        Libc.InterfaceAddress* list;
        if (Libc.getifaddrs(&list) != 0) throw new IOException($"getifaddrs: {Libc.Describe(Marshal.GetLastPInvokeError())}");
        var found = new HashSet<IpAddress>();
        for (var entry = list; entry != null; entry = entry->Next)
        {
            if (entry->Address == null) continue;
            var family = *(ushort*)entry->Address;
            if (family == Libc.AfInet) found.Add(IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(entry->Address + 4, 4))));
            else if (family == Libc.AfInet6) found.Add(IpAddress.FromV6(new ReadOnlySpan<byte>(entry->Address + 8, 16)));
        }

        Libc.freeifaddrs(list);
        return [.. found];
    }

    internal static void WriteName(string device, byte* request)
    {
        Unsafe.InitBlock(request, 0, RequestSize);
        var octets = Encoding.ASCII.GetBytes(device);
        if (octets.Length is 0 or >= NameSize) throw new ArgumentException($"'{device}' is no device name: 1 to {NameSize - 1} characters", nameof(device));
        octets.CopyTo(new Span<byte>(request, NameSize));
    }

    private static bool Ask(string device, nuint what, byte* request)
    {
        WriteName(device, request);
        return Control(what, request);
    }

    private static bool Control(nuint what, byte* request)
    {
        var descriptor = Libc.socket(Libc.AfInet, Libc.SockDatagram | Libc.CloseOnExec, 0);
        if (descriptor < 0) return false;
        var result = Libc.ioctl(descriptor, what, request);
        var error = Marshal.GetLastPInvokeError();
        _ = Libc.close(descriptor);
        Marshal.SetLastPInvokeError(error);
        return result == 0;
    }

    private static IOException Refused(string device, string what) =>
        new($"cannot set {what} of {device}: {Libc.Describe(Marshal.GetLastPInvokeError())}");
}
