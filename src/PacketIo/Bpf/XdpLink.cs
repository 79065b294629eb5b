using Appliance.Shared;
using Microsoft.Win32.SafeHandles;

namespace Appliance.PacketIo.Bpf;

/// <summary>An XDP program attached to a device for as long as the link (or the process that holds its descriptor) lives.</summary>
public sealed class XdpLink : IDisposable
{
    private const uint GenericFlag = 2, NativeFlag = 4;

    private readonly SafeFileHandle handle;

    private XdpLink(int descriptor, string device, uint index, PortMode mode)
    {
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Device = device;
        InterfaceIndex = index;
        Mode = mode;
    }

    /// <summary>The device.</summary>
    public string Device { get; }

    /// <summary>Interface index of the device when it was attached.</summary>
    public uint InterfaceIndex { get; }

    /// <summary>In the driver, or in front of the kernel's stack.</summary>
    public PortMode Mode { get; }

    /// <summary>The descriptor.</summary>
    public int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>True while the device that it was attached to is there: a device deleted and made again is another one.</summary>
    public bool IsDevicePresent => KernelDevice.IndexOf(Device) == InterfaceIndex;

    /// <summary>Attaches to a device: natively, or generically when the driver does not do it; <see cref="PortMode.None"/> tries both, another mode that one only.</summary>
    /// <exception cref="IOException">No such device, another program is attached, or the kernel refuses.</exception>
    public static XdpLink Attach(XdpProgram program, string device, PortMode wanted = PortMode.None)
    {
        var index = KernelDevice.IndexOf(device);
        if (index == 0) throw new IOException($"no device '{device}': `ip link` lists those that there are (in this network namespace)");
        var error = 0;
        if (wanted != PortMode.Generic)
        {
            var native = TryAttach(program, index, NativeFlag);
            if (native >= 0) return new XdpLink(native, device, index, PortMode.Native);
            error = -native;
        }

        if (wanted != PortMode.Native && error != Errno.Busy)
        {
            var generic = TryAttach(program, index, GenericFlag);
            if (generic >= 0) return new XdpLink(generic, device, index, PortMode.Generic);
            error = -generic;
        }

        throw new IOException($"cannot attach the XDP program '{program.Name}' to {device}{(wanted == PortMode.None ? "" : $" ({wanted} mode)")}: {Libc.Describe(error)}. " + Hint(error, device));
    }

    /// <summary>Attaches the program that passes everything: what a veth needs before it takes frames that are sent to it past the kernel.</summary>
    /// <exception cref="IOException">As <see cref="Attach"/>.</exception>
    public static XdpLink AttachPass(string device)
    {
        using var program = XdpProgram.LoadBuiltIn("pass", new Dictionary<string, BpfMap>());
        return Attach(program, device);
    }

    /// <summary>Detaches.</summary>
    public void Dispose() => handle.Dispose();

    private static int TryAttach(XdpProgram program, uint index, uint flags)
    {
        var attributes = default(BpfAttributes);
        attributes.Set(0, (uint)program.Descriptor);
        attributes.Set(4, index);
        attributes.Set(8, (uint)BpfCall.XdpAttachType);
        attributes.Set(12, flags);
        return BpfCall.Try(BpfCall.LinkCreate, ref attributes);
    }

    private static string Hint(int error, string device) => error switch
    {
        Errno.Busy => $"Another XDP program is attached: find its owner with `ip -d link show {device}`, or stop the other instance.",
        Errno.Invalid or Errno.NotSupported => "The driver does not do native XDP: say `mode: auto` or `mode: generic`.",
        _ => BpfMap.Hint(error),
    };
}
