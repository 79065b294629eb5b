using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Asks the kernel and changes what it holds. One thread.</summary>
internal sealed class NetlinkClient : IKernel
{
    private const int AlreadyThere = 17, NoSuchProcess = 3, NotThere = 2, NoSuchAddress = 99;
    private readonly NetlinkDialogue kernel = new();

    /// <inheritdoc/>
    public KernelMirror Dump()
    {
        var mirror = new KernelMirror();
        foreach (var type in (ReadOnlySpan<ushort>)[MessageType.GetLink, MessageType.GetAddress, MessageType.GetNeighbour, MessageType.GetRoute])
        {
            const int attempts = 5;
            for (var i = 0; i < attempts && !kernel.TryDump(NetlinkWriter.Dump(kernel.Request, type, kernel.Next()).Finish(), Take); i++)
            {
            }
        }

        return mirror;

        void Take(in NetlinkMessage message)
        {
            if (KernelChange.TryParse(message, out var change)) mirror.Apply(change);
        }
    }

    /// <inheritdoc/>
    public string? LinkUp(uint link, int mtu) => kernel.Change(NetlinkWriter.LinkUp(kernel.Request, link, mtu, kernel.Next()).Finish());

    /// <inheritdoc/>
    public string? Carrier(uint link, bool isThere) => kernel.Change(NetlinkWriter.Carrier(kernel.Request, link, isThere, kernel.Next()).Finish());

    /// <inheritdoc/>
    public string? Address(bool add, uint link, InterfaceAddress address) => kernel.Change(NetlinkWriter.Address(kernel.Request, add, link, address, kernel.Next()).Finish(), add ? AlreadyThere : NoSuchAddress);

    /// <inheritdoc/>
    public string? Route(bool add, in KernelRoute route) => kernel.Change(NetlinkWriter.Route(kernel.Request, add, route, kernel.Next()).Finish(), add ? 0 : NoSuchProcess);

    /// <inheritdoc/>
    public string? IkeRule(bool v4) => kernel.Change(NetlinkWriter.IkeRule(kernel.Request, v4, kernel.Next()).Finish(), AlreadyThere);

    /// <inheritdoc/>
    public string? UseNeighbour(uint link, IpAddress neighbour) => kernel.Change(NetlinkWriter.UseNeighbour(kernel.Request, link, neighbour, kernel.Next()).Finish(), NotThere);

    /// <inheritdoc/>
    public void Dispose() => kernel.Dispose();
}
