using System.Buffers.Binary;
using System.Numerics;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;

namespace Appliance.PacketIo.AfXdp;

/// <summary>Opens all queues of a device and tells the XDP program of their sockets.</summary>
public static class AfXdpPort
{
    private const int LargestRing = 2048, SmallestRing = 64;

    /// <summary>
    /// Opens every receive queue of <paramref name="device"/>; queue q works for worker q modulo workers. Sockets go into <paramref name="xsk"/>. A ring takes at
    /// most <paramref name="fillShare"/> of its worker's frames, so that some are left to work with.
    /// </summary>
    /// <returns>The queues in order; index them by <see cref="AfXdpQueue.Queue"/> modulo workers.</returns>
    /// <exception cref="IOException">A queue cannot be opened; those that were are closed again and their frames are back.</exception>
    public static IReadOnlyList<AfXdpQueue> Open(XskMemory memory, IReadOnlyList<FramePool> pools, byte port, string device, PortMode mode, BpfMap xsk, double fillShare = 0.25)
    {
        if (KernelDevice.IndexOf(device) == 0) throw new IOException($"no device '{device}': the port opens when it is there");
        if (!KernelDevice.IsUp(device)) throw new IOException($"device {device} is down: ip link set {device} up");
        var count = Math.Min(KernelDevice.ReceiveQueues(device), SteeringMaps.MaximumQueues);
        var opened = new List<AfXdpQueue>();
        try
        {
            for (var queue = 0; queue < count; queue++)
            {
                var pool = pools[queue % pools.Count];
                var each = (count + pools.Count - 1) / pools.Count;
                var fill = Math.Clamp((int)(pool.Capacity * fillShare / each), SmallestRing, LargestRing);
                var socket = memory.Open(device, queue, mode, (int)BitOperations.RoundUpToPowerOf2((uint)fill));
                opened.Add(new AfXdpQueue(pool, port, queue, socket, fill));
                Insert(xsk, queue, socket.Descriptor, device);
            }

            return opened;
        }
        catch
        {
            foreach (var queue in opened) queue.Dispose();
            throw;
        }
    }

    private static void Insert(BpfMap xsk, int queue, int descriptor, string device)
    {
        Span<byte> key = stackalloc byte[4], value = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(key, queue);
        BinaryPrimitives.WriteInt32LittleEndian(value, descriptor);
        var error = xsk.Update(key, value);
        if (error != 0) throw new IOException($"cannot tell the XDP program of {device} about queue {queue}: {Libc.Describe(error)}");
    }
}
