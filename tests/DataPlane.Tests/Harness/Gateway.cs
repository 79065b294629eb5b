using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>
/// A whole data plane in the test's hands: a region on tmpfs whose tables the test writes, ports whose other end the test is, workers stepped by hand. When it is
/// disposed, every packet must have had one fate and every frame must be back.
/// </summary>
internal sealed class Gateway : IDisposable
{
    public const int Door = 0, Lan = 1, Wan = 2;
    private static int instances;
    private readonly string directory = $"/dev/shm/appliance-test-{Environment.ProcessId}-{Interlocked.Increment(ref instances)}";
    private readonly RouteTables routes;
    private readonly SaLookupTable lookup;
    private uint adjacencies, nextHops = 1, tunnels, outbound, inbound, rules;
    private Engine engine;
    private bool crashed;

    public Gateway(int workers = 1, RegionSizes? sizes = null, AesGcmTier? tier = null, int frames = 1024, bool doorIsInterface = false)
    {
        Directory.CreateDirectory(directory);
        Workers = workers;
        Tier = tier ?? CryptoTiers.Best();
        FrameCount = frames;
        DoorIsInterface = doorIsInterface;
        Region = Region.CreateOrOpen(directory + "/region", sizes ?? Small, workers, out _);
        var quiescence = new Quiescence(Region);
        routes = new RouteTables(Region, quiescence);
        lookup = new SaLookupTable(Region, quiescence);
        for (var port = 0; port < 3; port++)
        {
            ref var record = ref Region.Port(port);
            record.Side = port == Wan ? PortSide.Unprotected : PortSide.Protected;
            record.Mtu = 1500;
            record.State = SlotState.Live;
        }

        Region.Header.HoldMilliseconds = 300;
        engine = StartEngine();
    }

    public static RegionSizes Small { get; } = new() { OutboundSas = 256, InboundSas = 256, Tunnels = 64, NextHops = 64, Adjacencies = 64, SpdRules = 2048, Ipv4Groups = 64, Ipv6Nodes = 512, EventsPerWorker = 256 };

    public int Workers { get; }

    public AesGcmTier Tier { get; }

    public int FrameCount { get; }

    /// <summary>Port 0 is a tunnel's interface, not the host's own door.</summary>
    public bool DoorIsInterface { get; }

    public Region Region { get; }

    public Engine Engine => engine;

    /// <summary>By worker · 3 + port.</summary>
    public WireQueue[] Queues { get; private set; } = [];

    public WireQueue Port(int port, int worker = 0) => Queues[worker * 3 + port];

    public uint AddAdjacency(int port, int mtu = 1500, byte mac = 1)
    {
        var slot = adjacencies++;
        ref var record = ref Region.Adjacency(slot);
        record.Port = (byte)port;
        record.Mtu = (ushort)mtu;
        record.MacFirst = 0x0002_0000_0000_0002UL | (ulong)mac << 40;
        record.MacLast = 0x0300_0000u;
        record.State = SlotState.Live;
        return slot;
    }

    public uint AddNextHop(NextHopKind kind, uint adjacency = 0, uint tunnel = 0, int port = 0, bool isProtected = false)
    {
        var slot = nextHops++;
        ref var record = ref Region.NextHop(slot);
        record.Kind = kind;
        record.Adjacency = adjacency;
        record.Tunnel = tunnel;
        record.Port = (byte)port;
        record.Protected = isProtected ? (byte)1 : (byte)0;
        record.State = SlotState.Live;
        return slot;
    }

    /// <summary>A next hop that is one of several.</summary>
    public uint AddGroup(params uint[] members)
    {
        var slot = nextHops++;
        ref var record = ref Region.NextHopGroup(slot);
        record.Kind = NextHopKind.Group;
        for (var i = 0; i < members.Length; i++) record.Members[i] = members[i];
        record.Count = (uint)members.Length;
        record.State = SlotState.Live;
        return slot;
    }

