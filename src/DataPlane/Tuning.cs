namespace Appliance.DataPlane;

/// <summary>Numbers that are choices of ours; those of the RFCs are in <see cref="SpecConstants"/>.</summary>
internal static class Tuning
{
    /// <summary>Packets that one tunnel may have held (and one neighbour).</summary>
    public const int HoldsPerKey = 8;

    /// <summary>Packets that one worker may have held.</summary>
    public const int HoldsPerWorker = 1024;

    /// <summary>Milliseconds for which packets are held where the region names none.</summary>
    public const int DefaultHoldMilliseconds = 3000;

    /// <summary>Milliseconds between two acquire events of one tunnel.</summary>
    public const int AcquireMilliseconds = 1000;

    /// <summary>Milliseconds between two looks of the housekeeping.</summary>
    public const int HousekeepingMilliseconds = 10;

    /// <summary>Milliseconds that an idle worker sleeps at most.</summary>
    public const int SleepMilliseconds = 50;

    /// <summary>Copies of multicast that a worker makes of one batch before it refuses more packets; the last one is copied to all who want it.</summary>
    public const int CopiesPerBatch = 4096;

    /// <summary>ICMP errors a second, and at once.</summary>
    public const int IcmpPerSecond = 1000, IcmpBurst = 64;

    /// <summary>ICMP errors about our own ESP that are looked at in a second, and at once: each costs a search through the tunnels.</summary>
    public const int PathMtuPerSecond = 200, PathMtuBurst = 32;

    /// <summary>Events a second that attackers could cause without end, and at once.</summary>
    public const int EventsPerSecond = 100, EventBurst = 20;

    /// <summary>Datagrams in reassembly at once, and their fragments in all, for each worker.</summary>
    public const int ReassemblyContexts = 128, ReassemblyFragments = 512;

    /// <summary>Fragments of one datagram: 64 KiB in pieces of 1400 octets.</summary>
    public const int FragmentsPerDatagram = 48;

    /// <summary>Smallest path MTU believed where the region names none (RFC 1191 §3: 68 is the IPv4 minimum; nobody honest has it).</summary>
    public const int DefaultPathMtuFloor = 576;

    /// <summary>Tunnels that one look for keepalives visits.</summary>
    public const int KeepaliveScan = 4096;

    /// <summary>Octets of a hand-off ring between two workers, in packets.</summary>
    public const int HandOffRing = 1024;

    /// <summary>Octets free behind a packet that ESP may need: padding, trailer and ICV.</summary>
    public const int TailRoom = 64;
}

/// <summary>Numbers of the RFCs.</summary>
internal static class SpecConstants
{
    /// <summary>UDP port of encapsulated ESP (RFC 3948 §2).</summary>
    public const ushort NatTraversalPort = 4500;

    /// <summary>Tunnels inside tunnels that one packet goes through on this node.</summary>
    public const int MaximumDepth = 4;

    /// <summary>Milliseconds for which IPv4 fragments wait (RFC 1122 §3.3.2 asks for 60 to 120 s of the Internet's hosts; a gateway keeps less).</summary>
    public const int ReassemblyV4Milliseconds = 15_000;

    /// <summary>Milliseconds for which IPv6 fragments wait (RFC 8200 §4.5).</summary>
    public const int ReassemblyV6Milliseconds = 60_000;

    /// <summary>Minimum MTU of IPv6 (RFC 8200 §5).</summary>
    public const int MinimumMtuV6 = 1280;
}
