using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Appliance.PacketIo.Tun;

/// <summary>
/// A TUN device with several queues, each a descriptor that carries super-packets with a virtio header. It is there as long as one of its descriptors is open;
/// the supervisor holds them, the data plane gets copies.
/// </summary>
public sealed unsafe class TunDevice : IDisposable
{
    private const nuint SetInterface = 0x400454ca, SetOffload = 0x400454d0, SetVnetHeaderSize = 0x400454d8;
    private const short Tun = 1, MultiQueue = 0x100, NoPacketInformation = 0x1000, VnetHeader = 0x4000;
    private const uint Checksum = 1, Tso4 = 2, Tso6 = 4, TsoEcn = 8, Uso4 = 0x20, Uso6 = 0x40;

    private readonly List<SafeFileHandle> queues = [];

    private TunDevice(string name) => Name = name;

    /// <summary>Name of the device.</summary>
    public string Name { get; }

    /// <summary>A descriptor for each queue.</summary>
    public IReadOnlyList<int> Descriptors => [.. queues.Select(q => (int)q.DangerousGetHandle())];

    /// <summary>True when the kernel hands over and takes UDP super-packets too.</summary>
    public bool UdpSegmentation { get; private set; }

    /// <summary>Makes the device with <paramref name="count"/> queues. It is down and has no addresses: see <see cref="Configure"/>.</summary>
    /// <exception cref="IOException">No TUN in this kernel, no privilege, or the name is taken.</exception>
    public static TunDevice Create(string name, int count)
    {
        var device = new TunDevice(name);
        try
        {
            for (var i = 0; i < count; i++) device.AddQueue();
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Gives it its addresses ("10.0.0.1/32") and MTU and brings it up.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public void Configure(int mtu, IReadOnlyList<string> addresses)
    {
        KernelDevice.BringUp(Name, mtu);
        var index = KernelDevice.IndexOf(Name);
        foreach (var address in addresses) Netlink.AddAddress(index, address);
    }

    /// <summary>Closes the descriptors of this process.</summary>
    public void Dispose()
    {
        foreach (var queue in queues) queue.Dispose();
    }

    private void AddQueue()
    {
        var descriptor = Libc.open("/dev/net/tun", Libc.ReadWrite | Libc.NonBlock | Libc.CloseOnExec);
        if (descriptor < 0) throw Refused("open /dev/net/tun", "Load the module: modprobe tun.");
        queues.Add(new SafeFileHandle(descriptor, ownsHandle: true));
        var request = stackalloc byte[40];
        KernelDevice.WriteName(Name, request);
        BinaryPrimitives.WriteInt16LittleEndian(new Span<byte>(request + 16, 2), Tun | MultiQueue | NoPacketInformation | VnetHeader);
        if (Libc.ioctl(descriptor, SetInterface, request) != 0) throw Refused("TUNSETIFF", "The name may be taken (`ip link`), or root is needed (CAP_NET_ADMIN).");
        var size = VirtioHeader.Size;
        if (Libc.ioctl(descriptor, SetVnetHeaderSize, &size) != 0) throw Refused("TUNSETVNETHDRSZ", "");
        UdpSegmentation = Libc.ioctl(descriptor, SetOffload, (void*)(Checksum | Tso4 | Tso6 | TsoEcn | Uso4 | Uso6)) == 0;
        if (!UdpSegmentation && Libc.ioctl(descriptor, SetOffload, (void*)(Checksum | Tso4 | Tso6 | TsoEcn)) != 0) throw Refused("TUNSETOFFLOAD", "");
    }

    private IOException Refused(string call, string hint) => new($"cannot make the TUN device {Name} ({call}): {Libc.Describe(Marshal.GetLastPInvokeError())}. {hint}".TrimEnd());
}
