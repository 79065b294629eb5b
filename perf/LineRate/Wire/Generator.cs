using System.Buffers.Binary;
using Appliance.PacketIo;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Wire;

/// <summary>
/// Sends one frame over and over into the far end of a gateway's veth, faster than a gateway can take it: an XDP program that the kernel runs on frames of its own
/// (BPF_PROG_TEST_RUN with live frames). It runs, with all that the kernel does to deliver a frame, in a thread of its own on a core of its own.
/// </summary>
internal sealed class Generator : IDisposable
{
    private const string Program = "generate";
    // The kernel takes some 30 ms to set a run up and to end it, in which nothing is sent: so a call is long, about half a second, and so long does it take to stop.
    private const int FramesPerCall = 1 << 21, BatchSize = 64;

    private readonly Thread thread;
    private Exception? failure;
    private volatile bool stopping;

    public Generator(NetworkNamespace space, string device, byte[] frame, int core)
    {
        thread = new Thread(() => Run(space, device, frame, core)) { IsBackground = true, Name = Program };
        thread.Start();
    }

    /// <summary>Stops it.</summary>
    /// <exception cref="IOException">It could not send.</exception>
    public void Stop()
    {
        stopping = true;
        thread.Join();
        if (failure is not null) throw new IOException($"generator: {failure.Message}", failure);
    }

    public void Dispose()
    {
        stopping = true;
        thread.Join();
    }

    private void Run(NetworkNamespace space, string device, byte[] frame, int core)
    {
        try
        {
            space.Enter();
            ProcessGuard.PinThread(core);
            using var target = BpfMap.Create("target", BpfMapType.Array, 4, 4, 1);
            Span<byte> index = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(index, KernelDevice.IndexOf(device));
            target.Update(stackalloc byte[4], index);
            using var resource = typeof(Generator).Assembly.GetManifestResourceStream(Program + ".bpf.o") ?? throw new IOException("the program is not built in");
            var file = new byte[resource.Length];
            resource.ReadExactly(file);
            using var program = XdpProgram.Load(file, Program, new Dictionary<string, BpfMap> { ["target"] = target });
            while (!stopping) program.RunLive(frame, FramesPerCall, BatchSize);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            failure = e;
        }
    }
}