    /// <summary>A next hop that is a list of members, and ports here.</summary>
    public uint AddReplicate(uint ports, params uint[] members)
    {
        var slot = nextHops++;
        ref var head = ref Region.Replicate(slot);
        head.Kind = NextHopKind.Replicate;
        head.Protected = 1;
        head.Ports = ports;
        ref var link = ref head.First;
        foreach (var some in members.Chunk(MemberSlots.Size))
        {
            link = nextHops++;
            ref var block = ref Region.ReplicateBlock(link);
            for (var i = 0; i < some.Length; i++) block.Members[i] = some[i];
            block.Count = (uint)some.Length;
            block.State = SlotState.Live;
            link = ref block.Next;
        }

        head.State = SlotState.Live;
        return slot;
    }

    public void Route(string prefix, uint nextHop)
    {
        var parts = prefix.Split('/');
        Assert.True(IpAddress.TryParse(parts[0], out var address));
        routes.Set(address, byte.Parse(parts[1]), nextHop);
    }

    /// <summary>Replaces the SPD, in one store.</summary>
    public void SetSpd(params SpdRule[] wanted)
    {
        var first = AddRules(wanted);
        Volatile.Write(ref Region.Header.Spd, (ulong)first << 32 | (uint)wanted.Length);
    }

    public uint AddRules(params SpdRule[] wanted)
    {
        var first = rules;
        foreach (var rule in wanted) Region.SpdRule(rules++) = rule;
        return first;
    }

    public uint AddTunnel(string local, string remote, TunnelKind kind = TunnelKind.Tunnel, int innerMtu = 1400, bool hold = true, bool checkSource = true)
    {
        var slot = tunnels++;
        ref var record = ref Region.Tunnel(slot);
        record.Kind = kind;
        record.HoldOnMiss = hold ? (byte)1 : (byte)0;
        record.CheckSourceRoute = checkSource ? (byte)1 : (byte)0;
        record.InnerMtu = (ushort)innerMtu;
        record.Local = Ip.Address(local);
        record.Remote = Ip.Address(remote);
        for (var worker = 0; worker < SaSlots.Size; worker++) record.OutboundSas[worker] = TunnelRecord.NoSa;
        record.Generation++;
        record.State = SlotState.Live;
        return slot;
    }

    /// <summary>Writes an outbound SA and makes it the tunnel's.</summary>
    public uint AddOutbound(uint tunnel, uint spi, uint adjacency, SaShape shape)
    {
        var slot = outbound++;
        ref var sa = ref Region.OutboundSa(slot);
        ref var record = ref Region.Tunnel(tunnel);
        sa.Spi = spi;
        sa.Tunnel = tunnel;
        sa.Mode = record.Kind == TunnelKind.Tunnel ? EspMode.Tunnel : EspMode.Transport;
        sa.Flags = (record.Kind == TunnelKind.IipTran ? SaFlags.IipTran : 0) | (shape.Esn ? SaFlags.Esn : 0);
        sa.Encapsulation = shape.Udp ? EspEncapsulation.Udp : EspEncapsulation.None;
        sa.Cipher = (byte)shape.Cipher;
        sa.KeyLength = (byte)CipherKey.Expand(shape.Cipher, shape.Key, sa.Key);
        sa.IvLength = (byte)CipherFacts.IvLength(shape.Cipher);
        sa.IcvLength = (byte)CipherFacts.IcvLength(shape.Cipher);
        sa.Alignment = (byte)CipherFacts.BlockSize(shape.Cipher);
        sa.Worker = shape.Worker;
        sa.PathMtu = 1500;
        sa.Adjacency = adjacency;
        sa.SequenceSoftLimit = ulong.MaxValue;
        sa.SequenceHardLimit = shape.Esn ? ulong.MaxValue : uint.MaxValue;
        sa.Source = record.Local;
        sa.Destination = record.Remote;
        (sa.SourcePort, sa.DestinationPort) = (4500, 4500);
        OuterHeader.Build(ref sa);
        sa.Generation++;
        Region.OutboundState(slot).Generation = sa.Generation;
        Volatile.Write(ref sa.State, SlotState.Live);
        for (var worker = 0; worker < SaSlots.Size; worker++) Volatile.Write(ref record.OutboundSas[worker], slot);
        Prepare();
        return slot;
    }

