using Appliance.PacketIo;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// Opens ports and gives their queues to the workers. A port whose device is gone is closed by all workers, and tried again twice a second; the others go on.
/// </summary>
internal sealed class PortKeeper(LaunchPlan plan, Region region, Engine engine, PortFactory factory, Action<int> nudge)
{
    private const int RetryMilliseconds = 500;
    private readonly string[] problems = new string[PortRecord.Maximum];
    private readonly ulong[] missed = new ulong[PortRecord.Maximum];
    private long nextTry;

    /// <summary>Opens what is closed, and closes everywhere what one worker found lost.</summary>
    public void Tend()
    {
        var now = Environment.TickCount64;
        if (now < nextTry) return;
        nextTry = now + RetryMilliseconds;
        foreach (var port in plan.Ports) Tend(port);
    }

    private void Tend(PortPlan port)
    {
        ref var record = ref region.Port(port.Index);
        var open = engine.Workers.Sum(worker => worker.Ports.OpenQueues(port.Index));
        if (record.Running == PortState.Up && open == record.Queues)
        {
            record.KernelDrops = missed[port.Index] + Missed(port.Index);
            return;
        }

        if (record.Running == PortState.Up)
        {
            record.Running = PortState.Lost;
            record.Losses++;
            missed[port.Index] = record.KernelDrops;
            SetSenders(port.Index, 0);
            Log.Say($"port {port.Name}: device {port.Device} is lost; the others go on");
        }

        if (open == 0)
        {
            Open(port, ref record);
            return;
        }

        foreach (var worker in engine.Workers)
        {
            worker.Ports.RequestClose(port.Index);
            nudge(worker.Index);
        }
    }

    private void Open(PortPlan port, ref PortRecord record)
    {
        try
        {
            var queues = factory.Open(port);
            foreach (var queue in queues) engine.Workers[queue.Pool.Worker].Ports.Offer(queue);
            SetSenders(port.Index, Math.Min(queues.Count, engine.Workers.Count));
            record.Queues = (ushort)queues.Count;
            record.Mode = PortFactory.ModeOf(port);
            record.Running = PortState.Up;
            problems[port.Index] = "";
            Log.Say($"port {port.Name}: up, {queues.Count} queue{(queues.Count == 1 ? "" : "s")}");
            foreach (var worker in engine.Workers) nudge(worker.Index);
        }
        catch (IOException problem)
        {
            if (record.Running != PortState.Lost) record.Running = PortState.Closed;
            if (problem.Message != problems[port.Index]) Log.Say($"port {port.Name}: {problem.Message}");
            problems[port.Index] = problem.Message;
        }
    }

    /// <summary>What the queues that are open have missed; those closed before are in <see cref="missed"/>.</summary>
    private ulong Missed(int port)
    {
        var sum = 0UL;
        foreach (var queue in engine.Workers.SelectMany(worker => worker.Ports.Queues))
        {
            if (queue.Port == port) sum += queue.Missed;
        }

        return sum;
    }

    private void SetSenders(int port, int workers)
    {
        foreach (var worker in engine.Workers) worker.Ports.SetSenders(port, workers);
    }
}
