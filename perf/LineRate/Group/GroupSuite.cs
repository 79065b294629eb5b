using System.Diagnostics;
using System.Globalization;
using System.Net;
using Appliance.Ike;
using Appliance.Machine;

namespace Appliance.LineRate.Group;

/// <summary>
/// A gateway of a group and its members, all real IKE machines in this process and on one thread, with a queue between them for a network: everybody registers, then the gateway rekeys the group, at the
/// operator's wish and because a member is shut out. Seconds are those of all of them together; the members' own work, which many machines would share, is in them.
/// </summary>
internal sealed class GroupSuite : ISuite
{
    private const int DefaultMembers = 10_000, WarmUp = 100, AtOnce = 32;
    private const double MostSeconds = 60;
    private const long MostBytes = 40 * 1024;

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        // Once, so that what is compiled at its first use is not measured.
        _ = Measure(WarmUp).Count();
        return Measure(options.Sas > 0 ? options.Sas : DefaultMembers);
    }

    private static IEnumerable<Row> Measure(int count)
    {
        var before = Heap();
        var mesh = new Mesh(count);
        var register = mesh.Register();
        var rekey = mesh.Distribute("rekey", (gateway, now) => gateway.Do(now, new GroupRekeyAsked(1, GroupConfigurations.Group)));
        var removal = mesh.Distribute("removal", (gateway, now) => gateway.Do(now, new ConfigurationChanged(GroupConfigurations.Serve(count - 1))));
        var contexts = mesh.Gateway.Contexts.Values.Sum(c => (long)c.Length);
        mesh.Forget();
        var bytes = (Heap() - before) / count;
        GC.KeepAlive(mesh);
        yield return Row("rekey", count, rekey, register, bytes, string.Create(CultureInfo.InvariantCulture,
            $"bars: {MostSeconds:0} s {Held(rekey.Seconds <= MostSeconds)}, {MostBytes} B {Held(bytes <= MostBytes)}; IKE SA with a child each, {contexts / count} B of it contexts; registering: {register.Cpu:0.00} s of the gateway's CPU"));
        yield return Row("removal", count - 1, removal, null, null, $"one member shut out; bar: {MostSeconds:0} s {Held(removal.Seconds <= MostSeconds)}");
    }

    private static Row Row(string name, int members, (double Seconds, double Cpu) took, (double Seconds, double Cpu)? register, long? bytes, string note) => new()
    {
        Suite = "group", Case = name, Cipher = "aes-256-gcm", Members = members, RekeySeconds = Math.Round(took.Seconds, 3), CpuSeconds = Math.Round(took.Cpu, 3),
        RegisterSeconds = register is { } it ? Math.Round(it.Seconds, 2) : null, BytesPerMember = bytes, Note = note,
    };

    private static string Held(bool isHeld) => isHeld ? "held" : "MISSED";

    private static long Heap()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(true);
    }

    /// <summary>The nodes and the wire between them.</summary>
    private sealed class Mesh
    {
        private readonly Queue<SendDatagram> wire = new();
        private readonly Dictionary<IPAddress, GroupNode> nodes = [];
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly int count;

        public Mesh(int count)
        {
            this.count = count;
            Gateway = new GroupNode(GroupConfigurations.GatewayAddress, keepsContexts: true, wire);
            nodes.Add(GroupConfigurations.GatewayAddress, Gateway);
            Gateway.Start(Now, GroupConfigurations.Serve());
        }

        public GroupNode Gateway { get; }

        private Instant Now => new(1_000_000 + clock.ElapsedMilliseconds);

        private GroupStatus Status => Gateway.Machine.Groups.Single();

        /// <summary>All members come, a few at once, and have the group's SA.</summary>
        public (double Seconds, double Cpu) Register()
        {
            var (begin, cpu) = (clock.Elapsed, Gateway.CpuNanoseconds);
            for (var member = 0; member < count; member++)
            {
                var node = new GroupNode(GroupConfigurations.AddressOf(member), keepsContexts: false, wire);
                nodes.Add(GroupConfigurations.AddressOf(member), node);
                node.Start(Now, GroupConfigurations.Join(member));
                node.Do(Now, new OperatorAsked(1, OperatorVerb.Up, GroupConfigurations.Peer));
                if (member % AtOnce == AtOnce - 1 || member == count - 1) Run();
            }

            var (status, without) = (Status, nodes.Values.Count(n => n.Installed == 0));
            if (status.Members != count || status.Pending > 0 || without > 0)
                throw new InvalidOperationException($"{status.Members} of {count} members registered, {status.Pending} have not acknowledged, {without} have no SA; {Trouble()}");
            return ((clock.Elapsed - begin).TotalSeconds, (Gateway.CpuNanoseconds - cpu) / 1e9);
        }

        /// <summary>From a reason to rekey until every member has acknowledged.</summary>
        public (double Seconds, double Cpu) Distribute(string what, Action<GroupNode, Instant> reason)
        {
            // The last SA is old enough that this is no second wish.
            while (Status.Sas.Min(s => s.AgeSeconds) < 2) Wait();
            var rekeys = Status.Rekeys;
            var (begin, cpu) = (clock.Elapsed, Gateway.CpuNanoseconds);
            reason(Gateway, Now);
            while (Status is var status && (status.Rekeys == rekeys || status.DistributionMilliseconds is null))
            {
                if ((clock.Elapsed - begin).TotalSeconds > 5 * MostSeconds) throw new InvalidOperationException($"{what}: {status.Pending} members have not acknowledged after {5 * MostSeconds} s; {Trouble()}");
                Run();
            }

            return ((clock.Elapsed - begin).TotalSeconds, (Gateway.CpuNanoseconds - cpu) / 1e9);
        }

        /// <summary>The members are gone; the gateway alone stays.</summary>
        public void Forget()
        {
            nodes.Clear();
            wire.Clear();
            wire.TrimExcess();
            nodes.TrimExcess();
        }

        private string Trouble() => nodes.Values.Select(n => n.Trouble).FirstOrDefault(t => t.Length > 0) ?? "";

        private void Wait()
        {
            Thread.Sleep(10);
            Gateway.Do(Now, TimePassed.Event);
            Run();
        }

        /// <summary>Delivers what is under way, and lets the gateway go on, until nothing is left to do now.</summary>
        private void Run()
        {
            while (true)
            {
                if (wire.TryDequeue(out var sent))
                {
                    if (nodes.TryGetValue(sent.Remote.Address, out var to)) to.Do(Now, new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
                }
                else if (Gateway.Machine.NextDue <= Now)
                {
                    Gateway.Do(Now, TimePassed.Event);
                }
                else
                {
                    return;
                }
            }
        }
    }
}