    /// <summary>Writes one worker's outbound SA of a multi-point tunnel, with a Sender-ID of its own, and makes it that worker's.</summary>
    public uint AddGroupOutbound(uint tunnel, uint spi, SaShape shape, byte bits, uint senderId)
    {
        var named = Region.Tunnel(tunnel).OutboundSas;
        var slot = AddOutbound(tunnel, spi, 0, shape);
        ref var sa = ref Region.OutboundSa(slot);
        sa.Flags |= SaFlags.MultiPoint;
        sa.Destination = IpAddress.Any;
        sa.Adjacency = uint.MaxValue;
        if (!CipherFacts.IsCbc(shape.Cipher)) (sa.SenderIdBits, sa.IvBase, sa.SequenceHardLimit) = (bits, (ulong)senderId << (64 - bits), ulong.MaxValue >> bits);
        OuterHeader.Build(ref sa);
        for (var worker = 0; worker < SaSlots.Size; worker++)
            if (worker != shape.Worker)
                Volatile.Write(ref Region.Tunnel(tunnel).OutboundSas[worker], named[worker]);
        return slot;
    }

    /// <summary>Writes the inbound SA of a group, which is found at each of our ESP addresses, whoever sends.</summary>
    public uint AddGroupInbound(uint tunnel, uint spi, SaShape shape, byte bits, params string[] addresses)
    {
        var slot = AddInbound(tunnel, spi, shape, isFound: false);
        ref var sa = ref Region.InboundSa(slot);
        var isCbc = CipherFacts.IsCbc(shape.Cipher);
        sa.Flags |= SaFlags.MultiPoint | (isCbc ? SaFlags.NoReplay : 0);
        sa.SenderIdBits = isCbc ? (byte)0 : bits;
        sa.Source = IpAddress.Any;
        foreach (var address in addresses) Find(spi, address, "::", slot);
        return slot;
    }

    /// <summary>An entry in the lookup of inbound SAs.</summary>
    public void Find(uint spi, string destination, string source, uint slot) => Assert.True(lookup.TryAdd(spi, Ip.Address(destination), Ip.Address(source), slot));

    public uint AddInbound(uint tunnel, uint spi, SaShape shape, uint selectorStart = 0, uint selectorCount = 0, bool isFound = true)
    {
        var slot = inbound++;
        ref var sa = ref Region.InboundSa(slot);
        ref var record = ref Region.Tunnel(tunnel);
        sa.Spi = spi;
        sa.Tunnel = tunnel;
        sa.Mode = record.Kind == TunnelKind.Tunnel ? EspMode.Tunnel : EspMode.Transport;
        sa.Flags = (record.Kind == TunnelKind.IipTran ? SaFlags.IipTran : 0) | (shape.Esn ? SaFlags.Esn : 0);
        sa.Encapsulation = shape.Udp ? EspEncapsulation.Udp : EspEncapsulation.None;
        sa.Cipher = (byte)shape.Cipher;
        sa.KeyLength = (byte)CipherKey.Expand(shape.Cipher, shape.Key, sa.Key);
        sa.IvLength = (byte)CipherFacts.IvLength(shape.Cipher);
        sa.IcvLength = (byte)CipherFacts.IcvLength(shape.Cipher);
        sa.Alignment = (byte)CipherFacts.BlockSize(shape.Cipher);
        sa.Worker = shape.Worker;
        sa.ReplayWindow = 64;
        (sa.SelectorStart, sa.SelectorCount) = (selectorStart, selectorCount);
        sa.Destination = record.Local;
        sa.Source = record.Remote;
        sa.Generation++;
        Volatile.Write(ref sa.State, SlotState.Live);
        if (isFound) Assert.True(lookup.TryAdd(spi, record.Local, record.Remote, slot));
        Prepare();
        return slot;
    }

