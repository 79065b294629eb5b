using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.PacketIo.AfXdp;

/// <summary>How a socket shares frames with the driver.</summary>
/// <param name="ZeroCopy">The driver writes into the frames; otherwise the kernel copies.</param>
/// <param name="MultiBuffer">Packets longer than a frame come and go as chains (XDP_USE_SG).</param>
internal readonly record struct XskMode(bool ZeroCopy, bool MultiBuffer);

/// <summary>An AF_XDP socket bound to one queue of a device, with its rings mapped. Made by <see cref="XskMemory"/>.</summary>
internal sealed unsafe class XskSocket : IDisposable
{
    private const int SolXdp = 283;
    private const int MmapOffsets = 1, RxRing = 2, TxRing = 3, UmemRegister = 4, FillRing = 5, CompletionRing = 6, StatisticsOption = 7, MaxTxSkbBudget = 9;
    private const ushort SharedUmem = 1, CopyFlag = 2, ZeroCopyFlag = 4, UseNeedWakeup = 8, UseSg = 16;
    private const long FillPage = 0x1_0000_0000, CompletionPage = 0x1_8000_0000, TxPage = 0x8000_0000;
    private const int TxBudget = 512;

    public XskRing Rx;
    public XskRing Tx;
    public XskRing Fill;
    public XskRing Completion;

    private XskSocket(int descriptor, uint interfaceIndex, XskMode mode)
    {
        Descriptor = descriptor;
        InterfaceIndex = interfaceIndex;
        Mode = mode;
    }

    /// <summary>The descriptor; -1 once it is closed.</summary>
    public int Descriptor { get; private set; }

    public uint InterfaceIndex { get; }

    public XskMode Mode { get; }

    /// <summary>
    /// Opens and binds. With <paramref name="sibling"/> the frame memory is the one that it registered (XDP_SHARED_UMEM), otherwise it is registered here.
    /// Returns null with the error number in <paramref name="error"/> and the step in <paramref name="step"/>.
    /// </summary>
    public static XskSocket? TryOpen(FrameMemory memory, uint interfaceIndex, int queue, XskMode mode, uint ringSize, XskSocket? sibling, out int error, out string step)
    {
        step = "socket";
        var descriptor = Libc.socket(Libc.AfXdp, Libc.SockRaw | Libc.CloseOnExec, 0);
        error = Marshal.GetLastPInvokeError();
        if (descriptor < 0) return null;
        var socket = new XskSocket(descriptor, interfaceIndex, mode);
        if (socket.TrySetUp(memory, queue, ringSize, sibling, out step))
        {
            error = 0;
            return socket;
        }

        error = Marshal.GetLastPInvokeError();
        socket.Dispose();
        return null;
    }

    /// <summary>Packets that the kernel dropped for want of a frame or of room on the receive ring.</summary>
    public ulong Drops()
    {
        var statistics = stackalloc ulong[6];
        uint length = 6 * sizeof(ulong);
        if (Libc.getsockopt(Descriptor, SolXdp, StatisticsOption, statistics, &length) != 0) return 0;
        return length < 6 * sizeof(ulong) ? statistics[0] : statistics[0] + statistics[3];
    }

    /// <summary>Makes the kernel send what stands on the transmit ring; 0 or the error number.</summary>
    public int Kick() => Libc.sendto(Descriptor, null, 0, Libc.DontWait, null, 0) >= 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Wakes the driver up to receive, and learns whether the device is still there; 0 or the error number.</summary>
    public int Wake() => Libc.recvfrom(Descriptor, null, 0, Libc.DontWait, null, null) >= 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Closes. The kernel has let go of all frames when this returns.</summary>
    public void Dispose()
    {
        if (Descriptor < 0) return;
        Rx.Unmap();
        Tx.Unmap();
        Fill.Unmap();
        Completion.Unmap();
        _ = Libc.close(Descriptor);
        Descriptor = -1;
    }

    private bool TrySetUp(FrameMemory memory, int queue, uint ringSize, XskSocket? sibling, out string step)
    {
        step = "registering packet memory (XDP_UMEM_REG)";
        if (sibling == null)
        {
            // struct xdp_umem_reg: addr, len, chunk_size and headroom, flags and tx_metadata_len. The kernel itself leaves XDP_PACKET_HEADROOM = 256 octets.
            var registration = stackalloc ulong[4];
            registration[0] = (ulong)memory.Pointer;
            registration[1] = memory.Length;
            registration[2] = FrameMemory.FrameSize;
            registration[3] = 0;
            if (Libc.setsockopt(Descriptor, SolXdp, UmemRegister, registration, 4 * sizeof(ulong)) != 0) return false;
        }

        step = $"making rings of {ringSize}";
        foreach (var option in (ReadOnlySpan<int>)[FillRing, CompletionRing, RxRing, TxRing])
        {
            if (Libc.setsockopt(Descriptor, SolXdp, option, &ringSize, sizeof(uint)) != 0) return false;
        }

        step = "bind";
        // struct sockaddr_xdp: family and flags, interface, queue, descriptor of the sibling.
        var address = stackalloc uint[4];
        var flags = sibling != null ? SharedUmem : (ushort)((Mode.ZeroCopy ? ZeroCopyFlag : CopyFlag) | UseNeedWakeup | (Mode.MultiBuffer ? UseSg : 0));
        address[0] = Libc.AfXdp | (uint)flags << 16;
        address[1] = InterfaceIndex;
        address[2] = (uint)queue;
        address[3] = sibling == null ? 0 : (uint)sibling.Descriptor;
        if (Libc.bind(Descriptor, address, 16) != 0) return false;

        step = "mapping rings";
        var offsets = stackalloc ulong[16];
        uint length = 16 * sizeof(ulong);
        if (Libc.getsockopt(Descriptor, SolXdp, MmapOffsets, offsets, &length) != 0 ||
            !Rx.TryMap(Descriptor, 0, offsets, ringSize, 16) || !Tx.TryMap(Descriptor, TxPage, offsets + 4, ringSize, 16) ||
            !Fill.TryMap(Descriptor, FillPage, offsets + 8, ringSize, 8) || !Completion.TryMap(Descriptor, CompletionPage, offsets + 12, ringSize, 8))
            return false;
        var budget = TxBudget;
        _ = Libc.setsockopt(Descriptor, SolXdp, MaxTxSkbBudget, &budget, sizeof(int));
        return true;
    }
}
