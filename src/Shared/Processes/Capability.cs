namespace Appliance.Shared;

/// <summary>The kernel's privileges that processes of the product keep (capabilities(7)); the numbers are the kernel's.</summary>
public enum Capability
{
    /// <summary>Links, addresses, routes, TUN, attaching XDP.</summary>
    NetAdmin = 12,

    /// <summary>Raw and AF_XDP sockets.</summary>
    NetRaw = 13,

    /// <summary>Locking memory beyond RLIMIT_MEMLOCK.</summary>
    IpcLock = 14,

    /// <summary>Signals to processes of other users.</summary>
    Kill = 5,

    /// <summary>Ports below 1024.</summary>
    NetBindService = 10,

    /// <summary>Everything else; also BPF on kernels that are not asked for less.</summary>
    SysAdmin = 21,

    /// <summary>Processor affinity and priority of others.</summary>
    SysNice = 23,

    /// <summary>Limits beyond the hard limit.</summary>
    SysResource = 24,

    /// <summary>Loading BPF programs.</summary>
    Bpf = 39,
}