    /// <summary>Rounds of all workers until none has anything to do.</summary>
    public void Run()
    {
        for (var quiet = 0; quiet < 3;)
        {
            var busy = false;
            foreach (var worker in engine.Workers) busy |= worker.RunOnce();
            quiet = busy ? 0 : quiet + 1;
        }
    }

    /// <summary>Rounds until the clock has moved on, for what housekeeping does.</summary>
    public void Wait(int milliseconds)
    {
        // On a busy machine the time may be over after one sleep: what the worker does in several rounds needs them all the same.
        const int Rounds = 10;
        var end = Environment.TickCount64 + milliseconds;
        for (var round = 0; round < Rounds || Environment.TickCount64 < end; round++)
        {
            Run();
            Thread.Sleep(1);
        }
    }

    public ulong Drops(DropReason reason) => Sum(b => b.Drops[(int)reason]);

    public ulong Sum(Func<WorkerBlock, ulong> of)
    {
        var sum = 0UL;
        for (var worker = 0; worker < WorkerBlock.Maximum; worker++) sum += of(Region.Worker(worker));
        return sum;
    }

    public List<EventRecord> Events()
    {
        var list = new List<EventRecord>();
        for (var worker = 0; worker < Workers; worker++)
        {
            var ring = Region.Events(worker);
            while (ring.TryTake(out var record)) list.Add(record);
        }

        return list;
    }

    public void AssertIdentity()
    {
        var missing = 0L;
        for (var worker = 0; worker < WorkerBlock.Maximum; worker++) missing += Identity.Missing(Region.Worker(worker));
        Assert.Equal(0, missing);
    }

    /// <summary>The process dies as by kill -9: nothing of its memory is given back, and a new one opens the region.</summary>
    public void KillAndRestart()
    {
        crashed = true;
        engine.Dispose();
        engine = StartEngine();
    }

    public void Dispose()
    {
        try
        {
            foreach (var worker in engine.Workers) worker.Stop();
            foreach (var pool in engine.Frames.Pools) pool.Collect();
            AssertIdentity();
            Assert.Equal(0UL, Sum(b => b.Held));
            if (crashed) return;
            Assert.Equal(FrameCount * Workers, engine.Frames.Pools.Sum(pool => pool.Free));
            Assert.Equal(32 * Workers, engine.Frames.Pools.Sum(pool => pool.FreeJumbo));
            Assert.All(Queues, queue => Assert.True(queue.IsClosed));
        }
        finally
        {
            engine.Dispose();
            Region.Dispose();
            Directory.Delete(directory, recursive: true);
        }
    }

    private Engine StartEngine()
    {
        Inheritance.Take(Region);
        Inheritance.TakeSenders(Region, Workers, Tier);
        var started = new Engine(Region, Workers, FrameCount, 32, DoorIsInterface ? -1 : Door, Tier, watchLeases: true, tunnelPorts: DoorIsInterface ? 1u << Door : 0);
        Queues = [.. Enumerable.Range(0, Workers * 3).Select(i => new WireQueue(started.Frames.Pools[i / 3], (byte)(i % 3)))];
        for (var i = 0; i < Queues.Length; i++) started.Workers[i / 3].Ports.Offer(Queues[i]);
        foreach (var worker in started.Workers)
        {
            for (var port = 0; port < 3; port++) worker.Ports.SetSenders(port, Workers);
            worker.Enter();
        }

        engine = started;
        Prepare();
        return started;
    }

    private void Prepare() => new CipherKeeper(Region, engine.Objects, Tier).Prepare(0);
}

/// <summary>What two ends of an SA agree on.</summary>
internal sealed record SaShape
{
    public Cipher Cipher { get; init; } = Cipher.AesGcm;

    public byte[] Key { get; init; } = [.. Enumerable.Range(1, 20).Select(i => (byte)(i * 7))];

    public bool Esn { get; init; }

    public bool Udp { get; init; }

    public byte Worker { get; init; }
}
